import type { Clock } from '../machinery/clock.ts'
import type { Cluster, Fleet } from '../machinery/fleet.ts'
import { type Logger, withFields } from '../machinery/log.ts'
import type { KubeObject, ObjectKey } from '../machinery/object.ts'
import { qualified, type ResourceInfo } from '../machinery/resource.ts'
import { type Again, WorkQueue } from '../machinery/workqueue.ts'
import { healthNeedsStatus } from './health.ts'
import { nameLabel } from './identity.ts'
import { OwnWrites } from './own-writes.ts'
import { Watches } from './watches.ts'

/** Requests that one cluster gets from the engine at the same time. */
const concurrency = 32
const backoff = { firstMs: 200, maxMs: 30_000 }

/** What a cluster's copies turned out to be. */
export interface Observation {
  /** The newest known state of the object, if it exists and carries our label. */
  readonly live: KubeObject | undefined
  /** Whether the absence of `live` means anything: the collection has been seen. */
  readonly known: boolean
}

/** How a worker handles one row. */
export type Attend = (key: string, member: Member, signal: AbortSignal) => Promise<Again | undefined>

/** Who is asked and told by members. */
export interface MemberOptions {
  readonly fleet: Fleet
  readonly clock: Clock
  readonly log: Logger
  readonly attend: Attend
  /** Which rows an object in a cluster concerns. */
  readonly rowsAbout: (cluster: string, resource: ResourceInfo, key: ObjectKey) => readonly string[]
  /** Which rows a kind in a cluster has. */
  readonly rowsOfKind: (cluster: string, resource: ResourceInfo) => readonly string[]
}

/** The engine's side of one cluster: a queue of rows that nobody else waits for, and what is seen of the copies there. */
export class Member {
  readonly name: string
  readonly #options: MemberOptions
  readonly #queue: WorkQueue
  readonly #stop = new AbortController()
  readonly #own = new Map<string, OwnWrites>()
  readonly #accepted = new Map<string, { readonly hash: string; readonly answer: unknown }>()
  #verified = new WeakMap<KubeObject, string>()
  #watches: Watches | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(name: string, options: MemberOptions) {
    this.name = name
    this.#options = options
    this.#queue = new WorkQueue({
      concurrency,
      clock: options.clock,
      backoff,
      onFailure: (key, error, failures) =>
        options.log.debug({ cluster: name, shipment: key, failures, err: error }, 'a shipment did not get through'),
    })
  }

  get cluster(): Cluster | undefined {
    return this.#options.fleet.get(this.name)
  }

  start(): void {
    this.#running = this.#queue.run((key, signal) => this.#options.attend(key, this, signal), this.#stop.signal)
  }

  add(key: string): void {
    this.#queue.add(key)
  }

  /** Follows the copies of a kind, if the cluster is registered. */
  watch(resource: ResourceInfo): void {
    const { cluster } = this
    if (!cluster || this.#watches?.find(resource)) return
    this.#watches ??= this.#watchesOf(cluster)
    this.#watches.ensure(resource)
  }

  unwatch(resource: ResourceInfo): void {
    this.#watches?.drop(resource)
    this.#own.delete(qualified(resource))
  }

  observe(resource: ResourceInfo, key: ObjectKey): Observation {
    const informer = this.#watches?.find(resource)
    const live = this.#ownOf(resource).newest(key, informer?.get(key))
    return { live, known: informer?.synced === true }
  }

  /** Remembers what the cluster answered to an apply, and what it made of the wish when that is not what was asked for. */
  wrote(resource: ResourceInfo, object: KubeObject, row: string, hash: string, answer: unknown): void {
    const kept = forCache(object)
    this.#ownOf(resource).wrote(kept)
    this.#verified.set(kept, hash)
    if (answer === undefined) this.#accepted.delete(row)
    else this.#accepted.set(row, { hash, answer })
  }

  /** The next look at an object goes to the cluster, not to memory. */
  distrust(resource: ResourceInfo, key: ObjectKey): void {
    this.#ownOf(resource).forget(key)
  }

  /** Whether this very state has been found right for this hash before. */
  isVerified(live: KubeObject, hash: string): boolean {
    return this.#verified.get(live) === hash
  }

  verified(live: KubeObject, hash: string): void {
    this.#verified.set(live, hash)
  }

  /** What the cluster made of this wish, where that differs from it. */
  acceptedFor(row: string, hash: string): unknown {
    const accepted = this.#accepted.get(row)
    return accepted?.hash === hash ? accepted.answer : undefined
  }

  /** Forgets a row that was closed. */
  forget(row: string): void {
    this.#accepted.delete(row)
  }

  /** The fleet says that something is different: follow with the client of now, without waiting out a backoff. */
  changed(): void {
    const { cluster } = this
    if (!cluster) {
      this.#watches?.close()
      this.#watches = undefined
    } else if (cluster.reachable) {
      this.#watches?.restart(cluster.client)
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#watches?.close()
    await this.#running
  }

  #ownOf(resource: ResourceInfo): OwnWrites {
    const kind = qualified(resource)
    const known = this.#own.get(kind)
    if (known) return known
    const own = new OwnWrites(this.#options.clock)
    this.#own.set(kind, own)
    return own
  }

  #watchesOf(cluster: Cluster): Watches {
    const { clock, log, rowsAbout, rowsOfKind } = this.#options
    return new Watches({
      client: cluster.client,
      labelSelector: nameLabel,
      transform: forCache,
      clock,
      log: withFields(log, { cluster: this.name }),
      onChange: (resource, key, current) => {
        const own = this.#ownOf(resource)
        const expected = own.newest(key, undefined)
        own.seen(key, current)
        // The echo of our own write: what it says was known when the write was answered.
        if (current && expected && expected.metadata.resourceVersion === current.metadata.resourceVersion) {
          const hash = this.#verified.get(expected)
          if (hash !== undefined) this.#verified.set(current, hash)
          return
        }
        for (const row of rowsAbout(this.name, resource, key)) this.add(row)
      },
      onSynced: (resource) => {
        for (const row of rowsOfKind(this.name, resource)) this.add(row)
      },
    })
  }
}

/** Every cluster that has, or had, a shipment. */
export class Members {
  readonly #options: MemberOptions
  readonly #members = new Map<string, Member>()
  #closed = false

  constructor(options: MemberOptions) {
    this.#options = options
  }

  /** The member of this name, started when it is new. */
  of(cluster: string): Member {
    const known = this.#members.get(cluster)
    if (known) return known
    const member = new Member(cluster, this.#options)
    this.#members.set(cluster, member)
    if (!this.#closed) member.start()
    return member
  }

  find(cluster: string): Member | undefined {
    return this.#members.get(cluster)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#members.values()].map((member) => member.close()))
  }
}

/** Only what a comparison or a health rule reads is worth the memory. */
function forCache(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  if (healthNeedsStatus(object)) return { ...object, metadata }
  const { status: _status, ...rest } = object
  return { ...(rest as KubeObject), metadata }
}
