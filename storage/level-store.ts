import { mkdir, readdir } from 'node:fs/promises'
import { Level } from 'level'
import type { Bounds, Cursor, Database, OpenDatabase, Operation, Snapshot } from './database.ts'
import { openDurableStore } from './durable-store.ts'
import { completeOptions, type StoreOptions } from './limits.ts'
import { type Store, StoreUnavailable } from './store.ts'

/** Options of a store on LevelDB. */
export interface LevelStoreOptions extends StoreOptions {
  /** Opens the database underneath; `openLevelDatabase` by default. Tests put one in that fails. */
  readonly openDatabase?: OpenDatabase
}

/**
 * Opens the store in a folder on this machine, and makes folder and store when there is none. One process at a time. Throws
 * StoreUnavailable when that cannot be: the message says what is the matter and what to do.
 */
export function openLevelStore(folder: string, options: LevelStoreOptions = {}): Promise<Store> {
  const { openDatabase = openLevelDatabase, ...limits } = options
  return openDurableStore(folder, openDatabase, completeOptions(limits))
}

/** Opens or makes a LevelDB in a folder. Throws StoreUnavailable when the folder belongs to something else or to another process. */
export async function openLevelDatabase(folder: string): Promise<Database> {
  await claimFolder(folder)
  const level = new Level<string, Buffer>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'buffer',
    // Large memory tables and files make few and long compactions; smaller ones let writes wait for the first level.
    writeBufferSize: 32 * 1024 * 1024,
    maxFileSize: 16 * 1024 * 1024,
    cacheSize: 32 * 1024 * 1024,
    compression: true,
  })
  try {
    await level.open()
  } catch (error) {
    throw explain(error, folder)
  }
  return new LevelDatabase(level, folder)
}

/** The names that LevelDB gives its files. */
const levelFile = /^(?:CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(?:log|ldb|sst|dbtmp))$/

async function claimFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    const names = await readdir(folder)
    // The root of an ext4 volume comes with this one.
    const foreign = names.find((name) => name !== 'lost+found' && !levelFile.test(name))
    if (foreign === undefined) return
    throw new StoreUnavailable(
      `${folder} has files that are no part of a store (${foreign}): choose an empty folder, or the one of this hub`,
    )
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : explain(error, folder)
  }
}

class LevelDatabase implements Database {
  readonly #level: Level<string, Buffer>
  readonly #folder: string

  constructor(level: Level<string, Buffer>, folder: string) {
    this.#level = level
    this.#folder = folder
  }

  snapshot(): Snapshot {
    try {
      return new LevelSnapshot(this.#level, this.#folder)
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  async batch(operations: readonly Operation[]): Promise<void> {
    try {
      await this.#level.batch([...operations], { sync: true })
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#level.close()
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }
}

class LevelSnapshot implements Snapshot {
  readonly #level: Level<string, Buffer>
  readonly #folder: string
  readonly #snapshot: LevelHandle

  constructor(level: Level<string, Buffer>, folder: string) {
    this.#level = level
    this.#folder = folder
    this.#snapshot = level.snapshot()
  }

  async get(key: string): Promise<Buffer | undefined> {
    try {
      return await this.#level.get(key, { snapshot: this.#snapshot })
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  async getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    try {
      return await this.#level.getMany([...keys], { snapshot: this.#snapshot })
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  cursor(bounds: Bounds): Cursor {
    try {
      return new LevelCursor(this.#level, this.#snapshot, this.#folder, bounds)
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  close(): Promise<void> {
    return this.#snapshot.close()
  }
}

type LevelHandle = ReturnType<Level<string, Buffer>['snapshot']>

function openIterator(level: Level<string, Buffer>, snapshot: LevelHandle, bounds: Bounds) {
  return level.iterator<string, Buffer>({
    gte: bounds.from,
    lt: bounds.to,
    limit: bounds.limit ?? -1,
    values: bounds.keysOnly !== true,
    snapshot,
    highWaterMarkBytes: 256 * 1024,
  })
}

class LevelCursor implements Cursor {
  readonly #iterator: ReturnType<typeof openIterator>
  readonly #folder: string

  constructor(level: Level<string, Buffer>, snapshot: LevelHandle, folder: string, bounds: Bounds) {
    this.#folder = folder
    this.#iterator = openIterator(level, snapshot, bounds)
  }

  async next(count: number): Promise<readonly (readonly [string, Buffer])[]> {
    try {
      return await this.#iterator.nextv(count)
    } catch (error) {
      throw explain(error, this.#folder)
    }
  }

  seek(key: string): void {
    this.#iterator.seek(key)
  }

  close(): Promise<void> {
    return this.#iterator.close()
  }
}

/** What people can do about a failure, by what LevelDB and the system say of it. */
const advice: readonly (readonly [RegExp, (folder: string) => string])[] = [
  [
    /LEVEL_LOCKED/,
    (folder) => `the store in ${folder} is in use by another process: stop that one, or choose another folder`,
  ],
  [
    /No space left|ENOSPC|quota exceeded|EDQUOT/i,
    (folder) => `the disk of ${folder} is full: free some space, writing goes on by itself`,
  ],
  [
    // A table that is shorter than it should be is an invalid argument to LevelDB.
    /LEVEL_CORRUPTION|Corruption|\.(?:ldb|sst): Invalid argument/,
    (folder) => `a file of the store in ${folder} is damaged: stop the hub and restore a backup into an empty folder`,
  ],
  [
    /Read-only file system|EROFS/i,
    (folder) => `${folder} is on a read-only disk: mount it writable, or look why it is not`,
  ],
  [
    /Permission denied|EACCES|EPERM/i,
    (folder) => `${folder} may not be read and written by this user: change its owner, or choose another folder`,
  ],
  [
    /Too many open files|EMFILE|ENFILE/i,
    () => 'the process has too many files open: raise its limit (ulimit -n) to at least 2048',
  ],
  [/ENOTDIR|EEXIST|Not a directory/i, (folder) => `${folder} is no folder: choose another`],
  [
    /_NOT_OPEN|LEVEL_ITERATOR|LEVEL_SNAPSHOT/,
    () => 'the store was closed, or opened again after a failed write, while this was read: try again',
  ],
]

/** Makes a StoreUnavailable of whatever LevelDB threw, with its own words behind ours. */
function explain(error: unknown, folder: string): StoreUnavailable {
  // LevelDB's reason stands in the cause of an error that only says that the database is not open; so the inmost comes first.
  const reasons: string[] = []
  for (let at = error; at instanceof Error && reasons.length < 5; at = at.cause)
    reasons.unshift(`${'code' in at ? `${String(at.code)} ` : ''}${at.message}`)
  if (reasons.length === 0) reasons.push(String(error))
  for (const reason of reasons)
    for (const [pattern, sentence] of advice)
      if (pattern.test(reason)) return new StoreUnavailable(`${sentence(folder)} (${reasons[0]})`, error)
  return new StoreUnavailable(`the disk of ${folder} fails: look into the system's log (${reasons[0]})`, error)
}
