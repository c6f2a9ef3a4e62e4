import type { Revision } from '../src/machinery/revision.ts'
import type { EventLog } from './event-log.ts'
import type { Interested } from './follower-index.ts'
import { rangeHas } from './keys.ts'
import type { Follower, KeyRange, StoreEvent } from './store.ts'
import { Compacted } from './store.ts'

/** So many events of the log are looked at before the ones found are handed out. */
const scanLength = 4_096

/**
 * One reader of the log. It is either caught up, and the log offers it the revisions that concern it, or behind, and it reads the log
 * from its cursor. It never holds an event: a revision in its list whose event has left the memory is looked up on disk.
 */
export class LogFollower implements Follower, Interested {
  readonly range: KeyRange
  readonly #log: EventLog
  readonly #maxPending: number
  readonly #start: Revision
  readonly #unregister: () => void
  #caughtUp: boolean
  /** While caught up: what is to be returned next. */
  #pending: Revision[] = []
  /** While behind: everything up to here has been returned or was not of the range. */
  #cursor: Revision
  #wake: (() => void) | undefined
  #reading = false
  #closed = false

  constructor(log: EventLog, range: KeyRange, after: Revision, maxPending: number, unregister: () => void) {
    this.range = range
    this.#log = log
    this.#maxPending = maxPending
    this.#start = after
    this.#cursor = after
    this.#caughtUp = after >= log.newest
    this.#unregister = unregister
  }

  get position(): Revision {
    if (!this.#caughtUp) return this.#cursor
    const next = this.#pending[0] ?? this.#log.newest + 1
    return Math.max(next - 1, this.#start) as Revision
  }

  /** Called by the log, in order, with the events of the range. */
  offer(event: StoreEvent): void {
    // A follower may start in the future: it asked for what comes after.
    if (!this.#caughtUp || event.revision <= this.#start) return
    if (this.#pending.length >= this.#maxPending) this.#fallBehind()
    else this.#pending.push(event.revision)
    this.wake()
  }

  /** Makes a waiting `next` look again. */
  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  async next(): Promise<readonly StoreEvent[] | undefined> {
    if (this.#reading) throw new Error('a follower was asked for its next events while it was looking for them')
    this.#reading = true
    try {
      for (;;) {
        if (this.#closed) return undefined
        if (this.#log.ended !== undefined) throw this.#log.ended
        const events = this.#caughtUp ? this.#takePending() : await this.#catchUp()
        if (events.length > 0 && !this.#closed) return events
        if (this.#caughtUp && this.#pending.length === 0 && !this.#closed && this.#log.ended === undefined)
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      this.#reading = false
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unregister()
    this.#cursor = this.position
    this.#caughtUp = false
    this.#pending = []
    this.wake()
  }

  #fallBehind(): void {
    this.#cursor = this.position
    this.#caughtUp = false
    this.#pending = []
  }

  #takePending(): readonly StoreEvent[] {
    const events: StoreEvent[] = []
    for (const revision of this.#pending) {
      const event = this.#log.recent(revision)
      // Memory lets go of the oldest first, so only the first can be missing, and then nothing was taken yet.
      if (event === undefined) {
        this.#fallBehind()
        return []
      }
      events.push(event)
    }
    this.#pending = []
    return events
  }

  async #catchUp(): Promise<readonly StoreEvent[]> {
    if (this.#cursor + 1 >= this.#log.first) return this.#scanRecent()
    const { source } = this.#log
    if (this.#cursor < source.oldest) throw new Compacted(this.#cursor, source.oldest)
    const stretch = await source.read(this.range, this.#cursor)
    if (!this.#closed) this.#cursor = stretch.position
    return stretch.events
  }

  /** Nothing is awaited between the last event that is looked at and being caught up, so no event can fall between. */
  #scanRecent(): readonly StoreEvent[] {
    const events: StoreEvent[] = []
    const end = Math.min(this.#log.newest, this.#cursor + scanLength)
    while (this.#cursor < end && events.length < this.#maxPending) {
      this.#cursor = (this.#cursor + 1) as Revision
      const event = this.#log.recent(this.#cursor)
      if (event !== undefined && rangeHas(this.range, event.key)) events.push(event)
    }
    if (this.#cursor === this.#log.newest) this.#caughtUp = true
    return events
  }
}
