import { readFileSync } from 'node:fs'
import type { Json } from '../object.ts'
import type { ListType, MapType, Schema } from './schema.ts'

/** `[name, type, format, priority]` of one Table column. */
export type ColumnFact = readonly [name: string, type: string, format: string, priority: number]

/** One built-in resource as discovery answers it. */
export interface ResourceFact {
  readonly g: string
  readonly v: string
  readonly r: string
  readonly singular: string
  readonly kind: string
  readonly scope: 'Namespaced' | 'Cluster'
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly {
    readonly s: string
    readonly verbs: readonly string[]
    readonly gvk?: readonly [group: string, version: string, kind: string]
  }[]
  readonly storageVersionHash?: string
}

/** Facts of a value that stands in a field, a list or a map, as OpenAPI publishes them. */
export interface ValueFact {
  readonly default?: Json
  readonly enum?: readonly Json[]
  readonly list?: ListType
  readonly keys?: readonly string[]
  readonly map?: MapType
  readonly patch?: string
  readonly mergeKey?: string
  /** Of every element of a list. */
  readonly items?: ValueFact
  /** Of every value of a map. */
  readonly values?: ValueFact
}

/** A field of a type: its notation and what is known besides. */
export interface FieldFact extends ValueFact {
  /** `TYPE`, `TYPE/FORMAT`, `@NAME`, `[]X`, `{}X` or `a|b`. */
  readonly t: string
}

/** A published type: the notation of a scalar, or fields. */
export interface TypeFact {
  readonly gvk?: readonly (readonly [group: string, version: string, kind: string])[]
  /** In alphabetical order; a bare text is a notation without further facts. */
  readonly f?: Readonly<Record<string, string | FieldFact>>
  readonly t?: string
  readonly required?: readonly string[]
  readonly map?: MapType
  readonly unions?: Json
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./facts/${name}.json`, import.meta.url), 'utf8')) as T

/** Each table is read when it is first asked for: a hub that nobody asks for protobuf never reads its table. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const typeTable = lazily(() =>
  read<{ readonly types: Readonly<Record<string, TypeFact>>; readonly documents: Readonly<Record<string, number>> }>(
    'types',
  ),
)

/** Built-in resources in served order, group versions in preference order, and APIService priorities. */
export const resourceFacts = lazily(() =>
  read<{
    readonly groups: readonly (readonly [group: string, versions: readonly string[]])[]
    readonly apiServices: Readonly<Record<string, readonly [groupPriorityMinimum: number, versionPriority: number]>>
    readonly resources: readonly ResourceFact[]
  }>('resources'),
)

/** Table columns of every listable built-in resource, keyed `group/resource` in the version that is served. */
export const tableFacts = lazily(() => {
  const { tables } = read<{
    readonly tables: readonly {
      readonly g: string
      readonly v: string
      readonly r: string
      readonly columns: readonly ColumnFact[]
    }[]
  }>('tables')
  return new Map(tables.map(({ g, v, r, columns }) => [`${g}/${v}/${r}`, columns]))
})

/** Field labels that each built-in resource accepts in a fieldSelector, and the text of its refusal (`LABEL` stands for the label). */
export const fieldSelectorFacts = lazily(() => {
  const { resources } = read<{
    readonly resources: readonly {
      readonly g: string
      readonly v: string
      readonly r: string
      readonly accepted: readonly string[]
      readonly refusal: string
    }[]
  }>('field-selectors')
  return new Map(resources.map(({ g, v, r, accepted, refusal }) => [`${g}/${v}/${r}`, { accepted, refusal }]))
})

/** Every published type name, and the schema of each by that name. Schemas are built once, on first use, and shared. */
export const typeNames = lazily((): readonly string[] => Object.keys(typeTable().types))

/** Number of schemas in each OpenAPI v3 document that kube-apiserver serves, keyed by its path below `/openapi/v3`. */
export const documentFacts = lazily(() => typeTable().documents)

/** The row of a type as published, for those who publish it again. Undefined for an unknown name. */
export function typeFact(name: string): TypeFact | undefined {
  return typeTable().types[name]
}

/** The row of a type as published: its group/version/kinds. Undefined for an unknown name. */
export function kindsOfType(
  name: string,
): readonly (readonly [group: string, version: string, kind: string])[] | undefined {
  return typeTable().types[name]?.gvk
}

const byKind = lazily(() => {
  const names = new Map<string, string>()
  for (const [name, fact] of Object.entries(typeTable().types)) {
    // DeleteOptions and WatchEvent belong to every group; their rows are found by name.
    if (fact.gvk?.length === 1)
      for (const [group, version, kind] of fact.gvk) names.set(`${group}/${version}/${kind}`, name)
  }
  return names
})

/** The schema of a built-in kind, or undefined when it is not one. */
export function schemaOfKind(group: string, version: string, kind: string): Schema | undefined {
  const name = byKind().get(`${group}/${version}/${kind}`)
  return name === undefined ? undefined : schemaOfType(name)
}

const built = new Map<string, Schema>()

/** The schema of a built-in type by its OpenAPI name. Throws for a name that the tables do not have: that is a bug. */
export function schemaOfType(name: string): Schema {
  const known = built.get(name)
  if (known) return known
  const fact = typeTable().types[name]
  if (!fact) throw new Error(`no type ${name} in the fact tables`)
  const schema: Mutable<Schema> = fact.t === undefined ? { type: 'object' } : { ...parseNotation(fact.t) }
  schema.name = name
  built.set(name, schema) // before its fields, which may lead back here
  if (fact.required) schema.required = fact.required
  if (fact.map) schema.mapType = fact.map
  if (fact.f) {
    schema.properties = new Map(Object.entries(fact.f).map(([field, row]) => [field, schemaOfField(row)]))
  }
  return schema
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function schemaOfField(row: string | FieldFact): Schema {
  if (typeof row === 'string') return parseNotation(row)
  const schema: Mutable<Schema> = lazyCopy(parseNotation(row.t))
  if (row.default !== undefined) schema.default = row.default
  if (row.enum) schema.enum = row.enum
  if (row.list) schema.listType = row.list
  if (row.keys) schema.listMapKeys = row.keys
  if (row.map) schema.mapType = row.map
  if (row.patch) schema.patchStrategy = row.patch.split(',')
  if (row.mergeKey) schema.patchMergeKey = row.mergeKey
  return schema
}

/**
 * A copy that may carry facts of its own beside those of the type it refers to. The referenced type may still be under construction
 * (types refer to themselves), so its fields are read when they are asked for.
 */
function lazyCopy(schema: Schema): Mutable<Schema> {
  return Object.create(schema) as Mutable<Schema>
}

function parseNotation(notation: string): Schema {
  if (notation.startsWith('[]')) return { type: 'array', items: parseNotation(notation.slice(2)) }
  if (notation.startsWith('{}')) return { type: 'object', values: parseNotation(notation.slice(2)) }
  if (notation.startsWith('@')) return schemaOfType(notation.slice(1))
  if (notation === 'string|number') return { type: 'quantity' }
  if (notation.includes('int-or-string')) return { type: 'int-or-string', format: 'int-or-string' }
  const [type = '', format] = notation.split('/')
  return (format === undefined ? { type } : { type, format }) as Schema
}
