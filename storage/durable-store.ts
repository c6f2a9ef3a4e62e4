import type { Clock } from '../src/machinery/clock.ts'
import type { Revision } from '../src/machinery/revision.ts'
import { copyDatabase } from './backup.ts'
import type { CommitBatch, State } from './commit-batch.ts'
import type { Database, OpenDatabase, Operation } from './database.ts'
import type { LogSource, LogStretch } from './event-log.ts'
import { countKey, currentKey, keyText, metaKey, parseKeyText, textRange } from './keys.ts'
import type { StoreLimits } from './limits.ts'
import { readLog } from './log-reader.ts'
import { checkComplete, headOf } from './opening.ts'
import { pastVersions } from './past.ts'
import { closedRange, currentRange, pastRange } from './range.ts'
import { RecentMap } from './recent-map.ts'
import { currentFormat, type Meta, makeMetaRow, readCountRow, readVersion } from './rows.ts'
import type { Follower, Key, KeyRange, RangeOptions, RangeResult, Store, Stored, StoreStats, Write } from './store.ts'
import { Compacted, FutureRevision, StoreUnavailable } from './store.ts'
import { Sweeper, type SweeperPort } from './sweeper.ts'
import { View } from './view.ts'
import { WatchLog } from './watch-log.ts'
import { Writer, type WriterPort } from './writer.ts'

/** What an entry of the hot states weighs besides its value: strings, objects and the map. */
const stateOverhead = 400

/**
 * Opens the store that a database in this folder holds, or makes one. Throws StoreUnavailable when it is damaged, foreign, newer or in
 * use; the message says which and what to do. `limits` are complete.
 */
export async function openDurableStore(
  folder: string,
  openDatabase: OpenDatabase,
  limits: StoreLimits & { readonly clock: Clock },
): Promise<DurableStore> {
  const database = await openDatabase(folder)
  try {
    const meta = await headOf(database, folder)
    await checkComplete(database, meta, folder)
    return new DurableStore(folder, openDatabase, database, meta, limits)
  } catch (error) {
    await database.close().catch(() => undefined)
    throw error
  }
}

/**
 * The contract on an embedded ordered database: versions, conditions, the log of writes and who follows it, and the past. What is on
 * disk is the truth; memory holds only what was used last.
 */
export class DurableStore implements Store, WriterPort, SweeperPort, LogSource {
  readonly #folder: string
  readonly #openDatabase: OpenDatabase
  readonly #limits: StoreLimits
  readonly #clock: Clock
  /** The newest values, and keys known to have none; each commit tells it, so what is here is true. */
  readonly states: RecentMap<State>
  /** Committed numbers of keys by the key of their row; the others are read when a key of theirs comes or goes. */
  readonly #counters = new RecentMap<number>(20_000, () => 1)
  readonly #writer: Writer
  readonly #sweeper: Sweeper
  readonly #log: WatchLog
  /** Reads of one key that are on their way, shared by all who ask before the key changes. */
  readonly #loading = new Map<string, Promise<State>>()
  #database: Database | undefined
  #view: View | undefined
  #revision: Revision
  #unavailable: StoreUnavailable | undefined
  #closing: Promise<void> | undefined

  constructor(
    folder: string,
    openDatabase: OpenDatabase,
    database: Database,
    meta: Meta,
    limits: StoreLimits & { readonly clock: Clock },
  ) {
    this.#folder = folder
    this.#openDatabase = openDatabase
    this.#limits = limits
    this.#database = database
    this.#revision = meta.revision
    this.#clock = limits.clock
    this.states = new RecentMap(limits.hotBytes, (state) => (state?.bytes.length ?? 0) + stateOverhead)
    this.#writer = new Writer(this, limits)
    this.#sweeper = new Sweeper(this, limits, meta)
    this.#log = new WatchLog(limits, this, meta.revision)
    this.#sweeper.start()
  }

  get revision(): Revision {
    return this.#revision
  }

  get oldest(): Revision {
    return this.#sweeper.oldest
  }

