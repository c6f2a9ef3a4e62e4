import { isObject } from '../machinery/object.ts'

/** A mistake in what a user wrote into `properties`. The message is for the user and never repeats a value. */
export class PropertiesError extends Error {
  override readonly name = 'PropertiesError'
}

/** `has type helm, which this engine does not know; it knows ref-objects`: what is wrong, and what would be right. */
export function unknownType(type: string, known: ReadonlyMap<string, unknown>): string {
  return `has type ${type}, which this engine does not know; it knows ${[...known.keys()].sort().join(', ')}`
}

/** The fields of an object that may have only `allowed` ones. `path` is `''` at the root. Throws PropertiesError. */
export function strictFields(value: unknown, allowed: readonly string[], path = ''): Record<string, unknown> {
  if (!isObject(value)) throw wrongType(value, path === '' ? 'properties' : path, 'object')
  for (const field of Object.keys(value)) {
    if (!allowed.includes(field)) throw new PropertiesError(`json: unknown field ${JSON.stringify(join(path, field))}`)
  }
  return value
}

/** A field that is a string, or undefined when it is absent or null. Throws PropertiesError. */
export function stringField(fields: Record<string, unknown>, field: string, path = ''): string | undefined {
  const value = fields[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(value, join(path, field), 'string')
  return value
}

/** A field that is a boolean; absent and null are false. Throws PropertiesError. */
export function booleanField(fields: Record<string, unknown>, field: string, path = ''): boolean {
  const value = fields[field]
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw wrongType(value, join(path, field), 'bool')
  return value
}

/** A field that is a list, or undefined when it is absent or null. Throws PropertiesError. */
export function listField(fields: Record<string, unknown>, field: string, path = ''): readonly unknown[] | undefined {
  const value = fields[field]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrongType(value, join(path, field), 'list')
  return value
}

/** A field that is a list of strings, or undefined when it is absent or null. Throws PropertiesError. */
export function stringListField(fields: Record<string, unknown>, field: string): readonly string[] | undefined {
  return listField(fields, field)?.map((item, index) => {
    if (typeof item !== 'string') throw wrongType(item, `${field}[${index}]`, 'string')
    return item
  })
}

/** A field that maps strings to strings, or undefined when it is absent or null. Throws PropertiesError. */
export function stringMapField(
  fields: Record<string, unknown>,
  field: string,
  path = '',
): Readonly<Record<string, string>> | undefined {
  const value = fields[field]
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw wrongType(value, join(path, field), 'object')
  const map: Record<string, string> = {}
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') throw wrongType(item, `${join(path, field)}.${key}`, 'string')
    map[key] = item
  }
  return map
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`
}

function wrongType(value: unknown, path: string, wanted: string): PropertiesError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
  return new PropertiesError(`json: cannot unmarshal ${found} into field ${path} of type ${wanted}`)
}
