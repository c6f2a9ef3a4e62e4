import { isObject } from '../object.ts'
import { own } from '../patch/values.ts'
import { anySchema, type Schema } from '../schema/schema.ts'
import { keyElement, type PathElement, valueElement } from './path-element.ts'

/** How a list is owned and merged. */
export interface ListStructure {
  /** Owned and replaced as one. */
  readonly atomic: boolean
  /** The fields that identify an element; none in a set, where elements identify themselves. */
  readonly keys: readonly string[]
  readonly items: Schema
}

/** How a map is owned and merged. */
export interface MapStructure {
  readonly atomic: boolean
  readonly fields: ReadonlyMap<string, Schema> | undefined
  /** Of fields that are not declared; undefined where there may be none. */
  readonly values: Schema | undefined
}

/** What a value may be, for server-side apply. Types without known structure may be any of the three. */
export interface Structure {
  readonly scalar?: 'string' | 'numeric' | 'boolean' | 'untyped'
  readonly list?: ListStructure
  readonly map?: MapStructure
}

export type Shape = 'scalar' | 'list' | 'map'

const atomicAny: Structure = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], items: anySchema },
  map: { atomic: true, fields: undefined, values: anySchema },
}

/** A value of which nothing is known: maps field by field, lists as one (structured-merge-diff calls it deduced). */
const deducedAny: Structure = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], items: anySchema },
  map: { atomic: false, fields: undefined, values: anySchema },
}

const known = new WeakMap<Schema, Structure>()

/** The structure that a schema describes. */
export function structureOf(schema: Schema): Structure {
  const found = known.get(schema)
  if (found) return found
  const made = makeStructure(schema)
  known.set(schema, made)
  return made
}

function makeStructure(schema: Schema): Structure {
  switch (schema.type) {
    case 'any':
      // Built-in fields of any JSON (defaults and examples of a CustomResourceDefinition) have a named type and are values of their own.
      return schema.mapType === 'atomic' || schema.name !== undefined ? atomicAny : deducedAny
    case 'object':
      return { map: mapStructure(schema) }
    case 'array': {
      const type = schema.listType ?? 'atomic'
      const keys = type === 'map' ? (schema.listMapKeys ?? []) : []
      return { list: { atomic: type === 'atomic', keys, items: schema.items ?? anySchema } }
    }
    case 'string':
    case 'boolean':
      return { scalar: schema.type }
    case 'integer':
    case 'number':
      return { scalar: 'numeric' }
    default:
      return { scalar: 'untyped' }
  }
}

function mapStructure(schema: Schema): MapStructure {
  const open = schema.preserveUnknown || schema.properties === undefined || schema.properties.size === 0
  return {
    atomic: schema.mapType === 'atomic',
    fields: schema.properties,
    values: schema.values ?? (open ? anySchema : undefined),
  }
}

/** Which of the forms that a structure allows a value takes. A value of a form that it does not allow, and null, take the declared one. */
export function shapeOf(structure: Structure, value: unknown): Shape {
  if (Array.isArray(value)) {
    if (structure.list) return 'list'
  } else if (typeof value === 'object') {
    if (value !== null && structure.map) return 'map'
  } else if (structure.scalar) return 'scalar'
  if (structure.map) return 'map'
  return structure.scalar ? 'scalar' : 'list'
}

/** The schema of a field of a map; fields that should not be there are taken as they are. */
export function schemaOf(map: MapStructure, field: string): Schema {
  return map.fields?.get(field) ?? map.values ?? anySchema
}

/**
 * How an element of a list that is not atomic is identified, or undefined when it cannot be (`elementProblem` tells why). Keys that are
 * missing take the default of their schema, as for `protocol` of ports.
 */
export function elementOf(list: ListStructure, item: unknown): PathElement | undefined {
  if (list.keys.length === 0) return typeof item === 'object' ? undefined : valueElement(item)
  if (!isObject(item)) return undefined
  const keys: Record<string, unknown> = {}
  let found = false
  for (const key of list.keys) {
    const value = own(item, key) ?? structureOf(list.items).map?.fields?.get(key)?.default
    if (value === undefined) continue
    keys[key] = value
    found = true
  }
  return found ? keyElement(keys) : undefined
}

/** Why `elementOf` has no answer. */
export function elementProblem(list: ListStructure, item: unknown): string {
  if (list.keys.length === 0) {
    if (item === null) return "associative list without keys has an element that's an explicit null"
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements'
    return "associative list without keys has an element that's a map type"
  }
  if (item === null) return 'associative list with keys may not have a null element'
  if (!isObject(item)) return 'associative list with keys may not have non-map elements'
  const keys = list.keys.map((key) => JSON.stringify(key)).join(' ')
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`
}
