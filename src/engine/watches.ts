import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import { Informer } from '../machinery/informer.ts'
import type { Logger } from '../machinery/log.ts'
import type { KubeObject, ObjectKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'

/** Whom a set of watches follows, and who is told. */
export interface WatchesOptions {
  readonly client: ObjectClient
  readonly labelSelector?: string
  readonly transform: (object: KubeObject) => KubeObject
  readonly clock: Clock
  readonly log: Logger
  readonly onChange: (
    resource: ResourceInfo,
    key: ObjectKey,
    current: KubeObject | undefined,
    previous: KubeObject | undefined,
  ) => void
  /** The whole collection has been seen, for the first time or again after a restart. */
  readonly onSynced: (resource: ResourceInfo) => void
}

interface Watch {
  readonly resource: ResourceInfo
  readonly informer: Informer
  readonly stop: AbortController
}

/** A member is asked again soon: whoever waits for it is told at once by the fleet when it is back, this is for the rest. */
const backoff = { firstMs: 200, maxMs: 15_000 }

/** The collections that are followed on one cluster: one informer per kind in use. */
export class Watches {
  readonly #options: WatchesOptions
  readonly #watches = new Map<string, Watch>()
  #client: ObjectClient

  constructor(options: WatchesOptions) {
    this.#options = options
    this.#client = options.client
  }

  /** The informer of a kind, started when it is new. */
  ensure(resource: ResourceInfo): Informer {
    const key = keyOfResource(resource)
    const known = this.#watches.get(key)
    if (known) return known.informer
    const { labelSelector, transform, clock, log } = this.#options
    const informer = new Informer({
      client: this.#client,
      resource,
      transform,
      clock,
      log,
      backoff,
      ...(labelSelector === undefined ? {} : { labelSelector }),
    })
    const stop = new AbortController()
    this.#watches.set(key, { resource, informer, stop })
    informer.onChange((...change) => {
      if (!stop.signal.aborted) this.#options.onChange(resource, ...change)
    })
    void informer.run(stop.signal)
    void informer.whenSynced(stop.signal).then(
      () => this.#options.onSynced(resource),
      // Stopped before it was synced: nobody waits any more.
      () => undefined,
    )
    return informer
  }

  find(resource: ResourceInfo): Informer | undefined {
    return this.#watches.get(keyOfResource(resource))?.informer
  }

  /** Stops following a kind. */
  drop(resource: ResourceInfo): void {
    const key = keyOfResource(resource)
    this.#watches.get(key)?.stop.abort()
    this.#watches.delete(key)
  }

  /** Starts over with another client, or, for those that fail, without waiting out their backoff. */
  restart(client: ObjectClient): void {
    const changed = client !== this.#client
    this.#client = client
    for (const { resource, informer } of [...this.#watches.values()]) {
      if (!changed && informer.failure === undefined) continue
      this.drop(resource)
      this.ensure(resource)
    }
  }

  close(): void {
    for (const { resource } of [...this.#watches.values()]) this.drop(resource)
  }
}

/** One string per group, version and resource. */
export function keyOfResource({ group, version, resource }: ResourceInfo): string {
  return `${group}|${version}|${resource}`
}
