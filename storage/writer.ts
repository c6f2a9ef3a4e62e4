import type { Revision } from '../src/machinery/revision.ts'
import { CommitBatch, type KnownStates, type QueuedWrite, type State } from './commit-batch.ts'
import type { Operation } from './database.ts'
import { countKey, keyText } from './keys.ts'
import type { RecentMap } from './recent-map.ts'
import type { Key, Stored, Write } from './store.ts'
import { OutcomeUnknown, StoreUnavailable } from './store.ts'

/** At most so many writes, and so many bytes of values, go to disk in one batch. */
const batchWrites = 1_024
/** So few writes are not worth to be parted: a sync costs as much as deciding some dozens. */
const smallBatch = 64
const batchBytes = 8 * 1024 * 1024

/** A batch that took longer than this came from a disk that wants few and large ones. */
const slowFlightMs = 8

/** Waits between attempts to open the database again. */
const firstRetryMs = 50
const lastRetryMs = 5_000

/** What the writer needs from the store around it. */
export interface WriterPort {
  /** The newest published revision. */
  readonly revision: Revision
  /** The states of the keys used last, as of the published revision. */
  readonly states: RecentMap<State>
  /** States and counters as of the published revision, from disk; asked only while nothing newer than the batch on its way exists. */
  readStates(texts: readonly string[]): Promise<readonly State[]>
  knownCount(key: string): number | undefined
  readCounts(keys: readonly string[]): Promise<readonly number[]>
  /** Remembers what is on disk as it was before the next batch, which may not be seen before it is published. */
  fixView(): void
  /** Adds the store's own rows and writes. Rejects when the outcome is unknown. */
  write(batch: CommitBatch): Promise<void>
  /** The batch is on disk: it becomes what everybody sees. Called before anything else can happen; `announce` follows. */
  publish(batch: CommitBatch): void
  /** Tells the followers. */
  announce(batch: CommitBatch): void
  /** Closes the database, opens it again, and returns the newest revision in it. */
  reopen(): Promise<Revision>
}

