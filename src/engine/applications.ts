import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import type { Informer } from '../machinery/informer.ts'
import { equalJson, type KubeObject, type ObjectKey } from '../machinery/object.ts'
import { hasReason } from '../machinery/status-error.ts'
import { applicationFinalizer, applicationResource } from './application.ts'
import { OwnWrites } from './own-writes.ts'

const fieldManager = 'entrepot'

/** The Applications of the hub, read through the engine's own last writes. */
export class Applications {
  readonly #hub: ObjectClient
  readonly #informer: Informer
  readonly #own: OwnWrites

  constructor(hub: ObjectClient, informer: Informer, clock: Clock) {
    this.#hub = hub
    this.#informer = informer
    this.#own = new OwnWrites(clock)
    informer.onChange((key, current) => this.#own.seen(key, current))
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#own.newest(key, this.#informer.get(key))
  }

  /** Makes sure that the application cannot vanish before its copies were taken care of. The API layer does so on creation already. */
  async addFinalizer(object: KubeObject, signal: AbortSignal): Promise<void> {
    const finalizers = object.metadata.finalizers ?? []
    if (finalizers.includes(applicationFinalizer)) return
    await this.#patch(object, { metadata: { finalizers: [...finalizers, applicationFinalizer] } }, signal)
  }

  /** Lets a deleted application go. */
  async removeFinalizer(object: KubeObject, signal: AbortSignal): Promise<void> {
    const finalizers = object.metadata.finalizers ?? []
    if (!finalizers.includes(applicationFinalizer)) return
    const left = finalizers.filter((finalizer) => finalizer !== applicationFinalizer)
    await this.#patch(object, { metadata: { finalizers: left } }, signal)
  }

  /** Writes the status, if it is news. Fields that the engine does not know stay; lists are replaced as a whole. */
  async saveStatus(object: KubeObject, status: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    const before = object['status']
    const merged = { ...(typeof before === 'object' ? before : {}), ...status }
    if (equalJson(merged, before)) return
    const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' }
    try {
      const options = { fieldManager, subresource: 'status', signal }
      this.#own.wrote(await this.#hub.patch(applicationResource, key, { status }, options))
    } catch (error) {
      // Gone meanwhile: there is nobody left to tell.
      if (!hasReason(error, 'NotFound')) throw error
    }
  }

  async #patch(object: KubeObject, patch: { readonly metadata: object }, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', resourceVersion, uid } = object.metadata
    // A list in a merge patch replaces the list: it must be the one that was read.
    const guarded = { metadata: { ...patch.metadata, resourceVersion, uid } }
    try {
      const answer = await this.#hub.patch(applicationResource, { namespace, name }, guarded, { fieldManager, signal })
      if (answer.metadata.finalizers?.length || answer.metadata.deletionTimestamp === undefined) this.#own.wrote(answer)
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error
      this.#own.forget({ namespace, name })
    }
  }
}
