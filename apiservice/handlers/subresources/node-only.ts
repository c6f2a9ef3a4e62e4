import { fieldAt } from '../../../src/machinery/object.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { type Handler, keyIn } from '../handler.ts'

/**
 * `log`, `exec`, `attach`, `portforward`, `proxy`: what only a kubelet can answer. The hub runs nothing, so this answers as a cluster whose
 * pod was never scheduled, or whose node is gone, does.
 */
export const noSuchNode: Handler = async (request) => {
  const { info, resource } = request
  const stored = await resource.get(keyIn(request))
  const node = fieldAt(resource.parse(stored.bytes), 'spec', 'nodeName')
  if (typeof node === 'string' && node !== '') {
    throw StatusError.notFound({ group: '', resource: 'nodes' }, node)
  }
  if (info.subresource === 'proxy') throw StatusError.unavailable('no endpoints available: this hub runs no workloads')
  throw StatusError.badRequest(`pod ${info.name} does not have a host assigned`)
}
