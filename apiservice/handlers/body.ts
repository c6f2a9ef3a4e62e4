import type { GroupVersionKind } from '../../src/machinery/resource.ts'
import { schemaOfType } from '../../src/machinery/schema/facts.ts'
import type { DeleteOptions, FieldValidation } from '../registry/context.ts'
import { kindOf } from '../registry/operations.ts'
import { type DecodeOptions, decodeObject } from '../wire/decode.ts'
import { type ApiRequest, bodyLimitBytes, header } from './handler.ts'
import { parseDeleteOptions } from './options.ts'

/** The object in a create or update body, decoded, pruned and checked against the kind; its warnings join the request's. */
export async function readObject(
  request: ApiRequest,
  fieldValidation: FieldValidation,
): Promise<Record<string, unknown>> {
  const { definition } = request.resource
  const { schema, custom } = definition
  const bytes = await request.exchange.readBody(bodyLimitBytes)
  return decodeBody(request, bytes, { expected: kindOf(definition), schema, custom, fieldValidation })
}

/** A body as an object of a kind; its warnings join the request's. */
export function decodeBody(
  request: ApiRequest,
  bytes: Buffer,
  options: Omit<DecodeOptions, 'contentType'>,
): Record<string, unknown> {
  const { object, warnings } = decodeObject(bytes, { ...options, contentType: header(request, 'content-type') })
  request.warnings.push(...warnings)
  return object
}

/** The options of a delete, from the body where there is one, else from the query. */
export async function readDeleteOptions(
  request: ApiRequest,
): Promise<{ readonly options: DeleteOptions; readonly dryRun: boolean }> {
  const bytes = await request.exchange.readBody(bodyLimitBytes)
  const { query } = request.info
  if (bytes.length === 0) return parseDeleteOptions(undefined, query)
  const { group, version } = request.resource.definition
  const expected: GroupVersionKind = { group: '', version: 'v1', kind: 'DeleteOptions' }
  const object = decodeBody(request, bytes, {
    expected,
    alsoAccepts: [
      { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' },
      { group, version, kind: 'DeleteOptions' },
    ],
    schema: schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'),
    custom: false,
    fieldValidation: 'Ignore',
  })
  return parseDeleteOptions(object, query)
}
