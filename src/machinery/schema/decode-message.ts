import { parseJson, setOwn } from '../json.ts'
import { StatusError } from '../status-error.ts'
import { shapeOf, zeroOfElement } from './go-shape.ts'
import type { Message, MessageField, Scalar } from './messages.ts'
import { int32Of, type Reader, wireType } from './protobuf-bytes.ts'
import { canonicalQuantity, canonicalResourceAmount } from './quantity.ts'
import { maxObjectDepth } from './read-message.ts'
import { printMicroTime, printTime } from './time.ts'

/** Reads the body of a message as the JSON that Go writes for it. Throws BadRequest with the texts of Go's generated code. */
export function decodeMessage(message: Message, reader: Reader, depth = 1): Record<string, unknown> {
  const slots: unknown[] = new Array(message.fields.length)
  decodeInto(message, reader, slots, 0, depth)
  return shapeOf(message, slots)
}

function decodeInto(message: Message, reader: Reader, slots: unknown[], base: number, depth: number): void {
  if (depth > maxObjectDepth) throw StatusError.badRequest('proto: exceeded max depth')
  while (!reader.atEnd) {
    const { number, type } = reader.tag(message.struct)
    const part = message.byNumber.get(number)
    if (part === undefined) {
      reader.skip(type)
      continue
    }
    const slot = base + part.slot
    if ('inline' in part) {
      if (type !== wireType.bytes) throw wrongType(type, part.inline.struct)
      decodeInto(part.inline, reader.message(), slots, slot, depth + 1)
      continue
    }
    const { field } = part
    if (type !== wireTypeOf(field)) throw wrongType(type, goFieldName(field))
    if (field.repeated) {
      const list = slots[slot]
      const value = decodeElement(field, reader, depth)
      if (Array.isArray(list)) list.push(value)
      else slots[slot] = [value]
    } else if (field.key !== undefined) {
      slots[slot] ??= {}
      decodeEntry(field, reader.message(), slots[slot] as Record<string, unknown>, depth)
    } else slots[slot] = decodeElement(field, reader, depth)
  }
}

/** `metadata` is the Go field `ObjectMeta` where its type is embedded; Go's texts name the field, which is the JSON name in capitals. */
function goFieldName(field: MessageField): string {
  if (field.message?.struct === 'ObjectMeta' || field.message?.struct === 'ListMeta') return field.message.struct
  return field.goName.charAt(0).toUpperCase() + field.goName.slice(1)
}

function wrongType(type: number, name: string): StatusError {
  return StatusError.badRequest(`proto: wrong wireType = ${type} for field ${name}`)
}

function wireTypeOf(field: MessageField): number {
  if (field.key !== undefined || field.message !== undefined) return wireType.bytes
  switch (field.scalar) {
    case 'string':
    case 'bytes':
      return wireType.bytes
    case 'double':
      return wireType.fixed64
    default:
      return wireType.varint
  }
}

function decodeEntry(field: MessageField, reader: Reader, map: Record<string, unknown>, depth: number): void {
  let key = ''
  let value: unknown
  while (!reader.atEnd) {
    const { number, type } = reader.tag('entry')
    if (number === 1 && type === wireType.bytes) key = reader.text()
    else if (number === 2 && type === (field.message === undefined ? wireTypeOf({ ...field, key: undefined }) : 2)) {
      value = decodeElement(field, reader, depth)
    } else reader.skip(type)
  }
  if (value === undefined) setOwn(map, key, zeroOfElement(field))
  else setOwn(map, key, field.resourceList && typeof value === 'string' ? canonicalResourceAmount(value) : value)
}

function decodeElement(field: MessageField, reader: Reader, depth: number): unknown {
  const { message } = field
  if (message === undefined) return decodeScalar(field.scalar ?? 'string', reader)
  if (message.form === undefined) return decodeMessage(message, reader.message(), depth + 1)
  return decodeForm(message, reader.message(), depth + 1)
}

function decodeScalar(scalar: Scalar, reader: Reader): unknown {
  switch (scalar) {
    case 'string':
      return reader.text()
    case 'bytes':
      return reader.bytes().toString('base64')
    case 'bool':
      return reader.unsigned() !== 0
    case 'double':
      return reader.double()
    case 'int32':
      return int32Of(reader.signed())
    default:
      return reader.signed()
  }
}

/** The values of the fields of a small message, by number: lists where a number may repeat. */
function decodeParts(message: Message, reader: Reader, depth: number): Map<string, unknown> {
  const parts = new Map<string, unknown>()
  while (!reader.atEnd) {
    const { number, type } = reader.tag(message.struct)
    const part = message.byNumber.get(number)
    if (part === undefined || !('field' in part)) {
      reader.skip(type)
      continue
    }
    const { field } = part
    if (type !== wireTypeOf(field)) throw wrongType(type, goFieldName(field))
    const value = field.scalar === 'bytes' ? reader.bytes() : decodeElement(field, reader, depth)
    const list = parts.get(field.name)
    if (!field.repeated) parts.set(field.name, value)
    else if (Array.isArray(list)) list.push(value)
    else parts.set(field.name, [value])
  }
  return parts
}

function decodeForm(message: Message, reader: Reader, depth: number): unknown {
  if (depth > maxObjectDepth) throw StatusError.badRequest('proto: exceeded max depth')
  const parts = decodeParts(message, reader, depth)
  switch (message.form) {
    case 'quantity':
      return decodeQuantity(parts.get('string'))
    case 'int-or-string':
      return parts.get('type') === 1 ? (parts.get('strVal') ?? '') : (parts.get('intVal') ?? 0)
    case 'time':
      return decodeInstant(parts, 'time')
    case 'microtime':
      return decodeInstant(parts, 'microtime')
    case 'items':
      return parts.get('items') ?? null
    case 'raw':
      return decodeRaw(parts)
    case 'schema-or-bool':
      return parts.get('schema') ?? parts.get('allows') ?? false
    case 'schema-or-array':
      return parts.get('schema') ?? parts.get('jSONSchemas') ?? null
    case 'schema-or-strings':
      return parts.get('schema') ?? parts.get('property') ?? null
    default:
      throw new Error(`${message.name} has no JSON form to read`)
  }
}

function decodeQuantity(text: unknown): string {
  return typeof text === 'string' && text !== '' ? canonicalQuantity(text) : '0'
}

/** An empty message is the zero time. */
function decodeInstant(parts: ReadonlyMap<string, unknown>, form: 'time' | 'microtime'): string | null {
  const seconds = parts.get('seconds')
  const nanos = parts.get('nanos')
  if (seconds === undefined && nanos === undefined) return null
  const instant = {
    seconds: typeof seconds === 'number' ? seconds : 0,
    nanos: typeof nanos === 'number' && nanos >= 0 && nanos < 1e9 ? nanos : 0,
  }
  return form === 'time' ? printTime(instant) : printMicroTime(instant)
}

/** Untyped fields hold JSON text. */
function decodeRaw(parts: ReadonlyMap<string, unknown>): unknown {
  const raw = parts.get('raw') ?? parts.get('Raw')
  if (!(raw instanceof Buffer) || raw.length === 0) return null
  return parseJson(raw.toString('utf8')).value
}
