import type { KubeObject } from '../../../src/machinery/object.ts'
import { apiVersionOf, type GroupVersionKind } from '../../../src/machinery/resource.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import type { FieldValidation } from '../../registry/context.ts'
import { decodeBody } from '../body.ts'
import { type ApiRequest, bodyLimitBytes } from '../handler.ts'

/** The request body as an object of a built-in kind that is not the resource's own: Scale, Eviction, TokenRequest, a review. */
export async function readAs(
  request: ApiRequest,
  kind: GroupVersionKind,
  fieldValidation: FieldValidation,
  alsoAccepts: readonly GroupVersionKind[] = [],
): Promise<KubeObject> {
  const schema = schemaOfKind(kind.group, kind.version, kind.kind)
  if (!schema) throw new Error(`no schema of ${apiVersionOf(kind)} ${kind.kind}`)
  const bytes = await request.exchange.readBody(bodyLimitBytes)
  const options = { expected: kind, alsoAccepts, schema, custom: false, fieldValidation }
  const { metadata = {}, ...fields } = decodeBody(request, bytes, options)
  return { ...fields, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: metadata as KubeObject['metadata'] }
}
