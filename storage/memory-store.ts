import type { Clock } from '../src/machinery/clock.ts'
import { noRevision, type Revision } from '../src/machinery/revision.ts'
import type { LogSource, LogStretch } from './event-log.ts'
import { compareText, keyText, rangeHas, textRange } from './keys.ts'
import { completeOptions, type StoreLimits, type StoreOptions } from './limits.ts'
import { closedRange } from './range.ts'
import { makeVersion, type Version } from './rows.ts'
import type { Condition, Follower, Key, KeyRange, RangeOptions, RangeResult, Store, StoreStats } from './store.ts'
import { Compacted, ConditionFailed, FutureRevision, type Stored, StoreUnavailable, type Write } from './store.ts'
import { CommittedEvent } from './store-event.ts'
import { WatchLog } from './watch-log.ts'

/**
 * A store in this process's memory, for quick tests: the same contract, nothing on disk, gone when closed. A backup of it is refused,
 * because there is nothing that could open one.
 */
export function openMemoryStore(options: StoreOptions = {}): Store {
  return new MemoryStore(completeOptions(options))
}

/** So many values are handed out at once. */
const chunkValues = 256

/** All that a key was, oldest first; the last is what it is now. */
type Versions = Version[]

class MemoryStore implements Store, LogSource {
  readonly #limits: StoreLimits & { readonly clock: Clock }
  readonly #types = new Map<string, Map<string, Versions>>()
  /** The texts of a type's keys in order; made when asked for, forgotten when a key comes or goes. */
  readonly #sorted = new Map<string, readonly string[]>()
  readonly #counts = new Map<string, number>()
  readonly #log: WatchLog
  /** Every event after `oldest`. */
  #events: { readonly event: CommittedEvent; readonly timeMs: number }[] = []
  #revision: Revision = noRevision
  #oldest: Revision = noRevision
  #closed: StoreUnavailable | undefined
  readonly #timer: NodeJS.Timeout

  constructor(limits: StoreLimits & { readonly clock: Clock }) {
    this.#limits = limits
    this.#log = new WatchLog(limits, this, noRevision)
    this.#timer = setInterval(() => this.#forgetOld(), limits.sweepIntervalMs)
    this.#timer.unref()
  }

  get revision(): Revision {
    return this.#revision
  }

  get oldest(): Revision {
    return this.#oldest
  }

