import { type JsonNotes, setOwn } from '../json.ts'
import { StatusError } from '../status-error.ts'
import { shapeOf, zeroOfElement } from './go-shape.ts'
import type { Message, MessageField, Scalar } from './messages.ts'
import { canonicalQuantity, canonicalResourceAmount } from './quantity.ts'
import { canonicalMicroTime, canonicalTime } from './time.ts'

/** The way from the root to a value, innermost step first; `struct` is the Go type that has the field. */
export interface Step {
  readonly up: Step | undefined
  readonly struct: string
  readonly field: MessageField
  /** The index in a list or the key in a map, while its elements are read. */
  at: number | string | undefined
}

/** What a walk carries along. */
export interface MessageWalk {
  /** Paths of fields that the type does not have, in the order of the document. */
  readonly unknown: string[]
  readonly notes: JsonNotes | undefined
  /** How many objects the walk is inside of. */
  depth: number
}

/** Nesting beyond which no object is taken: every later walk over stored objects may recurse. */
export const maxObjectDepth = 1_000

/**
 * Reads the JSON of a built-in type as Go does, and returns it as Go would write it: unknown fields gone, values canonical, zeros by the
 * rules of the type. The result shares nothing with the input but the contents of untyped fields (`RawExtension`, `FieldsV1`). Throws
 * BadRequest with the text of Go's decoder at the first value that does not fit.
 */
export function readMessage(
  message: Message,
  value: object,
  walk: MessageWalk,
  up: Step | undefined,
): Record<string, unknown> {
  if (++walk.depth > maxObjectDepth) throw StatusError.badRequest('exceeded max depth')
  const slots: unknown[] = new Array(message.fields.length)
  const source = value as Record<string, unknown>
  let typeMeta: Record<string, unknown> | undefined
  for (const name in source) {
    const slot = message.slots.get(name)
    const field = slot === undefined ? undefined : message.fields[slot]
    if (slot === undefined || field === undefined) {
      if (message.isKind && (name === 'kind' || name === 'apiVersion')) {
        typeMeta ??= readTypeMeta(source)
      } else walk.unknown.push(pathTo(up, name))
      continue
    }
    const content = source[name]
    if (content === null || content === undefined) continue
    slots[slot] = readField(field, content, source, walk, { up, struct: message.struct, field, at: undefined })
  }
  walk.depth--
  const object = shapeOf(message, slots)
  return typeMeta === undefined ? object : { ...typeMeta, ...object }
}

/** What the object says it is, `kind` first, as Go writes it. */
function readTypeMeta(object: Record<string, unknown>): Record<string, unknown> {
  const meta: Record<string, unknown> = {}
  for (const name of ['kind', 'apiVersion']) {
    const value = object[name]
    if (value === undefined || value === null) continue
    if (typeof value !== 'string') {
      throw StatusError.badRequest(
        `json: cannot unmarshal ${jsonKind(value)} into Go struct field .${name} of type string`,
      )
    }
    meta[name] = value
  }
  return meta
}

function readField(field: MessageField, value: unknown, holder: object, walk: MessageWalk, step: Step): unknown {
  if (field.repeated) {
    if (!Array.isArray(value)) {
      // Go reads a list of bytes from text; there is none among the built-in types.
      throw mismatch(value, step, `[]${goTypeOf(field)}`)
    }
    return readList(field, value, walk, step)
  }
  if (field.key !== undefined) {
    if (!isPlainObject(value)) throw mismatch(value, step, mapTypeOf(field, field.key))
    return readMap(field, value, walk, step)
  }
  return readValue(field, value, holder, field.name, walk, step)
}

function readList(field: MessageField, list: readonly unknown[], walk: MessageWalk, step: Step): unknown[] {
  const result: unknown[] = new Array(list.length)
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    step.at = index
    result[index] =
      item === null || item === undefined ? zeroOfElement(field) : readValue(field, item, list, index, walk, step)
  }
  return result
}

