import { readFileSync } from 'node:fs'
import type { Json, JsonObject } from '../object.ts'
import type { Schema } from '../schema/schema.ts'

type FieldRow = readonly [number: number, json: string, type: string, label: string, flags: string, ...unknown[]]

interface MessageRow {
  readonly openapi?: string
  readonly form?: string
  readonly f?: readonly FieldRow[]
}

let table: ReadonlyMap<string, MessageRow> | undefined
let byType: ReadonlyMap<string, string> | undefined

function messages(): ReadonlyMap<string, MessageRow> {
  if (table === undefined) {
    const text = readFileSync(new URL('../schema/facts/protobuf.json', import.meta.url), 'utf8')
    const read = JSON.parse(text) as { readonly messages: Readonly<Record<string, MessageRow>> }
    table = new Map(Object.entries(read.messages))
  }
  return table
}

function messageOf(typeName: string): string | undefined {
  byType ??= new Map([...messages()].flatMap(([name, row]) => (row.openapi ? [[row.openapi, name] as const] : [])))
  return byType.get(typeName)
}

const known = new WeakMap<Schema, JsonObject>()

/**
 * What an object of this kind looks like before anything is set, as JSON: built-in kinds always carry some fields (`spec`, `status: {}`,
 * `containers: null`), which for that reason nobody comes to own by creating an object. Custom resources carry nothing.
 */
export function emptyObject(schema: Schema): JsonObject {
  const found = known.get(schema)
  if (found) return found
  const message = schema.name === undefined ? undefined : messageOf(schema.name)
  const made = message === undefined ? {} : emptyMessage(message)
  known.set(schema, made)
  return made
}

function emptyMessage(name: string): JsonObject {
  const object: Record<string, Json> = {}
  for (const [, field, type, label, flags] of messages().get(name)?.f ?? []) {
    if (flags.includes('i')) {
      Object.assign(object, emptyMessage(type.slice(1)))
      continue
    }
    const value = emptyField(type, label, flags)
    if (value !== undefined) object[field] = value
  }
  return object
}

/** What is written of a field that is not set; undefined when it is left out. */
function emptyField(type: string, label: string, flags: string): Json | undefined {
  if (flags.includes('z')) return undefined
  if (label !== 'o' || flags.includes('p')) return flags.includes('e') ? undefined : null
  if (!type.startsWith('.')) {
    if (flags.includes('e')) return undefined
    return type === 'string' ? '' : type === 'bool' ? false : type === 'bytes' ? null : 0
  }
  const row = messages().get(type.slice(1))
  if (row?.form === undefined) return emptyMessage(type.slice(1))
  return row.form === 'quantity' ? '0' : row.form === 'int-or-string' ? 0 : null
}
