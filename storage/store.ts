import type { Revision } from '../src/machinery/revision.ts'

/**
 * Where a value lives. `type` is `group/resource` (`/secrets`, `apps/deployments`), whatever the API version; `namespace` is `''` for
 * cluster-scoped kinds. Any text is allowed in each part: engines escape their separators, so that no range ever crosses a kind
 * or a namespace.
 */
export interface Key {
  readonly type: string
  readonly namespace: string
  readonly name: string
}

/** A set of keys: one type, in one namespace (`''` for cluster-scoped kinds), in all (`undefined`), or one name. */
export interface KeyRange {
  readonly type: string
  readonly namespace?: string
  readonly name?: string
}

/** A value as it is kept: complete JSON bytes with its resourceVersion in it. Nobody may change the buffer. */
export interface Stored {
  readonly key: Key
  /** The revision at which this value was written; also inside the bytes. */
  readonly revision: Revision
  readonly bytes: Buffer
}

/**
 * A value before it has a revision: the store inserts the decimal digits of the new revision at byte `splice`, so that bytes are
 * made once and nobody parses them again.
 */
export interface Draft {
  readonly bytes: Buffer
  readonly splice: number
}

/** What must be true of a key for a write to happen: it has exactly this revision, or it has no value. */
export interface Condition {
  readonly key: Key
  readonly expect: Revision | 'absent'
}

/**
 * One write of one key. `expect` is the condition on the key itself; `'any'` asks for none. `also` are conditions on other keys,
 * checked in the same instant (a namespace that must still be as it was read). A delete carries the last state, which watchers get.
 */
export interface Write {
  readonly key: Key
  readonly expect: Revision | 'absent' | 'any'
  readonly also?: readonly Condition[]
  readonly put?: Draft
  readonly delete?: Draft
}

/**
 * A condition that did not hold. `key` is the one that differed, `current` what it has: undefined means nothing. This is no StatusError,
 * because only the caller knows whether to try again or which Kubernetes reason fits.
 */
export class ConditionFailed extends Error {
  readonly key: Key
  readonly current: Stored | undefined

  constructor(key: Key, current: Stored | undefined) {
    super(`${key.type} ${key.namespace}/${key.name} is at revision ${current?.revision ?? 'none'}`)
    this.name = 'ConditionFailed'
    this.key = key
    this.current = current
  }
}

/** The revision asked for is older than what is kept. `oldest` is the first that can still be read or followed from. */
export class Compacted extends Error {
  readonly oldest: Revision

  constructor(wanted: Revision, oldest: Revision) {
    super(`revision ${wanted} is compacted, the oldest is ${oldest}`)
    this.name = 'Compacted'
    this.oldest = oldest
  }
}

/** The store cannot serve: a full disk, a failed sync, a corrupt file, a closed store. The message says what and what to do. */
export class StoreUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreUnavailable'
  }
}

/** A write whose outcome the store could not learn before it was closed: it may be on disk or not. Whoever starts next can look. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(message: string, cause?: unknown) {
    super(message, cause)
    this.name = 'OutcomeUnknown'
  }
}

/** The revision asked for is not written yet. `newest` is the last one that is. */
export class FutureRevision extends Error {
  readonly newest: Revision

  constructor(wanted: Revision, newest: Revision) {
    super(`revision ${wanted} is in the future, the newest is ${newest}`)
    this.name = 'FutureRevision'
    this.newest = newest
  }
}

/**
 * One committed write. The same object goes to every follower, in revision order; `memo` is theirs to share what they made of it
 * (encoded frames), and lives as long as the event is kept in memory.
 */
export interface StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: Key
  readonly revision: Revision
  /** The new value, or the last state of a deleted one with the revision of its deletion in it. */
  readonly bytes: Buffer
  /** What was there before; undefined when the key had no value. */
  readonly previous: { readonly revision: Revision; readonly bytes: Buffer } | undefined
  readonly memo: Map<string, unknown>
}

/** One consistent read of a range, in key order: namespace, then name, both by bytes. */
export interface RangeResult {
  /** The revision at which all of it was read. */
  readonly revision: Revision
  /** The values in chunks of bounded size. Leaving the loop early frees what it holds; it must be started or `close`d. */
  readonly chunks: AsyncIterable<readonly Stored[]>
  /** Gives up a result that nobody will iterate. */
  close(): Promise<void>
}

/** Options of a range read. */
export interface RangeOptions {
  /**
   * Read the past as it was right after this revision. Throws Compacted when that is no longer kept, FutureRevision when it is not
   * written yet.
   */
  readonly at?: Revision
  /** At most this many values. */
  readonly limit?: number
  /** Only keys strictly behind this one. */
  readonly after?: Pick<Key, 'namespace' | 'name'>
}

/**
 * A position in the log of events, moved by its reader: the store keeps nothing for a reader that is slow, so it cannot be slowed
 * nor filled by one.
 */
export interface Follower {
  /**
   * The next events of the range, in order, at least one: waits until there is one. Undefined once closed. Throws Compacted when
   * the reader fell behind what is kept, StoreUnavailable when the store ends. One call at a time.
   */
  next(): Promise<readonly StoreEvent[] | undefined>
  /** Everything of the range up to and including this revision has been returned by `next`. Grows also when other keys change. */
  readonly position: Revision
  close(): void
}

/** Figures for metrics and the bench. Sizes are in bytes. */
export interface StoreStats {
  readonly revision: Revision
  readonly oldest: Revision
  readonly followers: number
  readonly queuedWrites: number
  readonly memoryBytes: number
}

/**
 * An ordered, versioned, watchable map from keys to bytes, shaped like etcd so that etcd can stand under it. One revision counter for
 * the whole hub grows by one with each committed write. All engines pass `test/contract/store.ts`.
 */
export interface Store {
  /** The newest committed revision. */
  readonly revision: Revision
  /** The first revision that can still be read at (`range` with `at`) or followed from (`follow` after it). */
  readonly oldest: Revision
  /** The value of a key, or its value right after `at`. Throws Compacted and FutureRevision as `range` does. */
  get(key: Key, at?: Revision): Promise<Stored | undefined>
  /** A consistent read of a range. Throws Compacted and FutureRevision. */
  range(range: KeyRange, options?: RangeOptions): Promise<RangeResult>
  /** How many keys a range has now: a counter, not a scan. */
  count(range: { readonly type: string; readonly namespace?: string }): Promise<number>
  /**
   * Writes when every condition holds; when this resolves the write is on disk, and every follower will see it. Throws ConditionFailed
   * (also for the delete of a key that has no value, whatever it expects), StoreUnavailable when the store knows that nothing was
   * written (also when too many writes wait already), or OutcomeUnknown when it was closed before it knew.
   */
  commit(write: Write): Promise<Stored>
  /**
   * Follows the events of a range from strictly after a revision, which may be in the future. Throws Compacted when that is too old,
   * StoreUnavailable when the store is closed.
   */
  follow(range: KeyRange, after: Revision): Follower
  /** Forgets what only revisions before this one need, at most up to the newest; resolves when it is gone. Never blocks a write. */
  compact(before: Revision): Promise<void>
  /** Writes a consistent copy into an empty or missing folder that the same engine can open. Returns its revision. */
  backup(folder: string): Promise<Revision>
  stats(): StoreStats
  /** Ends followers, finishes queued writes, and frees the files. */
  close(): Promise<void>
}