/** Go writes maps sorted by key. */
function readMap(
  field: MessageField,
  map: Record<string, unknown>,
  walk: MessageWalk,
  step: Step,
): Record<string, unknown> {
  const names = Object.keys(map)
  const result: Record<string, unknown> = {}
  const read = (name: string): unknown => {
    const value = map[name]
    step.at = name
    return value === null || value === undefined ? zeroOfElement(field) : readValue(field, value, map, name, walk, step)
  }
  if (isSorted(names)) for (const name of names) setOwn(result, name, read(name))
  else {
    // Read in the order of the document, which decides which error is the first, then put in order.
    const values = new Map(names.map((name) => [name, read(name)]))
    for (const name of names.sort()) setOwn(result, name, values.get(name))
  }
  return result
}

function isSorted(names: readonly string[]): boolean {
  for (let index = 1; index < names.length; index++) if ((names[index - 1] ?? '') > (names[index] ?? '')) return false
  return true
}

function readValue(
  field: MessageField,
  value: unknown,
  holder: object,
  key: string | number,
  walk: MessageWalk,
  step: Step,
): unknown {
  const { scalar, message } = field
  if (scalar !== undefined) {
    if (scalar === 'string' && typeof value === 'string') return value
    return readScalar(scalar, value, () => walk.notes?.lexemes.get(holder)?.get(String(key)), step)
  }
  if (message === undefined) return value
  if (message.form === undefined) {
    if (!isPlainObject(value)) throw mismatch(value, step, message.goType)
    return readMessage(message, value, walk, step)
  }
  return readForm(message, value, holder, key, walk, step)
}

function readScalar(scalar: Scalar, value: unknown, lexeme: () => string | undefined, step: Step): unknown {
  switch (scalar) {
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'bytes':
      if (typeof value === 'string') return canonicalBase64(value)
      throw mismatch(value, step, '[]uint8')
    case 'double':
      if (typeof value === 'number') return value
      throw mismatch(value, step, 'float64')
    default:
      if (typeof value === 'number') return readInteger(scalar, value, lexeme(), step)
  }
  throw mismatch(value, step, scalar)
}

function readInteger(scalar: 'int32' | 'int64', value: number, lexeme: string | undefined, step: Step): number {
  const fits = scalar === 'int32' ? value >= -(2 ** 31) && value < 2 ** 31 : value >= -(2 ** 63) && value < 2 ** 63
  if (Number.isInteger(value) && fits && (lexeme === undefined || /^-?\d+$/.test(lexeme)))
    return value === 0 ? 0 : value
  throw mismatch(value, step, scalar, lexeme ?? String(value))
}

/** Base64 as Go reads it (padding required, line breaks allowed) and writes it. */
function canonicalBase64(text: string): string {
  const stripped = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, '') : text
  const [digits = ''] = /^[A-Za-z0-9+/]*/.exec(stripped) ?? []
  const rest = stripped.slice(digits.length)
  const open = digits.length % 4
  if (rest === '' && open === 0) return stripped
  if ((rest === '=' && open === 3) || (rest === '==' && open === 2)) {
    // The unused bits of the last digit are read and forgotten.
    return Buffer.from(stripped, 'base64').toString('base64')
  }
  throw StatusError.badRequest(`illegal base64 data at input byte ${illegalByte(digits.length, rest)}`)
}

/** Where Go gives up: at the group that is not complete, at the first byte that does not belong, or behind the padding. */
function illegalByte(digits: number, rest: string): number {
  const open = digits % 4
  if (rest === '') return digits - open
  if (rest.startsWith('=') && open === 3) return digits + 1
  if (!rest.startsWith('=') || open !== 2) return digits
  return rest.startsWith('==') ? digits + 2 : digits + 1
}

