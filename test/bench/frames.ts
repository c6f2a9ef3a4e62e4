/*
 * As much of HTTP/2 (RFC 9113) and HPACK (RFC 7541) as a load client needs that talks to servers it trusts.
 */

export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const
export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const

/** The window of a connection before anybody opens it further, and the largest that there is. */
export const initialWindowBytes = 65_535
export const windowBytes = 2 ** 31 - 1

const headLength = 9

/** One frame as bytes. */
export function frame(type: number, set: number, id: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headLength + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = set
  bytes.writeUInt32BE(id, 5)
  payload.copy(bytes, headLength)
  return bytes
}

/** A frame that came, or a part of one. */
export interface Frame {
  readonly type: number
  /** Those of the frame when this is its last part, without `endStream` before. */
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

/** Cuts what comes from a socket into frames. Data comes in parts, as it comes, so that nothing large is copied; other frames come whole. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  #at = 0
  /** The data frame that is being read, and how much of it is still to come. */
  #data: { readonly flags: number; readonly id: number; left: number } | undefined

  push(chunk: Buffer): void {
    this.#rest = this.#at === this.#rest.length ? chunk : Buffer.concat([this.#rest.subarray(this.#at), chunk])
    this.#at = 0
  }

  /** The next frame or part; undefined when more bytes have to come first. */
  next(): Frame | undefined {
    if (this.#data !== undefined) return this.#part(this.#data)
    const [rest, at] = [this.#rest, this.#at]
    if (rest.length - at < headLength) return undefined
    const length = rest.readUIntBE(at, 3)
    const type = rest[at + 3] ?? 0
    const set = rest[at + 4] ?? 0
    const id = rest.readUInt32BE(at + 5) & windowBytes
    if (type === frameTypes.data && length > 0) {
      this.#at = at + headLength
      this.#data = { flags: set, id, left: length }
      return this.#part(this.#data)
    }
    const end = at + headLength + length
    if (rest.length < end) return undefined
    this.#at = end
    return { type, flags: set, id, payload: rest.subarray(at + headLength, end) }
  }

  #part(data: { readonly flags: number; readonly id: number; left: number }): Frame | undefined {
    const end = Math.min(this.#rest.length, this.#at + data.left)
    if (end === this.#at) return undefined
    const payload = this.#rest.subarray(this.#at, end)
    this.#at = end
    data.left -= payload.length
    if (data.left > 0) return { type: frameTypes.data, flags: data.flags & ~flags.endStream, id: data.id, payload }
    this.#data = undefined
    return { type: frameTypes.data, flags: data.flags, id: data.id, payload }
  }
}

/** Headers as literals without an index, so that no table has to be kept. Values are ASCII. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  let block = ''
  for (const [name, value] of Object.entries(headers)) block += `\0${counted(name)}${counted(value)}`
  return Buffer.from(block, 'latin1')
}

function counted(text: string): string {
  if (text.length < 127) return String.fromCharCode(text.length) + text
  let head = '\x7f'
  let left = text.length - 127
  for (; left >= 128; left = Math.floor(left / 128)) head += String.fromCharCode((left % 128) + 128)
  return head + String.fromCharCode(left) + text
}

/** Statuses with an entry of their own in the static table. */
const indexedStatus: Readonly<Record<number, number>> = {
  136: 200,
  137: 204,
  138: 206,
  139: 304,
  140: 400,
  141: 404,
  142: 500,
}

/** The status of a response from its header block, whose first field it is; 0 where it is written in a way that no server here uses. */
export function statusOf(block: Buffer): number {
  // Sizes of the table come first, when they change.
  let at = 0
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++
  const first = block[at] ?? 0
  const indexed = indexedStatus[first]
  if (indexed !== undefined) return indexed
  // A literal under the name at index 8 to 14: with an index, without, or never with one.
  const name = (first & 0xc0) === 0x40 ? first & 0x3f : first & 0x0f
  if (name < 8 || name > 14) return 0
  const head = block[at + 1] ?? 0
  const value = block.subarray(at + 2, at + 2 + (head & 0x7f))
  return Number((head & 0x80) === 0 ? value.toString('latin1') : digits(value))
}

/** Digits in the Huffman code of HPACK: 0 to 2 have five bits, the others six. */
function digits(value: Buffer): string {
  const bits = [...value].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let found = ''
  let at = 0
  while (found.length < 3) {
    const short = Number.parseInt(bits.slice(at, at + 5), 2)
    const isShort = short <= 2
    found += isShort ? short : Number.parseInt(bits.slice(at, at + 6), 2) - 22
    at += isShort ? 5 : 6
  }
  return found
}
