import { createObject } from '../registry/operations.ts'
import { answerObject, representationOf } from './answer.ts'
import { readObject } from './body.ts'
import { type Handler, writeContext } from './handler.ts'
import { parseWriteOptions } from './options.ts'

/** POST to a collection. */
export const create: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const options = parseWriteOptions(request.info.query, 'CreateOptions')
  const body = await readObject(request, options.fieldValidation)
  const written = await createObject(request.resource, request.info.namespace, body, writeContext(request, options))
  return answerObject(request, representation, 201, written.bytes, written.object)
}