/** Rows to be deleted when there is room for it. */
interface Chore {
  readonly operations: readonly Operation[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Puts writes on disk in groups: one batch is on its way, the next is being made of what arrives meanwhile. Hands out revisions without
 * a gap, and answers each write when its batch is on disk.
 *
 * A batch that fails has an unknown outcome. Then nothing is written any more, the database is opened again, and what is found there
 * is the answer.
 */
export class Writer {
  readonly #port: WriterPort
  readonly #limits: { readonly queuedWrites: number; readonly queuedBytes: number }
  #queue: QueuedWrite[] = []
  #queuedWrites = 0
  #queuedBytes = 0
  #chores: Chore[] = []
  #choresInFlight: Chore[] = []
  /** Decided, and waiting for the one before. */
  #ready: CommitBatch | undefined
  #flight: CommitBatch | undefined
  #preparation: Promise<void> | undefined
  #scheduled = false
  /** How long the last batch took. */
  #flightMs = 0
  #recovering = false
  /** Why writes are refused at once. */
  #refusal: StoreUnavailable | undefined
  #closed = false
  #idle: (() => void)[] = []
  #stopWaiting: (() => void) | undefined

  constructor(port: WriterPort, limits: { readonly queuedWrites: number; readonly queuedBytes: number }) {
    this.#port = port
    this.#limits = limits
  }

  /** Writes that have no answer yet. */
  get queuedWrites(): number {
    return this.#queuedWrites
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** See `Store.commit`. */
  commit(write: Write): Promise<Stored> {
    const size = (write.put ?? write.delete)?.bytes.length ?? 0
    if (this.#closed) return Promise.reject(new StoreUnavailable('the store is closed'))
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    if (
      this.#queuedWrites >= this.#limits.queuedWrites ||
      (this.#queuedBytes + size > this.#limits.queuedBytes && this.#queuedWrites > 0)
    )
      return Promise.reject(new StoreUnavailable('too many writes are waiting for the disk: try again later'))
    return new Promise((resolve, reject) => {
      this.#queuedWrites++
      this.#queuedBytes += size
      this.#queue.push({ write, text: keyText(write.key), size, resolve, reject })
      this.#schedule()
    })
  }

  /** Writes these rows with the next batch, or alone when there is none. Rejects when it is not known whether they were. */
  chore(operations: readonly Operation[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('the store is closed'))
    return new Promise((resolve, reject) => {
      this.#chores.push({ operations, resolve, reject })
      this.#schedule()
    })
  }

  /** Takes no more writes, and resolves when those that wait are answered. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopWaiting?.()
    for (const chore of this.#chores.splice(0)) chore.reject(new StoreUnavailable('the store is closed'))
    if (this.#flight === undefined && this.#ready === undefined && this.#queue.length === 0 && !this.#recovering) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  // At the end of this turn of the event loop: what arrives in one turn, from many sockets, goes to disk together.
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#recovering || this.#preparation !== undefined) return
    while (this.#queue.length > 0 && this.#preparation === undefined && !this.#full()) this.#prepare()
    if (this.#preparation !== undefined || this.#flight !== undefined) return
    if (this.#ready !== undefined || this.#chores.length > 0) this.#launch()
    else if (this.#queue.length === 0) for (const done of this.#idle.splice(0)) done()
  }

  #full(): boolean {
    const batch = this.#ready
    return batch !== undefined && (batch.accepted.length >= this.#batchLimit() || batch.bytes >= batchBytes)
  }

  /**
   * On a fast disk half of the writes that wait go with each batch: while it is written, the other half is decided. When all went
   * together, disk and processor would wait for each other by turns.
   */
  #batchLimit(): number {
    if (this.#flightMs > slowFlightMs) return batchWrites
    return Math.min(batchWrites, Math.max(smallBatch, Math.ceil(this.#queuedWrites / 2)))
  }

  /** Decides the writes that wait, right away when everything about their keys is in memory. */
  #prepare(): void {
    const batch = this.#ready ?? new CommitBatch(this.#flight?.last ?? this.#port.revision)
    this.#ready = batch
    const group = this.#takeGroup(batch)
    const known = new GroupStates(this.#port, this.#flight)
    const decide = () => {
      for (const queued of group) batch.add(queued, known)
    }
    const loading = known.load(group)
    if (loading === undefined) {
      decide()
      return
    }
    this.#preparation = loading
      .then(
        () => {
          if (this.#recovering) this.#queue.unshift(...group)
          else decide()
        },
        (error: unknown) => {
          for (const queued of group) this.#answer(queued, () => queued.reject(error))
        },
      )
      .then(() => {
        this.#preparation = undefined
        this.#pump()
      })
  }

  #takeGroup(batch: CommitBatch): QueuedWrite[] {
    const limit = this.#batchLimit()
    let count = 0
    let bytes = batch.bytes
    for (const queued of this.#queue) {
      if (count > 0 && (batch.accepted.length + count >= limit || bytes + queued.size > batchBytes)) break
      count++
      bytes += queued.size
    }
    return this.#queue.splice(0, count)
  }

  #launch(): void {
    const batch = this.#ready ?? new CommitBatch(this.#port.revision)
    this.#ready = undefined
    if (batch.operations.length === 0 && this.#chores.length === 0) {
      this.#answerRefused(batch)
      this.#schedule()
      return
    }
    this.#choresInFlight = this.#chores.splice(0)
    for (const chore of this.#choresInFlight) batch.operations.push(...chore.operations)
    this.#flight = batch
    this.#port.fixView()
    const start = performance.now()
    this.#port.write(batch).then(
      () => {
        this.#flightMs = performance.now() - start
        this.#landed(batch)
      },
      (error: unknown) => this.#recover(batch, error),
    )
  }

  #landed(batch: CommitBatch): void {
    this.#flight = undefined
    this.#port.publish(batch)
    // The disk gets its next batch first; the readers are told while it works.
    if (!this.#recovering) this.#pump()
    this.#port.announce(batch)
    for (const chore of this.#choresDone()) chore.resolve()
    for (const { queued, version } of batch.accepted) this.#answer(queued, () => queued.resolve(version))
    this.#answerRefused(batch)
  }

  #choresDone(): Chore[] {
    return this.#choresInFlight.splice(0)
  }

  #answerRefused(batch: CommitBatch): void {
    for (const { queued, error } of batch.refused) this.#answer(queued, () => queued.reject(error))
  }

  #answer(queued: QueuedWrite, say: () => void): void {
    this.#queuedWrites--
    this.#queuedBytes -= queued.size
    say()
  }

  /** Finds out what became of a batch; until then nobody writes. */
  async #recover(batch: CommitBatch, cause: unknown): Promise<void> {
    this.#recovering = true
    await this.#preparation
    const ready = this.#ready
    this.#ready = undefined
    // Those were decided as if the batch had been written. Order of arrival is kept.
    if (ready !== undefined) this.#requeue(ready)
    const found = await this.#reopened()
    this.#recovering = false
    this.#refusal = undefined
    if (found === batch.last && batch.last > batch.base) this.#landed(batch)
    else if (found === batch.base) this.#fallen(batch, cause)
    else this.#giveUp(batch, cause, found)
    this.#schedule()
  }

  #requeue(batch: CommitBatch): void {
    const writes = [...batch.accepted, ...batch.refused].map(({ queued }) => queued)
    this.#queue.unshift(...writes)
  }

  /** Tries until the database is open; undefined when the store is closed before. */
  async #reopened(): Promise<Revision | undefined> {
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, lastRetryMs)) {
      try {
        return await this.#port.reopen()
      } catch (error) {
        this.#refusal = error instanceof StoreUnavailable ? error : new StoreUnavailable(String(error), error)
        for (const queued of this.#queue.splice(0)) this.#answer(queued, () => queued.reject(this.#refusal))
        for (const chore of this.#chores.splice(0)) chore.reject(this.#refusal)
      }
      if (this.#closed) return undefined
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        timer.unref()
        this.#stopWaiting = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#stopWaiting = undefined
    }
  }

  /** The batch is not on disk: its writes did not happen. */
  #fallen(batch: CommitBatch, cause: unknown): void {
    this.#flight = undefined
    const error = cause instanceof StoreUnavailable ? cause : new StoreUnavailable(String(cause), cause)
    for (const chore of this.#choresDone()) chore.reject(error)
    for (const { queued } of batch.accepted) this.#answer(queued, () => queued.reject(error))
    // What was refused may have been so because of a write that did not happen.
    this.#queue.unshift(...batch.refused.map(({ queued }) => queued))
  }

  /** The store was closed while nobody knew, or the database holds something else than what this process wrote. */
  #giveUp(batch: CommitBatch, cause: unknown, found: Revision | undefined): void {
    this.#flight = undefined
    const error = new OutcomeUnknown(
      found === undefined
        ? 'the store was closed before it could be seen whether this was written'
        : `the store is at revision ${found}, which this process did not write: stop the hub and look who else uses the folder`,
      cause,
    )
    if (found !== undefined) this.#refusal = error
    for (const chore of this.#choresDone()) chore.reject(error)
    for (const { queued } of [...batch.accepted, ...batch.refused]) this.#answer(queued, () => queued.reject(error))
    for (const queued of this.#queue.splice(0)) this.#answer(queued, () => queued.reject(error))
  }
}

/** The states that a group of writes is decided against: the batch on its way, then memory, then disk. */
class GroupStates implements KnownStates {
  readonly #port: WriterPort
  readonly #flight: CommitBatch | undefined
  readonly #states = new Map<string, State>()
  readonly #counts = new Map<string, number>()

  constructor(port: WriterPort, flight: CommitBatch | undefined) {
    this.#port = port
    this.#flight = flight
  }

  state(text: string): State {
    const state = this.#states.get(text)
    if (state === undefined) throw new Error('a write was decided before the state of its keys was known')
    return state
  }

  count(key: string): number {
    const count = this.#counts.get(key)
    if (count === undefined) throw new Error('a write was decided before its counters were known')
    return count
  }

  /** Undefined when everything was in memory. */
  load(group: readonly QueuedWrite[]): Promise<void> | undefined {
    const missing = new Set<string>()
    const counters = new Set<string>()
    let counted: Key | undefined
    for (const { write, text } of group) {
      this.#need(text, missing)
      for (const { key } of write.also ?? []) this.#need(keyText(key), missing)
      const { type, namespace } = write.key
      // Most groups are of one kind in one namespace.
      if (counted?.type === type && counted.namespace === namespace) continue
      counted = write.key
      this.#needCount(countKey(type), counters)
      this.#needCount(countKey(type, namespace), counters)
    }
    if (missing.size === 0 && counters.size === 0) return undefined
    return this.#read([...missing], [...counters])
  }

  #need(text: string, missing: Set<string>): void {
    if (this.#states.has(text)) return
    const inFlight = this.#flight?.states.get(text)
    const state = inFlight === undefined ? this.#port.states.get(text) : inFlight
    if (state === undefined) missing.add(text)
    else this.#states.set(text, state)
  }

  #needCount(key: string, counters: Set<string>): void {
    if (this.#counts.has(key)) return
    const count = this.#flight?.counts.get(key) ?? this.#port.knownCount(key)
    if (count === undefined) counters.add(key)
    else this.#counts.set(key, count)
  }

  async #read(texts: readonly string[], counters: readonly string[]): Promise<void> {
    const [states, counts] = await Promise.all([this.#port.readStates(texts), this.#port.readCounts(counters)])
    texts.forEach((text, i) => {
      const state = states[i] ?? null
      this.#states.set(text, state)
      // Still true: the batch on its way does not have this key, and no other is launched before this group is decided.
      this.#port.states.set(text, state)
    })
    counters.forEach((key, i) => {
      this.#counts.set(key, counts[i] ?? 0)
    })
  }
}
