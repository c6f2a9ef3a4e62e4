import { StatusError } from '../../src/machinery/status-error.ts'
import { badResourceVersionDetail, readResourceVersion, untilRevision } from '../registry/read-revision.ts'
import { answerObject, representationOf } from './answer.ts'
import { type Handler, keyIn } from './handler.ts'

/** GET of one object, newest state. A resourceVersion asks for a state at least as new as it. */
export const getObject: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource, registry } = request
  const text = info.query.get('resourceVersion') ?? ''
  const wanted = readResourceVersion(text)
  if (wanted === undefined) throw new StatusError(500, '', badResourceVersionDetail(text))
  if (wanted > registry.store.revision) await untilRevision(registry.store, wanted, request.exchange.signal)
  const stored = await resource.get(keyIn(request))
  return answerObject(request, representation, 200, resource.present(stored.bytes))
}
