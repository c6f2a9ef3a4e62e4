import type { Revision } from '../src/machinery/revision.ts'
import type { EventLog, LogSource } from './event-log.ts'
import { LogFollower } from './follower.ts'
import { FollowerIndex } from './follower-index.ts'
import type { Follower, KeyRange, StoreEvent, StoreUnavailable } from './store.ts'
import { Compacted } from './store.ts'

/**
 * The recent events, in order and without a gap, and those who follow them. A follower is a cursor: while it keeps up it is told which
 * revisions concern it; when it does not, nothing is kept for it, and it finds its place again here or in the source.
 */
export class WatchLog implements EventLog {
  readonly #source: LogSource
  readonly #limits: {
    readonly recentEvents: number
    readonly recentBytes: number
    readonly pendingEvents: number
  }
  readonly #followers = new FollowerIndex()
  // A ring: the event of revision r is at r modulo its length.
  readonly #ring: (StoreEvent | undefined)[]
  #first: Revision
  #newest: Revision
  #bytes = 0
  #ended: StoreUnavailable | undefined

  /** `newest` is the revision of the store as it was opened; memory has no event yet. */
  constructor(
    limits: { readonly recentEvents: number; readonly recentBytes: number; readonly pendingEvents: number },
    source: LogSource,
    newest: Revision,
  ) {
    this.#limits = limits
    this.#source = source
    this.#ring = new Array<StoreEvent | undefined>(Math.max(1, limits.recentEvents))
    this.#first = (newest + 1) as Revision
    this.#newest = newest
  }

  /** The revision of the last event that was published. */
  get newest(): Revision {
    return this.#newest
  }

  /** The revision of the first event in memory; one more than `newest` when there is none. */
  get first(): Revision {
    return this.#first
  }

  get source(): LogSource {
    return this.#source
  }

  get followers(): number {
    return this.#followers.size
  }

  /** Bytes of memory that the recent events take. */
  get bytes(): number {
    return this.#bytes
  }

  /** Why nothing comes any more; undefined while the store is open. */
  get ended(): StoreUnavailable | undefined {
    return this.#ended
  }

  /** The event of a revision, when it is in memory. */
  recent(revision: Revision): StoreEvent | undefined {
    if (revision < this.#first || revision > this.#newest) return undefined
    return this.#ring[revision % this.#ring.length]
  }

  /** Publishes committed events. Their revisions go on from `newest` without a gap. */
  append(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.revision !== this.#newest + 1)
        throw new Error(`event ${event.revision} was published behind ${this.#newest}`)
      if (event.revision - this.#first >= this.#ring.length) this.#dropFirst()
      this.#ring[event.revision % this.#ring.length] = event
      this.#newest = event.revision
      this.#bytes += weight(event)
      this.#followers.offer(event)
    }
    while (this.#bytes > this.#limits.recentBytes && this.#first <= this.#newest) this.#dropFirst()
  }

  /** Follows a range from strictly after a revision. Throws Compacted when that is too old, StoreUnavailable when the store is closed. */
  follow(range: KeyRange, after: Revision): Follower {
    if (this.#ended !== undefined) throw this.#ended
    if (after < this.#source.oldest) throw new Compacted(after, this.#source.oldest)
    const follower = new LogFollower(this, range, after, this.#limits.pendingEvents, () =>
      this.#followers.remove(follower),
    )
    this.#followers.add(follower)
    return follower
  }

  /** Ends every follower: their `next` throws this. */
  end(reason: StoreUnavailable): void {
    this.#ended = reason
    for (const follower of this.#followers.all()) if (follower instanceof LogFollower) follower.wake()
  }

  #dropFirst(): void {
    const place = this.#first % this.#ring.length
    const event = this.#ring[place]
    if (event !== undefined) this.#bytes -= weight(event)
    this.#ring[place] = undefined
    this.#first = (this.#first + 1) as Revision
  }
}

/** What an event keeps in memory; what its readers put into `memo` is about as large as its value, and counted by them. */
function weight(event: StoreEvent): number {
  return event.bytes.length + (event.previous?.bytes.length ?? 0) + 400
}
