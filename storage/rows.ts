import { crc32 } from 'node:zlib'
import type { Revision } from '../src/machinery/revision.ts'
import { keyText, parseKeyText, space, textOfHistoryKey } from './keys.ts'
import type { Draft, Key, Stored } from './store.ts'
import { StoreUnavailable } from './store.ts'

/*
 * What stands in the rows. Every row begins with a CRC-32 of the rest, because LevelDB does not verify its own checksums when it
 * reads: a flipped bit must become an error, never an answer.
 *
 *   value     crc u32 · kind u8 (1 value, 2 last state of a deleted one) · revision f64 · bytes
 *   log       crc u32 · time f64, ms · first revision f64, then for each write in the order of revisions:
 *             kind u8 (1 put, 2 delete) · revision before f64, 0 for none · size u32 · length of key text u32 · key text
 *   number    crc u32 · f64
 *   meta      crc u32 · JSON
 */

const kindAt = 4
const valueRevisionAt = 5
const valueBytesAt = 13

/** A value that knows the row it stands in: the same row moves to the history, uncopied, when the value is replaced. */
export class Version implements Stored {
  readonly key: Key
  readonly revision: Revision
  readonly bytes: Buffer
  /** This is the last state of a value that `revision` deleted. */
  readonly deleted: boolean

  /** `bytes` are the last part of a complete value row. */
  constructor(key: Key, revision: Revision, bytes: Buffer, deleted: boolean) {
    this.key = key
    this.revision = revision
    this.bytes = bytes
    this.deleted = deleted
  }

  /** The row around `bytes`: made when asked for, because many values are kept and few are moved. */
  get row(): Buffer {
    const { buffer, byteOffset, length } = this.bytes
    return Buffer.from(buffer, byteOffset - valueBytesAt, length + valueBytesAt)
  }
}

function damaged(what: string): StoreUnavailable {
  return new StoreUnavailable(`${what} is damaged on disk: stop the hub and restore a backup into an empty folder`)
}

function seal(row: Buffer): Buffer {
  row.writeUInt32BE(crc32(row.subarray(4)), 0)
  return row
}

/** Throws StoreUnavailable when the row is not what was written. */
function verify(row: Buffer, what: string): void {
  if (row.length < 5 || row.readUInt32BE(0) !== crc32(row.subarray(4))) throw damaged(what)
}

// Of a value row, kind and revision are where the sum starts, so that only one view of the row has to be made.
function valueSum(bytes: Buffer, revision: number, deleted: boolean): number {
  return crc32(bytes, ((revision << 1) | (deleted ? 1 : 0)) >>> 0)
}

/** Gives a draft its revision. Throws RangeError when the draft's splice is outside of its bytes. */
export function makeVersion(key: Key, draft: Draft, revision: Revision, deleted: boolean): Version {
  const { bytes, splice } = draft
  if (!(Number.isInteger(splice) && splice >= 0 && splice <= bytes.length))
    throw new RangeError(`splice ${splice} is outside of ${bytes.length} bytes`)
  const digits = String(revision)
  // Not from the shared pool: a value that is kept for long would keep the 64 KiB around it, too.
  const row = Buffer.allocUnsafeSlow(valueBytesAt + bytes.length + digits.length)
  bytes.copy(row, valueBytesAt, 0, splice)
  row.write(digits, valueBytesAt + splice, 'latin1')
  bytes.copy(row, valueBytesAt + splice + digits.length, splice)
  const complete = row.subarray(valueBytesAt)
  row.writeUInt32BE(valueSum(complete, revision, deleted), 0)
  row[kindAt] = deleted ? 2 : 1
  row.writeDoubleBE(revision, valueRevisionAt)
  return new Version(key, revision, complete, deleted)
}

/** Reads a value row. Throws StoreUnavailable when it is damaged. */
export function readVersion(key: Key, row: Buffer): Version {
  const what = () => `the value of ${key.type} ${key.namespace}/${key.name}`
  if (row.length < valueBytesAt) throw damaged(what())
  const bytes = row.subarray(valueBytesAt)
  const revision = row.readDoubleBE(valueRevisionAt)
  const deleted = row[kindAt] === 2
  if (row.readUInt32BE(0) !== valueSum(bytes, revision, deleted)) throw damaged(what())
  return new Version(key, revision as Revision, bytes, deleted)
}

/** What a write did, without its bytes: those are in the current or the history row of its key. */
export interface LogEntry {
  readonly type: 'put' | 'delete'
  /** The text of its key. */
  readonly text: string
  /** The revision of the value before; 0 for none. */
  readonly previous: Revision
  /** How many bytes its value has. */
  readonly size: number
}

