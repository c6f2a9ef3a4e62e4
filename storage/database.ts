/*
 * What the durable store asks of an embedded database: an ordered map from text to bytes with atomic, synced batches and snapshots. The
 * seam is this thin so that tests can put a failing one in between.
 *
 * Everything rejects with StoreUnavailable, whose message says what failed and what to do.
 */

/** One change of a batch. */
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string }

/** Rows from `from` on and before `to`, in the order of the UTF-8 bytes of their keys. */
export interface Bounds {
  readonly from: string
  readonly to: string
  /** At most this many. */
  readonly limit?: number
  /** Leave the values out: they are empty buffers then. */
  readonly keysOnly?: boolean
}

/** A place in a range of rows, moved by its reader. One call at a time. */
export interface Cursor {
  /** The next rows, at most so many and about 256 KiB; none at the end. */
  next(count: number): Promise<readonly (readonly [key: string, value: Buffer])[]>
  /** Goes on from the first row at or behind this key. */
  seek(key: string): void
  close(): Promise<void>
}

/** The database as it was at one moment. It must be closed; what it has open is closed with it. */
export interface Snapshot {
  get(key: string): Promise<Buffer | undefined>
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  cursor(bounds: Bounds): Cursor
  close(): Promise<void>
}

/** An open database. */
export interface Database {
  /** Taken at once. A batch that was resolved is in it, one that is on its way may be. */
  snapshot(): Snapshot
  /** Writes all or nothing. Resolves when it is on disk; rejects when its outcome is unknown. */
  batch(operations: readonly Operation[]): Promise<void>
  close(): Promise<void>
}

/** Opens the database in a folder, or makes a new one. */
export type OpenDatabase = (folder: string) => Promise<Database>
