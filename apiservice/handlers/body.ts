import type { GroupVersionKind } from '../../src/machinery/resource.ts'
import { schemaOfType } from '../../src/machinery/schema/facts.ts'
import type { DeleteOptions } from '../registry/context.ts'
import { kindOf } from '../registry/operations.ts'
import { decodeObject } from '../wire/decode.ts'
import { type ApiRequest, bodyLimitBytes, header } from './handler.ts'
import { parseDeleteOptions } from './options.ts'

/** The object in a create or update body, decoded, pruned and checked against the kind; its warnings join the request's. */
export async function readObject(
  request: ApiRequest,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
): Promise<Record<string, unknown>> {
  const { definition } = request.resource
  const decoded = decodeObject(await request.exchange.readBody(bodyLimitBytes), {
    contentType: header(request, 'content-type'),
    expected: kindOf(definition),
    schema: definition.schema,
    custom: definition.custom,
    fieldValidation,
  })
  request.warnings.push(...decoded.warnings)
  return decoded.object
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
  const { object } = decodeObject(bytes, {
    contentType: header(request, 'content-type'),
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
