import { StatusError } from '../../src/machinery/status-error.ts'
import { create } from './create.ts'
import { getObject } from './get.ts'
import type { ApiRequest, Handler } from './handler.ts'
import { listObjects } from './list.ts'
import { patch } from './patch.ts'
import { remove, removeCollection } from './remove.ts'
import { reviewHandlers } from './reviews/index.ts'
import { subresourceHandlers } from './subresources/index.ts'
import { update } from './update.ts'
import { watchObjects } from './watch.ts'

const handlers: Readonly<Record<string, Handler>> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
}

/** Verbs that a subresource with its parent's shape has; reading one is reading the parent. */
const sharedShape = new Set(['get', 'update', 'patch'])

/** The handler of a request. Throws NotFound for an unknown subresource and MethodNotAllowed for a verb that the kind lacks there. */
export function handlerFor({ info, resource }: ApiRequest): Handler {
  const { definition } = resource
  if (info.subresource !== '') return subresourceHandler(info.subresource, info.verb, definition.subresources)
  const review = reviewHandlers[`${definition.group}/${definition.resource}`]
  const handler = info.verb === 'create' && review ? review : handlers[info.verb]
  if (handler === undefined || !definition.verbs.includes(info.verb)) throw StatusError.methodNotAllowed()
  const acrossNamespaces = definition.namespaced && info.namespace === ''
  const addressesItem = info.verb === 'get' || info.verb === 'update' || info.verb === 'patch' || info.verb === 'delete'
  // All namespaces at once can be read, not written; an item is addressed by name, a collection without.
  if (acrossNamespaces && info.verb !== 'list' && info.verb !== 'watch') throw StatusError.methodNotAllowed()
  if (addressesItem ? info.name === '' : info.verb === 'create' && info.name !== '')
    throw StatusError.methodNotAllowed()
  return handler
}

function subresourceHandler(
  name: string,
  verb: string,
  subresources: readonly { readonly name: string; readonly verbs: readonly string[] }[],
): Handler {
  const subresource = subresources.find((candidate) => candidate.name === name)
  if (!subresource) throw StatusError.noSuchResource()
  if (!subresource.verbs.includes(verb)) throw StatusError.methodNotAllowed()
  const own = subresourceHandlers[name]?.[verb]
  if (own) return own
  const shared = sharedShape.has(verb) ? handlers[verb] : undefined
  if (!shared) throw StatusError.methodNotAllowed()
  return shared
}
