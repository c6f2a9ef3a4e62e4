import fc from 'fast-check'
import { zeroOf } from '../../../src/machinery/schema/go-shape.ts'
import { type Message, type MessageField, messageOfKind } from '../../../src/machinery/schema/messages.ts'
import { printMicroTime, printTime } from '../../../src/machinery/schema/time.ts'

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'a', '__proto__', 'constructor'),
)
const words = fc.oneof(fc.stringMatching(/^[a-z]{1,8}$/), fc.constant('__proto__'))
const seconds = fc.integer({ min: 0, max: 4_102_444_800 })
const quantities = fc.constantFrom('0', '1', '100m', '1536Mi', '1Gi', '2e3', '500k')

/** Objects of a built-in kind, in the shape in which the hub keeps them: what its schema allows, filled at random. */
export function arbitraryObject(apiVersion: string, kind: string): fc.Arbitrary<Record<string, unknown>> {
  const message = messageOfKind(apiVersion, kind)
  if (message === undefined) throw new Error(`${apiVersion} ${kind} has no message`)
  return messageValue(message, 5).map((fields) => ({ kind, apiVersion, ...(fields as Record<string, unknown>) }))
}

function messageValue(message: Message, depth: number): fc.Arbitrary<unknown> {
  switch (message.form) {
    case undefined:
      return structOf(message, depth)
    case 'quantity':
      return quantities
    case 'int-or-string':
      return fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), texts)
    case 'time':
      return seconds.map((value) => printTime({ seconds: value, nanos: 0 }))
    case 'microtime':
      return fc
        .tuple(seconds, fc.integer({ min: 0, max: 999_999 }))
        .map(([value, micros]) => printMicroTime({ seconds: value, nanos: micros * 1000 }))
    case 'items':
      return fc.array(texts, { minLength: 1, maxLength: 3 })
    case 'raw':
      return fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value ?? {})) as unknown)
    case 'schema-or-bool':
      return depth > 0 ? fc.oneof(fc.boolean(), schemaIn(message, depth)) : fc.boolean()
    case 'schema-or-array':
      return depth > 0
        ? fc.oneof(schemaIn(message, depth), fc.array(schemaIn(message, depth), { minLength: 1, maxLength: 2 }))
        : fc.constant({})
    case 'schema-or-strings':
      return fc.array(texts, { minLength: 1, maxLength: 3 })
    default:
      throw new Error(`${message.name} is not part of objects`)
  }
}

function schemaIn(message: Message, depth: number): fc.Arbitrary<unknown> {
  const schema = message.fields.find((field) => field.name === 'schema')?.message
  return schema === undefined ? fc.constant({}) : structOf(schema, depth - 2)
}

function structOf(message: Message, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const field of message.fields) {
    const zero = fc.constant(field).map(zeroOf)
    // Deep down only what must stand stands; most fields are absent, so that objects stay small.
    fields[field.name] =
      depth <= 0 ? zero : fc.oneof({ weight: 3, arbitrary: zero }, { weight: 1, arbitrary: fieldValue(field, depth) })
  }
  return fc
    .record(fields)
    .map((object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)))
}

function fieldValue(field: MessageField, depth: number): fc.Arbitrary<unknown> {
  const element = () => (field.message === undefined ? scalarOf(field) : lazily(field.message, depth - 1))
  if (field.repeated) return fc.array(element(), { minLength: 1, maxLength: 2 })
  if (field.key !== undefined) {
    return fc.uniqueArray(words, { minLength: 1, maxLength: 3 }).chain((names) =>
      fc.tuple(...names.map(element)).map((values) => {
        const entries = names.map((name, index) => [name, values[index]] as const)
        return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
      }),
    )
  }
  const value = element()
  // What equals the zero is left out of an object unless its type tells the two apart.
  if (field.pointer || field.message !== undefined || !field.omitEmpty)
    return field.scalar === 'bytes' ? nonEmpty(value) : value
  return nonEmpty(value)
}

const nonEmpty = (value: fc.Arbitrary<unknown>) => value.filter((one) => one !== '' && one !== 0 && one !== false)

/** Types lead back to themselves, so an arbitrary is made when it is needed. */
function lazily(message: Message, depth: number): fc.Arbitrary<unknown> {
  return fc.constant(undefined).chain(() => messageValue(message, depth))
}

function scalarOf(field: MessageField): fc.Arbitrary<unknown> {
  switch (field.scalar) {
    case 'bool':
      return fc.boolean()
    case 'bytes':
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
    case 'int32':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    case 'int64':
      return fc.maxSafeInteger()
    default:
      return texts
  }
}
