import { updateObject } from '../registry/operations.ts'
import { answerObject, representationOf } from './answer.ts'
import { readObject } from './body.ts'
import { type Handler, keyIn, writeContext } from './handler.ts'
import { parseWriteOptions } from './options.ts'

/** PUT of an object or of a subresource with its shape. Kinds that allow it are created when they are absent. */
export const update: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const options = parseWriteOptions(info.query, 'UpdateOptions')
  const body = await readObject(request, options.fieldValidation)
  const key = keyIn(request)
  const updated = await updateObject(resource, key, info.subresource, body, writeContext(request, options))
  return answerObject(request, representation, updated.created ? 201 : 200, updated.bytes, updated.object)
}
