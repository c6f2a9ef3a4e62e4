import { crc32 } from 'node:zlib'
import type { Revision } from '../src/machinery/revision.ts'
import { keyText, parseKeyText } from './keys.ts'
import type { Draft, Key, Stored } from './store.ts'
import { StoreUnavailable } from './store.ts'

/*
 * What stands in the rows. Every row begins with the CRC-32 of the rest, because LevelDB does not verify its own checksums when it
 * reads: a flipped bit must become an error, never an answer.
 *
 *   value     crc u32 · kind u8 (1 value, 2 last state of a deleted one) · revision f64 · bytes
 *   log       crc u32 · kind u8 (1 put, 2 delete) · time f64, ms · revision before f64, 0 for none · size u32 · key text
 *   number    crc u32 · f64
 *   meta      crc u32 · JSON
 */

const kindAt = 4
const valueRevisionAt = 5
const valueBytesAt = 13

/** A value with the row that holds it: the same row moves to the history, uncopied, when the value is replaced. */
export interface Version extends Stored {
  readonly row: Buffer
  /** This is the last state of a value that `revision` deleted. */
  readonly deleted: boolean
}

function seal(row: Buffer): Buffer {
  row.writeUInt32BE(crc32(row.subarray(4)), 0)
  return row
}

/** Throws StoreUnavailable when the row is not what was written. */
function verify(row: Buffer, what: string): void {
  if (row.length >= 5 && row.readUInt32BE(0) === crc32(row.subarray(4))) return
  throw new StoreUnavailable(`${what} is damaged on disk: stop the hub and restore a backup into an empty folder`)
}

/** Gives a draft its revision. Throws RangeError when the draft's splice is outside of its bytes. */
export function makeVersion(key: Key, draft: Draft, revision: Revision, deleted: boolean): Version {
  const { bytes, splice } = draft
  if (!(Number.isInteger(splice) && splice >= 0 && splice <= bytes.length))
    throw new RangeError(`splice ${splice} is outside of ${bytes.length} bytes`)
  const digits = String(revision)
  const row = Buffer.allocUnsafe(valueBytesAt + bytes.length + digits.length)
  row[kindAt] = deleted ? 2 : 1
  row.writeDoubleBE(revision, valueRevisionAt)
  bytes.copy(row, valueBytesAt, 0, splice)
  row.write(digits, valueBytesAt + splice, 'latin1')
  bytes.copy(row, valueBytesAt + splice + digits.length, splice)
  return { key, revision, bytes: row.subarray(valueBytesAt), row: seal(row), deleted }
}

/** Reads a value row. Throws StoreUnavailable when it is damaged. */
export function readVersion(key: Key, row: Buffer): Version {
  verify(row, `the value of ${key.type} ${key.namespace}/${key.name}`)
  return {
    key,
    revision: row.readDoubleBE(valueRevisionAt) as Revision,
    bytes: row.subarray(valueBytesAt),
    row,
    deleted: row[kindAt] === 2,
  }
}

/** What a write did, without its bytes: those are in the current or the history row of its key. */
export interface LogEntry {
  readonly type: 'put' | 'delete'
  readonly key: Key
  readonly text: string
  /** When it was written, in milliseconds since 1970. */
  readonly timeMs: number
  /** The revision of the value before; 0 for none. */
  readonly previous: Revision
  /** How many bytes its value has. */
  readonly size: number
}

const logKeyAt = 25

/** The row of a log entry; `text` is the text of its key. */
export function makeLogRow(entry: Omit<LogEntry, 'key'>): Buffer {
  const row = Buffer.allocUnsafe(logKeyAt + Buffer.byteLength(entry.text))
  row[kindAt] = entry.type === 'put' ? 1 : 2
  row.writeDoubleBE(entry.timeMs, 5)
  row.writeDoubleBE(entry.previous, 13)
  row.writeUInt32BE(entry.size, 21)
  row.write(entry.text, logKeyAt, 'utf8')
  return seal(row)
}

/** Reads a log row. Throws StoreUnavailable when it is damaged. */
export function readLogRow(row: Buffer): LogEntry {
  verify(row, 'the log of writes')
  const key = parseKeyText(row.toString('utf8', logKeyAt))
  return {
    type: row[kindAt] === 1 ? 'put' : 'delete',
    key,
    text: keyText(key),
    timeMs: row.readDoubleBE(5),
    previous: row.readDoubleBE(13) as Revision,
    size: row.readUInt32BE(21),
  }
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
export function verifyRow(row: Buffer): void {
  verify(row, 'a row')
}
