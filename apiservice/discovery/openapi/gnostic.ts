import { isObject } from '../../../src/machinery/object.ts'
import { BackwardWriter, wireType } from '../../../src/machinery/schema/protobuf-bytes.ts'
import { printYaml } from '../../../src/machinery/yaml.ts'
import type { SwaggerDocument } from './swagger.ts'

/** How a part of a document is written. Writers go from the last byte to the first. */
interface Codec {
  readonly wire: number
  readonly write: (writer: BackwardWriter, value: unknown) => void
}

/** A field of a message: where its value stands in JSON, its number, and how it is written. */
interface Field {
  readonly key: string
  readonly number: number
  readonly codec: Codec
  readonly repeated: boolean
}

const text: Codec = { wire: wireType.bytes, write: (writer, value) => writer.text(String(value)) }
const flag: Codec = { wire: wireType.varint, write: (writer, value) => writer.unsigned(value === true ? 1 : 0) }
const integer: Codec = { wire: wireType.varint, write: (writer, value) => writer.signed(Number(value)) }
const double: Codec = { wire: wireType.fixed64, write: (writer, value) => writer.double(Number(value)) }

const one = (key: string, number: number, codec: Codec): Field => ({ key, number, codec, repeated: false })
const many = (key: string, number: number, codec: Codec): Field => ({ key, number, codec, repeated: true })

function writeField(writer: BackwardWriter, number: number, { wire, write }: Codec, value: unknown): void {
  const before = writer.length
  write(writer, value)
  if (wire === wireType.bytes) writer.unsigned(writer.length - before)
  writer.tag(number, wire)
}

function writeList(writer: BackwardWriter, number: number, codec: Codec, values: readonly unknown[]): void {
  for (let index = values.length - 1; index >= 0; index--) writeField(writer, number, codec, values[index])
}

/** Fields in the order of their numbers; `extensions` is the number under which `x-…` fields are kept, which is the last one. */
function message(fields: readonly Field[], extensions?: number): Codec {
  return {
    wire: wireType.bytes,
    write: (writer, value) => {
      if (!isObject(value)) return
      if (extensions !== undefined) {
        const names = Object.keys(value).filter((key) => key.startsWith('x-'))
        for (const name of names.sort().reverse()) writeField(writer, extensions, extension, [name, value[name]])
      }
      for (const { key, number, codec, repeated } of fields.toReversed()) {
        const field = value[key]
        if (field === undefined) continue
        if (repeated) writeList(writer, number, codec, Array.isArray(field) ? field : [field])
        else writeField(writer, number, codec, field)
      }
    },
  }
}

/** A message around one field that JSON does not have. */
function wrapped(number: number, codec: Codec): Codec {
  return { wire: wireType.bytes, write: (writer, value) => writeField(writer, number, codec, value) }
}

/** A name and a value, given as a pair. */
function pair(codec: Codec): Codec {
  return {
    wire: wireType.bytes,
    write: (writer, value) => {
      if (!Array.isArray(value)) return
      writeField(writer, 2, codec, value[1])
      writeField(writer, 1, text, value[0])
    },
  }
}

/** A JSON object as a list of pairs, by name. */
function named(number: number, codec: Codec): Codec {
  const entry = pair(codec)
  return {
    wire: wireType.bytes,
    write: (writer, value) => {
      if (isObject(value)) {
        writeList(
          writer,
          number,
          entry,
          Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      }
    },
  }
}

/** One of several forms, told by looking at the value. */
function choice(choose: (value: unknown) => readonly [number: number, codec: Codec]): Codec {
  return {
    wire: wireType.bytes,
    write: (writer, value) => {
      const [number, codec] = choose(value)
      writeField(writer, number, codec, value)
    },
  }
}

/** Breaks the circle of schemas that contain schemas. */
function later(codec: () => Codec): Codec {
  return { wire: wireType.bytes, write: (writer, value) => codec().write(writer, value) }
}

/** A value of any type travels as YAML. */
const anything: Codec = {
  wire: wireType.bytes,
  write: (writer, value) => writeField(writer, 2, text, printYaml(value)),
}
const extension = pair(anything)

const anySchema = later(() => schema)

const schema = message(
  [
    one('$ref', 1, text),
    one('format', 2, text),
    one('title', 3, text),
    one('description', 4, text),
    one('default', 5, anything),
    one('multipleOf', 6, double),
    one('maximum', 7, double),
    one('exclusiveMaximum', 8, flag),
    one('minimum', 9, double),
    one('exclusiveMinimum', 10, flag),
    one('maxLength', 11, integer),
    one('minLength', 12, integer),
    one('pattern', 13, text),
    one('maxItems', 14, integer),
    one('minItems', 15, integer),
    one('uniqueItems', 16, flag),
    one('maxProperties', 17, integer),
    one('minProperties', 18, integer),
    many('required', 19, text),
    many('enum', 20, anything),
    one(
      'additionalProperties',
      21,
      choice((value) => (typeof value === 'boolean' ? [2, flag] : [1, anySchema])),
    ),
    one('type', 22, wrapped(1, text)),
    one('items', 23, wrapped(1, anySchema)),
    one('properties', 25, named(1, anySchema)),
  ],
  31,
)

const bodyParameter = message([
  one('description', 1, text),
  one('name', 2, text),
  one('in', 3, text),
  one('required', 4, flag),
  one('schema', 5, schema),
])

const queryParameter = message([
  one('required', 1, flag),
  one('in', 2, text),
  one('description', 3, text),
  one('name', 4, text),
  one('type', 6, text),
  one('uniqueItems', 20, flag),
])

const pathParameter = message([
  one('required', 1, flag),
  one('in', 2, text),
  one('description', 3, text),
  one('name', 4, text),
  one('type', 5, text),
  one('uniqueItems', 19, flag),
])

const parameter = wrapped(
  1,
  choice((value) => {
    const where = isObject(value) ? value['in'] : undefined
    if (where === 'body') return [1, bodyParameter]
    return [2, choice(() => (where === 'path' ? [4, pathParameter] : [3, queryParameter]))]
  }),
)

const response = message([one('description', 1, text), one('schema', 2, wrapped(1, schema))])

const operation = message(
  [
    many('tags', 1, text),
    one('description', 3, text),
    one('operationId', 5, text),
    many('produces', 6, text),
    many('consumes', 7, text),
    many('parameters', 8, parameter),
    one('responses', 9, named(1, wrapped(1, response))),
    many('schemes', 10, text),
  ],
  13,
)

const pathItem = message([
  one('get', 2, operation),
  one('put', 3, operation),
  one('post', 4, operation),
  one('delete', 5, operation),
  one('options', 6, operation),
  one('head', 7, operation),
  one('patch', 8, operation),
  many('parameters', 9, parameter),
])

const apiKey = message([one('type', 1, text), one('name', 2, text), one('in', 3, text), one('description', 4, text)])

const document = message([
  one('swagger', 1, text),
  one('info', 2, message([one('title', 1, text), one('version', 2, text)])),
  one('paths', 8, named(2, pathItem)),
  one('definitions', 9, named(1, schema)),
  many('security', 12, named(1, message([]))),
  one('securityDefinitions', 13, named(1, wrapped(2, apiKey))),
])

/**
 * An OpenAPI v2 document in the protobuf form that kubectl up to 1.28 needs for every `apply` and `create`, and later ones for
 * `explain --output plaintext-openapiv2` (google/gnostic, `openapi.v2.Document`: the messages that our documents use).
 */
export function encodeSwagger(swagger: SwaggerDocument): Buffer {
  const writer = new BackwardWriter()
  document.write(writer, swagger)
  return writer.finish()
}