  async get(key: Key, at?: Revision): Promise<Stored | undefined> {
    if (at === undefined) return (await this.#newest(key)) ?? undefined
    this.#checkPast(at)
    const view = this.view()
    try {
      for await (const version of pastVersions(view.snapshot, textRange(key), at)) return version
      return undefined
    } finally {
      await view.release()
    }
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    const { at } = options
    if (at !== undefined) this.#checkPast(at)
    const view = this.view()
    const chunks =
      at === undefined || at === view.revision
        ? currentRange(view.snapshot, range, options)
        : pastRange(view.snapshot, range, at, options)
    return closedRange(at ?? view.revision, chunks, () => view.release())
  }

  async count(range: { readonly type: string; readonly namespace?: string }): Promise<number> {
    const key = countKey(range.type, range.namespace)
    const known = this.#counters.get(key)
    if (known !== undefined) {
      this.#checkOpen()
      return known
    }
    const [count] = await this.readCounts([key])
    return count ?? 0
  }

  commit(write: Write): Promise<Stored> {
    return this.#writer.commit(write)
  }

  follow(range: KeyRange, after: Revision): Follower {
    return this.#log.follow(range, after)
  }

  compact(before: Revision): Promise<void> {
    this.#checkOpen()
    return this.#sweeper.compact(before)
  }

  async backup(folder: string): Promise<Revision> {
    const view = this.view()
    try {
      await copyDatabase(view.snapshot, folder, this.#openDatabase)
      return view.revision
    } finally {
      await view.release()
    }
  }

  stats(): StoreStats {
    return {
      revision: this.#revision,
      oldest: this.oldest,
      followers: this.#log.followers,
      queuedWrites: this.#writer.queuedWrites,
      memoryBytes: this.states.weight + this.#log.bytes + this.#writer.queuedBytes,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#sweeper.stop()
    await this.#writer.close()
    this.#unavailable = new StoreUnavailable('the store is closed')
    this.#log.end(this.#unavailable)
    const database = this.#database
    this.#database = undefined
    this.#dropView()
    await database?.close()
  }

  // What Writer, Sweeper and WatchLog ask for.

  /** The published state, held for the caller. Throws StoreUnavailable while there is none. */
  view(): View {
    return this.#publishedView().hold()
  }

  /** Called before each batch, so that readers who come while it is on its way find the state before it. */
  fixView(): void {
    this.#publishedView()
  }

  #publishedView(): View {
    this.#checkOpen()
    if (this.#database === undefined) throw new StoreUnavailable('the store is not open')
    this.#view ??= new View(this.#revision, this.#database.snapshot())
    return this.#view
  }

  write(batch: CommitBatch): Promise<void> {
    const database = this.#database
    if (database === undefined) return Promise.reject(new StoreUnavailable('the store is not open'))
    batch.finish(this.#clock.now())
    const meta: Meta = {
      format: currentFormat,
      revision: batch.last,
      oldest: this.#sweeper.oldest,
      swept: this.#sweeper.swept,
    }
    batch.operations.push({ type: 'put', key: metaKey, value: makeMetaRow(meta) })
    return database.batch(batch.operations)
  }

  publish(batch: CommitBatch): void {
    this.#revision = batch.last
    this.#dropView()
    for (const [text, state] of batch.states) {
      this.#loading.delete(text)
      this.states.set(text, state)
    }
    for (const [key, count] of batch.counts) this.#counters.set(key, count)
  }

  announce(batch: CommitBatch): void {
    this.#log.append(batch.events)
  }

  chore(operations: readonly Operation[]): Promise<void> {
    return this.#writer.chore(operations)
  }

  async reopen(): Promise<Revision> {
    this.#unavailable = new StoreUnavailable('the store is being opened again after a failed write: try again')
    const before = this.#database
    this.#database = undefined
    this.#dropView()
    // It failed already; what matters is that its lock is free, and opening it again tells.
    await before?.close().catch(() => undefined)
    try {
      const database = await this.#openDatabase(this.#folder)
      try {
        const meta = await headOf(database, this.#folder)
        await checkComplete(database, meta, this.#folder)
        this.#database = database
        this.#unavailable = undefined
        return meta.revision
      } catch (error) {
        await database.close().catch(() => undefined)
        throw error
      }
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#unavailable = error
      throw error
    }
  }

  knownCount(key: string): number | undefined {
    return this.#counters.get(key)
  }

  async readCounts(keys: readonly string[]): Promise<readonly number[]> {
    if (keys.length === 0) return []
    const view = this.view()
    try {
      const counts = (await view.snapshot.getMany(keys)).map(readCountRow)
      if (view.revision === this.#revision)
        for (const [i, key] of keys.entries()) this.#counters.set(key, counts[i] ?? 0)
      return counts
    } finally {
      await view.release()
    }
  }

  async readStates(texts: readonly string[]): Promise<readonly State[]> {
    if (texts.length === 0) return []
    const view = this.view()
    try {
      const rows = await view.snapshot.getMany(texts.map(currentKey))
      return texts.map((text, i) => {
        const row = rows[i]
        return row === undefined ? null : readVersion(parseKeyText(text), row)
      })
    } finally {
      await view.release()
    }
  }

  async read(range: KeyRange, after: Revision): Promise<LogStretch> {
    const view = this.view()
    try {
      return await readLog(view, range, after, this.#limits.pendingEvents, () => this.oldest)
    } finally {
      await view.release()
    }
  }

  async #newest(key: Key): Promise<State> {
    this.#checkOpen()
    const text = keyText(key)
    const known = this.states.get(text)
    if (known !== undefined) return known
    const loading = this.#loading.get(text)
    if (loading !== undefined) return loading
    const fresh = this.#load(text)
    this.#loading.set(text, fresh)
    try {
      const state = await fresh
      // A write that came meanwhile took the entry away: what was read is true for who asked, but not to be remembered.
      if (this.#loading.get(text) === fresh) this.states.set(text, state)
      return state
    } finally {
      if (this.#loading.get(text) === fresh) this.#loading.delete(text)
    }
  }

  async #load(text: string): Promise<State> {
    const view = this.view()
    try {
      const row = await view.snapshot.get(currentKey(text))
      return row === undefined ? null : readVersion(parseKeyText(text), row)
    } finally {
      await view.release()
    }
  }

  #checkOpen(): void {
    if (this.#unavailable !== undefined) throw this.#unavailable
  }

  #checkPast(at: Revision): void {
    if (at < this.oldest) throw new Compacted(at, this.oldest)
    if (at > this.#revision) throw new FutureRevision(at, this.#revision)
  }

  #dropView(): void {
    // A close that fails leaves nothing to do: the database ends its snapshots when it is closed itself.
    this.#view?.release().catch(() => undefined)
    this.#view = undefined
  }
}