function readForm(
  message: Message,
  value: unknown,
  holder: object,
  key: string | number,
  walk: MessageWalk,
  step: Step,
): unknown {
  switch (message.form) {
    case 'quantity':
      return readQuantity(value, walk.notes?.lexemes.get(holder)?.get(String(key)), step.field.resourceList)
    case 'int-or-string':
      if (typeof value === 'string') return value
      if (typeof value !== 'number') throw mismatch(value, step, 'int32')
      return readInteger('int32', value, walk.notes?.lexemes.get(holder)?.get(String(key)), step)
    case 'time':
      if (typeof value !== 'string') throw mismatch(value, step, 'string')
      return canonicalTime(value)
    case 'microtime':
      if (typeof value !== 'string') throw mismatch(value, step, 'string')
      return canonicalMicroTime(value)
    case 'items':
      if (!Array.isArray(value)) throw mismatch(value, step, message.goType)
      return value.map((item: unknown) => {
        if (typeof item !== 'string') throw mismatch(item, step, 'string')
        return item
      })
    case 'schema-or-array':
    case 'schema-or-bool':
    case 'schema-or-strings':
      return readSchemaOr(message, value, walk, step)
    default:
      return value
  }
}

function readQuantity(value: unknown, lexeme: string | undefined, resource: boolean): string {
  if (typeof value === 'string' || typeof value === 'number') {
    return resource ? canonicalResourceAmount(lexeme ?? value) : canonicalQuantity(lexeme ?? value)
  }
  // Go hands any other JSON to the parser of the text.
  return canonicalQuantity('!')
}

/**
 * A JSON schema, or one of the shorter forms that JSON Schema has in the same place. Go reads these types by hand: unknown fields inside them
 * are dropped without a word, and what is neither form is as if it were absent, but for a boolean.
 */
function readSchemaOr(message: Message, value: unknown, walk: MessageWalk, step: Step): unknown {
  const schema = message.fields.find((field) => field.name === 'schema')?.message
  if (schema === undefined) throw new Error(`${message.name} has no schema`)
  const silent: MessageWalk = { unknown: [], notes: walk.notes, depth: walk.depth }
  if (isPlainObject(value)) return readMessage(schema, value, silent, step)
  switch (message.form) {
    case 'schema-or-bool':
      if (typeof value === 'boolean') return value
      throw StatusError.badRequest('boolean or JSON schema expected')
    case 'schema-or-array':
      if (!Array.isArray(value)) return null
      return value.map((item: unknown) => {
        if (!isPlainObject(item)) throw mismatch(item, step, schema.goType)
        return readMessage(schema, item, silent, step)
      })
    default:
      if (!Array.isArray(value)) return null
      return value.map((item: unknown) => {
        if (typeof item !== 'string') throw mismatch(item, step, 'string')
        return item
      })
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON name of a value's type, as Go's messages have it. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function mapTypeOf(field: MessageField, key: string): string {
  return field.resourceList ? 'v1.ResourceList' : `map[${key}]${goTypeOf(field)}`
}

function goTypeOf(field: MessageField): string {
  if (field.message !== undefined) return field.message.goType
  if (field.scalar === 'bytes') return '[]uint8'
  return field.scalar === 'double' ? 'float64' : (field.scalar ?? 'string')
}

/** `json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool`. */
function mismatch(value: unknown, step: Step, goType: string, number?: string): StatusError {
  const names: string[] = []
  for (let at: Step | undefined = step; at !== undefined; at = at.up) {
    names.unshift(at.field.via === undefined ? at.field.name : `${at.field.via}.${at.field.name}`)
  }
  const what = number === undefined ? jsonKind(value) : `number ${number}`
  return StatusError.badRequest(
    `json: cannot unmarshal ${what} into Go struct field ${step.struct}.${names.join('.')} of type ${goType}`,
  )
}

/** `spec.containers[0].env[1].valu`: where an unknown field stands. */
function pathTo(step: Step | undefined, name: string): string {
  let path = name
  for (let at = step; at !== undefined; at = at.up) {
    const place = typeof at.at === 'number' ? `[${at.at}]` : typeof at.at === 'string' ? `.${at.at}` : ''
    path = `${at.field.name}${place}.${path}`
  }
  return path
}
