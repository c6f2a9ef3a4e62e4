import { isObject } from '../object.ts'
import { type Draft, put } from '../patch/values.ts'
import type { Schema } from '../schema/schema.ts'
import { FieldSet } from './field-set.ts'
import { fieldElement } from './path-element.ts'
import { elementOf, type ListStructure, type MapStructure, schemaOf, shapeOf, structureOf } from './structure.ts'

/**
 * A value without the members of a set; atomic values inside stay whole unless they are members themselves. A map or list that is
 * emptied goes too, unless `owned` has it as a member: then somebody asked for it, and it stays empty. (kube-apiserver leaves null
 * there, which a custom resource then fails to validate.)
 */
export function removePaths(value: unknown, paths: FieldSet, schema: Schema, owned: FieldSet): unknown {
  const structure = structureOf(schema)
  const shape = shapeOf(structure, value)
  if (shape === 'map' && structure.map && isObject(value)) return removeFields(value, paths, structure.map, owned)
  if (shape === 'list' && structure.list && Array.isArray(value)) {
    return removeElements(value, paths, structure.list, owned)
  }
  return value
}

/** What is left of something in a map or list, or undefined when it goes. */
function leftOf(value: unknown, element: string, paths: FieldSet, schema: Schema, owned: FieldSet): unknown {
  if (paths.has(element)) return undefined
  const below = paths.below(element)
  if (below === undefined) return value
  const left = removePaths(value, below, schema, owned.below(element) ?? FieldSet.empty)
  if (left === value || !isEmpty(left) || owned.has(element)) return left
  return undefined
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

function removeFields(
  value: Record<string, unknown>,
  paths: FieldSet,
  map: MapStructure,
  owned: FieldSet,
): Record<string, unknown> {
  if (map.atomic) return value
  const kept: Draft = {}
  let changed = false
  for (const [field, item] of Object.entries(value)) {
    const left = leftOf(item, fieldElement(field), paths, schemaOf(map, field), owned)
    if (left !== item) changed = true
    if (left !== undefined) put(kept, field, left)
  }
  return changed ? kept : value
}

function removeElements(
  value: readonly unknown[],
  paths: FieldSet,
  list: ListStructure,
  owned: FieldSet,
): readonly unknown[] {
  if (list.atomic) return value
  const kept: unknown[] = []
  let changed = false
  for (const item of value) {
    const element = elementOf(list, item)
    const left = element === undefined ? item : leftOf(item, element, paths, list.items, owned)
    if (left !== item) changed = true
    if (left !== undefined) kept.push(left)
  }
  return changed ? kept : value
}