  async get(key: Key, at?: Revision): Promise<Stored | undefined> {
    this.#checkOpen()
    if (at !== undefined) this.#checkPast(at)
    return this.#versionAt(this.#types.get(key.type)?.get(keyText(key)), at)
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    const { at, limit = Number.POSITIVE_INFINITY, after } = options
    if (at !== undefined) this.#checkPast(at)
    const { from, to } = textRange(range, after)
    const versions = this.#types.get(range.type)
    const values: Version[] = []
    for (const text of this.#textsOf(range.type)) {
      if (values.length >= limit) break
      if (compareText(text, from) < 0 || compareText(text, to) >= 0) continue
      const version = this.#versionAt(versions?.get(text), at)
      if (version !== undefined && rangeHas(range, version.key)) values.push(version)
    }
    async function* chunks() {
      for (let i = 0; i < values.length; i += chunkValues) yield values.slice(i, i + chunkValues)
    }
    return closedRange(at ?? this.#revision, chunks(), async () => undefined)
  }

  async count({ type, namespace }: { readonly type: string; readonly namespace?: string }): Promise<number> {
    this.#checkOpen()
    return this.#counts.get(JSON.stringify([type, namespace])) ?? 0
  }

  async commit(write: Write): Promise<Stored> {
    this.#checkOpen()
    const text = keyText(write.key)
    if (write.expect !== 'any') this.#check({ key: write.key, expect: write.expect })
    for (const condition of write.also ?? []) this.#check(condition)
    const { put, delete: last } = write
    const draft = put ?? last
    if (draft === undefined || (put !== undefined && last !== undefined))
      throw new TypeError('a write is either a put or a delete')
    const before = this.#versionAt(this.#types.get(write.key.type)?.get(text), undefined)
    if (put === undefined && before === undefined) throw new ConditionFailed(write.key, undefined)
    const { type, namespace, name } = write.key
    const version = makeVersion({ type, namespace, name }, draft, (this.#revision + 1) as Revision, put === undefined)
    this.#keep(text, version)
    if (version.deleted) this.#count(version.key, -1)
    else if (before === undefined) this.#count(version.key, 1)
    this.#revision = version.revision
    const event = new CommittedEvent(version.deleted ? 'delete' : 'put', version, before)
    this.#events.push({ event, timeMs: this.#limits.clock.now() })
    this.#log.append([event])
    return version
  }

  follow(range: KeyRange, after: Revision): Follower {
    return this.#log.follow(range, after)
  }

  async compact(before: Revision): Promise<void> {
    this.#checkOpen()
    this.#forget(Math.min(before, this.#revision))
  }

  async backup(folder: string): Promise<Revision> {
    this.#checkOpen()
    throw new StoreUnavailable(`a store in memory cannot be copied to ${folder}: use a store on disk`)
  }

  stats(): StoreStats {
    return {
      revision: this.#revision,
      oldest: this.#oldest,
      followers: this.#log.followers,
      queuedWrites: 0,
      memoryBytes: this.#log.bytes,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed ??= new StoreUnavailable('the store is closed')
    this.#log.end(this.#closed)
  }

  /** For the watch log: events that have left its ring. */
  async read(range: KeyRange, after: Revision): Promise<LogStretch> {
    this.#checkOpen()
    const from = after - this.#oldest
    const scanned = this.#events.slice(from, from + 4_096)
    const events = scanned.map(({ event }) => event).filter((event) => rangeHas(range, event.key))
    return { events, position: (after + scanned.length) as Revision }
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#closed
  }

  #checkPast(at: Revision): void {
    if (at < this.#oldest) throw new Compacted(at, this.#oldest)
    if (at > this.#revision) throw new FutureRevision(at, this.#revision)
  }

  #check({ key, expect }: Condition): void {
    const current = this.#versionAt(this.#types.get(key.type)?.get(keyText(key)), undefined)
    if ((current?.revision ?? noRevision) !== (expect === 'absent' ? noRevision : expect))
      throw new ConditionFailed(key, current)
  }

  #versionAt(versions: Versions | undefined, at: Revision | undefined): Version | undefined {
    const version = at === undefined ? versions?.at(-1) : versions?.findLast(({ revision }) => revision <= at)
    return version?.deleted === true ? undefined : version
  }

  #textsOf(type: string): readonly string[] {
    const known = this.#sorted.get(type)
    if (known !== undefined) return known
    const texts = [...(this.#types.get(type)?.keys() ?? [])].sort(compareText)
    this.#sorted.set(type, texts)
    return texts
  }

  #keep(text: string, version: Version): void {
    const { type } = version.key
    const keys = this.#types.get(type) ?? new Map<string, Versions>()
    this.#types.set(type, keys)
    const versions = keys.get(text)
    if (versions !== undefined) versions.push(version)
    else {
      keys.set(text, [version])
      this.#sorted.delete(type)
    }
  }

  #count({ type, namespace }: Key, change: number): void {
    for (const counter of [JSON.stringify([type, undefined]), JSON.stringify([type, namespace])])
      this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + change)
  }

  #forgetOld(): void {
    const { minEvents, maxEvents, eventWindowMs, clock } = this.#limits
    const young = this.#events.findIndex(({ timeMs }) => timeMs > clock.now() - eventWindowMs)
    const aged = young < 0 ? this.#revision : this.#oldest + young
    this.#forget(Math.max(Math.min(aged, this.#revision - minEvents), this.#revision - maxEvents))
  }

  /** Moves `oldest`, and drops the values that only revisions before it had. */
  #forget(before: number): void {
    if (before <= this.#oldest) return
    for (const { event } of this.#events.splice(0, before - this.#oldest)) {
      const text = keyText(event.key)
      const keys = this.#types.get(event.key.type)
      const versions = keys?.get(text)
      if (keys === undefined || versions === undefined) continue
      const first = versions.findLastIndex(({ revision }) => revision <= before)
      versions.splice(0, first)
      if (versions.length === 1 && versions[0]?.deleted === true && versions[0].revision <= before) {
        keys.delete(text)
        this.#sorted.delete(event.key.type)
      }
    }
    this.#oldest = before as Revision
  }
}
