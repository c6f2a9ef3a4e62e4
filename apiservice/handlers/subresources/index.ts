import type { Handler } from '../handler.ts'
import { bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import { noSuchNode } from './node-only.ts'
import { getScale, patchScale, updateScale } from './scale.ts'
import { requestToken } from './token.ts'

/** Subresources that have a shape of their own, by name and verb. Those with their parent's shape need no line here. */
export const subresourceHandlers: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  scale: { get: getScale, update: updateScale, patch: patchScale },
  token: { create: requestToken },
  eviction: { create: evictPod },
  binding: { create: bindPod },
  log: { get: noSuchNode },
  exec: { get: noSuchNode, create: noSuchNode },
  attach: { get: noSuchNode, create: noSuchNode },
  portforward: { get: noSuchNode, create: noSuchNode },
  proxy: {
    get: noSuchNode,
    create: noSuchNode,
    update: noSuchNode,
    patch: noSuchNode,
    delete: noSuchNode,
  },
}