/** A log entry with what the row says of all its entries. */
export interface PlacedLogEntry extends LogEntry {
  readonly revision: Revision
  readonly key: Key
  /** When it was written, in milliseconds since 1970. */
  readonly timeMs: number
  /** The last of its row: the row's key has its revision. */
  readonly last: boolean
}

const logEntriesAt = 20
const entryHeadLength = 17

/** One row for the writes of a batch, whose revisions follow each other. */
export function makeLogRow(first: Revision, timeMs: number, entries: readonly LogEntry[]): Buffer {
  let length = logEntriesAt
  for (const { text } of entries) length += entryHeadLength + Buffer.byteLength(text)
  const row = Buffer.allocUnsafe(length)
  row.writeDoubleBE(timeMs, 4)
  row.writeDoubleBE(first, 12)
  let at = logEntriesAt
  for (const { type, text, previous, size } of entries) {
    const textLength = row.write(text, at + entryHeadLength, 'utf8')
    row[at] = type === 'put' ? 1 : 2
    row.writeDoubleBE(previous, at + 1)
    row.writeUInt32BE(size, at + 9)
    row.writeUInt32BE(textLength, at + 13)
    at += entryHeadLength + textLength
  }
  return seal(row)
}

/** Reads the first revision of a log row. Throws StoreUnavailable when it is damaged. */
export function firstOfLogRow(row: Buffer): Revision {
  verify(row, 'the log of writes')
  return row.readDoubleBE(12) as Revision
}

/** Reads a log row, leaving out what is not after a revision. Throws StoreUnavailable when it is damaged. */
export function readLogRow(row: Buffer, after: Revision): PlacedLogEntry[] {
  const first = firstOfLogRow(row)
  const timeMs = row.readDoubleBE(4)
  const entries: PlacedLogEntry[] = []
  for (let at = logEntriesAt, revision = first; at < row.length; revision = (revision + 1) as Revision) {
    const textAt = at + entryHeadLength
    const end = textAt + row.readUInt32BE(at + 13)
    if (revision > after) {
      const key = parseKeyText(row.toString('utf8', textAt, end))
      entries.push({
        type: row[at] === 1 ? 'put' : 'delete',
        revision,
        key,
        text: keyText(key),
        timeMs,
        previous: row.readDoubleBE(at + 1) as Revision,
        size: row.readUInt32BE(at + 9),
        last: end >= row.length,
      })
    }
    at = end
  }
  return entries
}

/** A counter's row. */
export function makeCountRow(count: number): Buffer {
  const row = Buffer.allocUnsafe(12)
  row.writeDoubleBE(count, 4)
  return seal(row)
}

/** Reads a counter; no row counts as 0. Throws StoreUnavailable when it is damaged. */
export function readCountRow(row: Buffer | undefined): number {
  if (row === undefined) return 0
  verify(row, 'a counter of keys')
  return row.readDoubleBE(4)
}

/** What a store knows of itself. */
export interface Meta {
  /** The layout of the rows; a store with a larger number was written by a newer hub. */
  readonly format: number
  readonly revision: Revision
  /** The first revision that can still be read at or followed from. */
  readonly oldest: Revision
  /** What only revisions up to this one needed has been deleted; never more than `oldest`. */
  readonly swept: Revision
}

/** The layout that this code writes. */
export const currentFormat = 1

export function makeMetaRow(meta: Meta): Buffer {
  return seal(Buffer.from(`0000${JSON.stringify(meta)}`))
}

/** Reads the meta row. Throws StoreUnavailable when it is damaged or of a format that this code does not know. */
export function readMetaRow(row: Buffer): Meta {
  verify(row, 'the head of the store')
  const meta: Meta = JSON.parse(row.toString('utf8', 4))
  if (meta.format > currentFormat)
    throw new StoreUnavailable(
      `the store has format ${meta.format}, this hub knows formats up to ${currentFormat}: start the newer hub that wrote it`,
    )
  return meta
}

/** Checks a row of any kind as it is copied. Throws StoreUnavailable when it is damaged. */
export function verifyRow(rowKey: string, row: Buffer): void {
  if (rowKey.startsWith(space.current)) readVersion(parseKeyText(rowKey.slice(1)), row)
  else if (rowKey.startsWith(space.history)) readVersion(parseKeyText(textOfHistoryKey(rowKey)), row)
  else verify(row, 'a row')
}
