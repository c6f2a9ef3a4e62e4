import type { KubeObject } from '../../../src/machinery/object.ts'
import { apiVersionOf, type GroupVersionKind } from '../../../src/machinery/resource.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { decodeObject } from '../../wire/decode.ts'
import { type ApiRequest, bodyLimitBytes, header } from '../handler.ts'

/** The request body as an object of a built-in kind that is not the resource's own: Scale, Eviction, TokenRequest, a review. */
export async function readAs(
  request: ApiRequest,
  kind: GroupVersionKind,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
  alsoAccepts: readonly GroupVersionKind[] = [],
): Promise<KubeObject> {
  const schema = schemaOfKind(kind.group, kind.version, kind.kind)
  if (!schema) throw new Error(`no schema of ${apiVersionOf(kind)} ${kind.kind}`)
  const decoded = decodeObject(await request.exchange.readBody(bodyLimitBytes), {
    contentType: header(request, 'content-type'),
    expected: kind,
    alsoAccepts,
    schema,
    custom: false,
    fieldValidation,
  })
  request.warnings.push(...decoded.warnings)
  const { metadata = {}, ...fields } = decoded.object
  return { ...fields, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: metadata as KubeObject['metadata'] }
}
