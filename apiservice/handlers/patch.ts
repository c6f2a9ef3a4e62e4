import { isObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { applyObject, type PatchType, patchObject } from '../registry/operations.ts'
import { decodeDocument } from '../wire/decode.ts'
import { answerObject, representationOf } from './answer.ts'
import { type ApiRequest, bodyLimitBytes, type Handler, header, keyIn, writeContext } from './handler.ts'
import { parseWriteOptions } from './options.ts'

const patchTypes: ReadonlyMap<string, PatchType> = new Map<string, PatchType>([
  ['application/json-patch+json', 'json-patch'],
  ['application/merge-patch+json', 'merge-patch'],
  ['application/strategic-merge-patch+json', 'strategic-merge-patch'],
  ['application/apply-patch+yaml', 'apply-patch'],
])

/** PATCH by any of the four types, of an object or of a subresource with its shape. */
export const patch: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const type = patchTypeOf(request)
  const options = parseWriteOptions(info.query, 'PatchOptions', type === 'apply-patch')
  const bytes = await request.exchange.readBody(bodyLimitBytes)
  const key = keyIn(request)
  const context = writeContext(request, options)
  if (type !== 'apply-patch') {
    const document = decodeDocument(bytes, 'application/json')
    const updated = await patchObject(resource, key, info.subresource, type, document, options.fieldValidation, context)
    return answerObject(request, representation, 200, updated.bytes, updated.object)
  }
  const document = decodeDocument(bytes, 'application/yaml')
  if (!isObject(document)) throw StatusError.badRequest('error decoding YAML: the document is no object')
  const updated = await applyObject(resource, key, info.subresource, document, options.force ?? false, context)
  return answerObject(request, representation, updated.created ? 201 : 200, updated.bytes, updated.object)
}

/** The patch type that the Content-Type names. Throws UnsupportedMediaType in the two forms that kube-apiserver has. */
export function patchTypeOf(request: ApiRequest): PatchType {
  const media = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const type = patchTypes.get(media)
  if (type === undefined) throw StatusError.unsupportedMediaType('415: Unsupported Media Type', {})
  if (type === 'strategic-merge-patch' && request.resource.definition.custom) {
    const accepted = [...patchTypes.keys()].filter((name) => patchTypes.get(name) !== 'strategic-merge-patch')
    throw StatusError.unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    )
  }
  return type
}
