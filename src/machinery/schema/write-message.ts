import { isObject } from '../object.ts'
import type { Message, MessageField, Scalar } from './messages.ts'
import { type BackwardWriter, wireType } from './protobuf-bytes.ts'
import { instantOf } from './time.ts'

/**
 * Writes the fields of an object as the body of a message, in the bytes that Kubernetes' generated code makes: fields by number, maps by key,
 * fields that are no pointers even when they are zero. The object is one that the hub has made canonical; what does not fit its type is
 * written as zero.
 */
export function writeMessage(writer: BackwardWriter, message: Message, object: Record<string, unknown>): void {
  for (let index = message.wire.length - 1; index >= 0; index--) {
    const part = message.wire[index]
    if (part === undefined) continue
    if ('field' in part) writeField(writer, part.field, object[part.field.name])
    else embedded(writer, part.number, () => writeMessage(writer, part.inline, object))
  }
}

function embedded(writer: BackwardWriter, number: number, write: () => void): void {
  const before = writer.length
  write()
  writer.unsigned(writer.length - before)
  writer.tag(number, wireType.bytes)
}

function writeField(writer: BackwardWriter, field: MessageField, value: unknown): void {
  const { number } = field
  if (field.repeated) {
    if (!Array.isArray(value)) return
    for (let index = value.length - 1; index >= 0; index--) writeElement(writer, field, number, value[index])
    return
  }
  if (field.key !== undefined) {
    if (isObject(value)) writeMap(writer, field, value)
    return
  }
  if (value === undefined || value === null) {
    if (field.pointer || field.scalar === 'bytes') return
    writeElement(writer, field, number, undefined)
    return
  }
  writeElement(writer, field, number, value)
}

function writeMap(writer: BackwardWriter, field: MessageField, map: Record<string, unknown>): void {
  const names = Object.keys(map).sort()
  for (let index = names.length - 1; index >= 0; index--) {
    const name = names[index] ?? ''
    embedded(writer, field.number, () => {
      writeElement(writer, field, 2, map[name])
      writeScalar(writer, field.key ?? 'string', 1, name)
    })
  }
}

function writeElement(writer: BackwardWriter, field: MessageField, number: number, value: unknown): void {
  const { message, scalar } = field
  if (message === undefined) writeScalar(writer, scalar ?? 'string', number, value)
  else if (message.form === undefined) {
    embedded(writer, number, () => writeMessage(writer, message, isObject(value) ? value : {}))
  } else embedded(writer, number, () => writeForm(writer, message, value))
}

function writeScalar(writer: BackwardWriter, scalar: Scalar, number: number, value: unknown): void {
  switch (scalar) {
    case 'string':
      embedded(writer, number, () => writer.text(typeof value === 'string' ? value : ''))
      return
    case 'bytes':
      embedded(writer, number, () => writer.bytes(Buffer.from(typeof value === 'string' ? value : '', 'base64')))
      return
    case 'bool':
      writer.unsigned(value === true ? 1 : 0)
      writer.tag(number, wireType.varint)
      return
    case 'double':
      writer.double(typeof value === 'number' ? value : 0)
      writer.tag(number, wireType.fixed64)
      return
    default:
      writer.signed(typeof value === 'number' ? value : 0)
      writer.tag(number, wireType.varint)
  }
}

function writeForm(writer: BackwardWriter, message: Message, value: unknown): void {
  switch (message.form) {
    case 'quantity':
      writeScalar(writer, 'string', 1, typeof value === 'string' ? value : '0')
      return
    case 'int-or-string':
      writeScalar(writer, 'string', 3, typeof value === 'string' ? value : '')
      writeScalar(writer, 'int32', 2, typeof value === 'number' ? value : 0)
      writeScalar(writer, 'int64', 1, typeof value === 'string' ? 1 : 0)
      return
    case 'time':
    case 'microtime':
      if (typeof value === 'string') writeInstant(writer, message.form, value)
      return
    case 'items':
      if (Array.isArray(value)) {
        for (let index = value.length - 1; index >= 0; index--) writeScalar(writer, 'string', 1, value[index])
      }
      return
    case 'raw':
      if (value !== undefined && value !== null) {
        embedded(writer, 1, () => writer.text(JSON.stringify(value)))
      }
      return
    case 'schema-or-array':
    case 'schema-or-bool':
    case 'schema-or-strings':
      writeSchemaOr(writer, message, value)
      return
    default:
      throw new Error(`${message.name} has no JSON form to write`)
  }
}

/** Only microseconds travel; whole-second times have no other digits. */
function writeInstant(writer: BackwardWriter, form: 'time' | 'microtime', text: string): void {
  const { seconds, nanos } = instantOf(text)
  writeScalar(writer, 'int32', 2, form === 'microtime' ? nanos : 0)
  writeScalar(writer, 'int64', 1, seconds)
}

function writeSchemaOr(writer: BackwardWriter, message: Message, value: unknown): void {
  for (let index = message.wire.length - 1; index >= 0; index--) {
    const part = message.wire[index]
    if (part === undefined || !('field' in part)) continue
    const { field } = part
    if (field.name === 'schema') {
      if (isObject(value)) writeElement(writer, field, field.number, value)
    } else if (field.name === 'allows') {
      writeScalar(writer, 'bool', field.number, value === true || isObject(value))
    } else if (Array.isArray(value)) {
      for (let item = value.length - 1; item >= 0; item--) writeElement(writer, field, field.number, value[item])
    }
  }
}
