import type { Revision } from '../src/machinery/revision.ts'
import { noRevision } from '../src/machinery/revision.ts'
import type { Operation } from './database.ts'
import { countKey, currentKey, historyKey, keyText, logKey } from './keys.ts'
import { type LogEntry, makeCountRow, makeLogRow, makeVersion, type Version } from './rows.ts'
import type { Condition, Key, Stored, Write } from './store.ts'
import { ConditionFailed } from './store.ts'
import { CommittedEvent } from './store-event.ts'

/** What is known of a key: its newest value, or null when it has none. */
export type State = Version | null

/** A write that waits for its answer. */
export interface QueuedWrite {
  readonly write: Write
  /** The text of its key. */
  readonly text: string
  readonly size: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: unknown) => void
}

/**
 * What is known before a group of writes is decided: the states of their keys, and the counters they may move. Both throw when
 * something was not looked up, which is a bug.
 */
export interface KnownStates {
  state(text: string): State
  count(key: string): number
}

/** What is left to be said when a batch has come to its end. */
interface Accepted {
  readonly queued: QueuedWrite
  readonly version: Version
}

interface Refused {
  readonly queued: QueuedWrite
  readonly error: unknown
}

/**
 * Writes that go to disk together. Each is decided against what is stored and what is queued before it, gets the next revision, and
 * becomes its rows and its event. Nothing is visible to anyone before the batch is on disk.
 */
export class CommitBatch {
  /** The revision before the first of this batch. */
  readonly base: Revision
  /** The states of the keys that this batch changes, as they are after it. */
  readonly states = new Map<string, State>()
  /** The counters that this batch moves, as they are after it. */
  readonly counts = new Map<string, number>()
  readonly events: CommittedEvent[] = []
  readonly operations: Operation[] = []
  readonly accepted: Accepted[] = []
  readonly refused: Refused[] = []
  readonly #log: LogEntry[] = []
  #revision: Revision
  #bytes = 0

  constructor(base: Revision) {
    this.base = base
    this.#revision = base
  }

  /** The revision of its last write; `base` when there is none. */
  get last(): Revision {
    return this.#revision
  }

  /** Bytes of the values in it. */
  get bytes(): number {
    return this.#bytes
  }

  /** Decides a write. What it refuses is answered with the batch, because the reason may be another write of the same batch. */
  add(queued: QueuedWrite, known: KnownStates): void {
    try {
      const version = this.#decide(queued.write, queued.text, known)
      this.accepted.push({ queued, version })
      this.#bytes += queued.size
    } catch (error) {
      this.refused.push({ queued, error })
    }
  }

  #decide(write: Write, text: string, known: KnownStates): Version {
    const before = this.#state(text, known)
    if (write.expect !== 'any' && (before?.revision ?? noRevision) !== expectedRevision(write.expect))
      throw new ConditionFailed(write.key, before ?? undefined)
    for (const condition of write.also ?? []) this.#check(condition, known)
    const { put, delete: last } = write
    const draft = put ?? last
    if (draft === undefined || (put !== undefined && last !== undefined))
      throw new TypeError('a write is either a put or a delete')
    const deleted = put === undefined
    // An event tells of a write, and there is nothing to delete here.
    if (deleted && before === null) throw new ConditionFailed(write.key, undefined)

    const { type, namespace, name } = write.key
    const revision = (this.#revision + 1) as Revision
    const version = makeVersion({ type, namespace, name }, draft, revision, deleted)
    this.#revision = revision
    this.#record(text, version, before)
    if (deleted) this.#count(version.key, -1, known)
    else if (before === null) this.#count(version.key, 1, known)
    return version
  }

  #record(text: string, version: Version, before: State): void {
    const { revision, deleted } = version
    const type = deleted ? 'delete' : 'put'
    const operations = this.operations
    if (before !== null) operations.push({ type: 'put', key: historyKey(text, before.revision), value: before.row })
    if (deleted)
      operations.push(
        { type: 'del', key: currentKey(text) },
        { type: 'put', key: historyKey(text, revision), value: version.row },
      )
    else operations.push({ type: 'put', key: currentKey(text), value: version.row })
    const previous = before?.revision ?? noRevision
    this.#log.push({ type, text, previous, size: version.bytes.length })
    this.states.set(text, deleted ? null : version)
    this.events.push(new CommittedEvent(type, version, before ?? undefined))
  }

  #count(key: Key, change: number, known: KnownStates): void {
    for (const counter of [countKey(key.type), countKey(key.type, key.namespace)])
      this.counts.set(counter, (this.counts.get(counter) ?? known.count(counter)) + change)
  }

  #check({ key, expect }: Condition, known: KnownStates): void {
    const current = this.#state(keyText(key), known)
    if ((current?.revision ?? noRevision) !== expectedRevision(expect))
      throw new ConditionFailed(key, current ?? undefined)
  }

  #state(text: string, known: KnownStates): State {
    const queued = this.states.get(text)
    return queued === undefined ? known.state(text) : queued
  }

  /** Adds the rows that the batch has once: its log and its counters. No write comes any more. */
  finish(timeMs: number): void {
    if (this.#log.length > 0) {
      const log = makeLogRow((this.base + 1) as Revision, timeMs, this.#log)
      this.operations.push({ type: 'put', key: logKey(this.#revision), value: log })
    }
    for (const [key, count] of this.counts)
      this.operations.push(count === 0 ? { type: 'del', key } : { type: 'put', key, value: makeCountRow(count) })
  }
}

/** A condition's revision; 0 when the key must have no value. */
function expectedRevision(expect: Revision | 'absent'): Revision {
  return expect === 'absent' ? noRevision : expect
}
