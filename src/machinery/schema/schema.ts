import type { Json } from '../object.ts'

/**
 * How two versions of a list or map are merged: `atomic` as one value, `set` by scalar value, `map` by the values of its keys,
 * `granular` field by field (Kubernetes API reference, `x-kubernetes-list-type` and `x-kubernetes-map-type`).
 */
export type ListType = 'atomic' | 'set' | 'map'
export type MapType = 'atomic' | 'granular'

/**
 * The structure of a value. Everything that must know fields reads this: pruning, defaulting, validation, strategic merge,
 * server-side apply, protobuf and OpenAPI. Built-in kinds get it from the fact tables (`facts.ts`), custom resources from
 * their definition. References are resolved: `properties`, `items` and `values` may lead back to an ancestor, so a walk must
 * follow a value, never the schema alone.
 */
export interface Schema {
  /** `any` has no known structure; `int-or-string` and `quantity` are the two scalars with two JSON forms. */
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'any' | 'int-or-string' | 'quantity'
  readonly format?: string
  /** What `kubectl explain` says, for the hub's own kinds; those of built-in kinds are read elsewhere. */
  readonly description?: string
  /** The OpenAPI name of the type, e.g. `io.k8s.api.core.v1.Container`; absent for types that are written in place. */
  readonly name?: string
  /** Known fields of an object, in alphabetical order. */
  readonly properties?: ReadonlyMap<string, Schema>
  /** Of every value of a map. */
  readonly values?: Schema
  /** Of every element of a list. */
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly enum?: readonly Json[]
  /** As published. For built-in kinds this documents the Go zero value and is not applied; for custom resources it is. */
  readonly default?: Json
  readonly nullable?: boolean
  readonly listType?: ListType
  readonly listMapKeys?: readonly string[]
  readonly mapType?: MapType
  /** Strategic merge: `merge`, `retainKeys`, `replace` in any combination. */
  readonly patchStrategy?: readonly string[]
  readonly patchMergeKey?: string
  /** Fields that are not known are kept (custom resources). */
  readonly preserveUnknown?: boolean
  /** The object has apiVersion, kind and metadata of its own (custom resources). */
  readonly embedded?: boolean
}

/** A value of which nothing is known: maps merge field by field, lists as one. */
export const anySchema: Schema = { type: 'any' }

/** The schema of a field, or undefined where the field is not known. */
export function fieldSchema(schema: Schema, field: string): Schema | undefined {
  return schema.properties?.get(field) ?? schema.values
}
