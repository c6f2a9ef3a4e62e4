import { StatusError } from '../status-error.ts'

/** Wire types of protobuf encoding. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const twoTo32 = 2 ** 32

/**
 * Writes protobuf from the last byte to the first, as Kubernetes does: the length of a message is known when it has been written, so nothing
 * is measured beforehand. Callers write the fields of a message in reverse order.
 */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(1024)
  #start = this.#buffer.length

  /** Bytes written so far: the difference of two readings is the length of what was written between them. */
  get length(): number {
    return this.#buffer.length - this.#start
  }

  /** What was written. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#start)
  }

  tag(number: number, type: number): void {
    this.unsigned(number * 8 + type)
  }

  /** A varint of a number from 0 to 2^53. */
  unsigned(value: number): void {
    let size = 1
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
    let at = this.#reserve(size)
    let rest = value
    while (rest >= 128) {
      this.#buffer[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at] = rest
  }

  /** A signed integer as int32 and int64 are written: negative ones take ten bytes. */
  signed(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.unsigned(value)
      return
    }
    let rest = BigInt.asUintN(64, BigInt(value))
    const bytes: number[] = []
    while (rest >= 128n) {
      bytes.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    this.#buffer.set(bytes, this.#reserve(bytes.length))
  }

  double(value: number): void {
    const at = this.#reserve(8) // before the buffer is read: it may be replaced
    this.#buffer.writeDoubleLE(value, at)
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  text(value: string): void {
    const size = Buffer.byteLength(value)
    const at = this.#reserve(size)
    this.#buffer.write(value, at)
  }

  #reserve(size: number): number {
    if (size > this.#start) {
      const used = this.length
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + size))
      this.#buffer.copy(larger, larger.length - used, this.#start)
      this.#buffer = larger
      this.#start = larger.length - used
    }
    this.#start -= size
    return this.#start
  }
}

/** Reads protobuf between two offsets of a buffer. Throws BadRequest with the texts of Go's generated code. */
export class Reader {
  readonly #buffer: Buffer
  #at: number
  readonly #end: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer
    this.#at = start
    this.#end = end
  }

  get atEnd(): boolean {
    return this.#at >= this.#end
  }

  /** The number and wire type of the next field. `message` names the type that is being read. */
  tag(message: string): { readonly number: number; readonly type: number } {
    const tag = this.unsigned()
    const number = Math.floor(tag / 8)
    const type = tag % 8
    if (type === 4) throw StatusError.badRequest(`proto: ${message}: wiretype end group for non-group`)
    if (number <= 0) throw StatusError.badRequest(`proto: ${message}: illegal tag ${number} (wire type ${tag})`)
    return { number, type }
  }

  /** A varint; beyond 2^53 the nearest double. */
  unsigned(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw StatusError.badRequest('proto: integer overflow')
  }

  /** A signed integer of 64 bits; beyond 2^53 the nearest double. */
  signed(): number {
    let low = 0 // 28 bits
    let middle = 0 // 28 bits
    let high = 0 // 8 bits
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (count < 4) low += bits * 128 ** count
      else if (count < 8) middle += bits * 128 ** (count - 4)
      else high += bits * 128 ** (count - 8)
      if (byte < 0x80) return signedOf(low, middle, high % 256)
    }
    throw StatusError.badRequest('proto: integer overflow')
  }

  double(): number {
    const at = this.#take(8)
    return this.#buffer.readDoubleLE(at)
  }

  text(): string {
    const length = this.unsigned()
    const at = this.#take(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  bytes(): Buffer {
    const length = this.unsigned()
    const at = this.#take(length)
    return this.#buffer.subarray(at, at + length)
  }

  /** A reader of the embedded message that comes next. */
  message(): Reader {
    const length = this.unsigned()
    const at = this.#take(length)
    return new Reader(this.#buffer, at, at + length)
  }

  /** Passes over a field that nobody knows. Groups are skipped with what they hold. */
  skip(type: number): void {
    let depth = 0
    let next = type
    do {
      if (next === wireType.varint) this.unsigned()
      else if (next === wireType.fixed64) this.#take(8)
      else if (next === wireType.fixed32) this.#take(4)
      else if (next === wireType.bytes) this.#take(this.unsigned())
      else if (next === 3) depth++
      else if (next === 4) depth--
      else throw StatusError.badRequest(`proto: illegal wireType ${next}`)
      if (depth > 0) next = this.unsigned() % 8
    } while (depth > 0)
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#buffer[this.#at] : undefined
    if (byte === undefined) throw StatusError.badRequest('unexpected EOF')
    this.#at++
    return byte
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw StatusError.badRequest('unexpected EOF')
    this.#at = at + length
    return at
  }
}

function signedOf(low: number, middle: number, high: number): number {
  const negative = high >= 128
  if (!negative) return low + middle * 2 ** 28 + high * 2 ** 56
  // The complement keeps small negative numbers exact.
  const inverted = 2 ** 28 - 1 - low + (2 ** 28 - 1 - middle) * 2 ** 28 + (255 - high) * 2 ** 56
  return -(inverted + 1)
}

/** The low 32 bits of an integer, with their sign: what Go keeps of an int32 that was sent too large. */
export function int32Of(value: number): number {
  const bits = ((value % twoTo32) + twoTo32) % twoTo32
  return bits >= 2 ** 31 ? bits - twoTo32 : bits
}
