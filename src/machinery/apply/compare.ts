import { equalJson, isObject } from '../object.ts'
import { own } from '../patch/values.ts'
import type { Schema } from '../schema/schema.ts'
import { type FieldSet, FieldSetBuilder } from './field-set.ts'
import { fieldElement, type PathElement } from './path-element.ts'
import {
  elementOf,
  type ListStructure,
  type MapStructure,
  type Shape,
  type Structure,
  schemaOf,
  shapeOf,
  structureOf,
} from './structure.ts'
import { isEmptyObject } from './typed.ts'

/** How one object differs from another, by paths. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/** What it takes to get from `before` to `after`: fields and elements that came, that changed their value, and that went. */
export function compareObjects(before: unknown, after: unknown, schema: Schema): Comparison {
  const walk = new Walk()
  if (before !== after) walk.compare(before, after, schema, undefined)
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() }
}

/** A comparison without the paths in `ignored` and what is below them. */
export function withoutFields(comparison: Comparison, ignored: FieldSet | undefined): Comparison {
  if (ignored === undefined || ignored.isEmpty) return comparison
  return {
    added: comparison.added.recursiveDifference(ignored),
    modified: comparison.modified.recursiveDifference(ignored),
    removed: comparison.removed.recursiveDifference(ignored),
  }
}

/** Where a walk stands; spelt out as a path only when there is something to report. */
interface Step {
  readonly parent: Step | undefined
  readonly element: PathElement
}

function pathTo(step: Step | undefined): readonly PathElement[] {
  const path: PathElement[] = []
  for (let at = step; at !== undefined; at = at.parent) path.unshift(at.element)
  return path
}

class Walk {
  readonly added = new FieldSetBuilder()
  readonly modified = new FieldSetBuilder()
  readonly removed = new FieldSetBuilder()

  /** At least one side is defined. Null is a value: it differs from being absent. */
  compare(before: unknown, after: unknown, schema: Schema, at: Step | undefined): void {
    const structure = structureOf(schema)
    const shape = shapeOf(structure, after === undefined ? before : after)
    let leaf = this.#compareAs(shape, before, after, structure, at)
    if (before === undefined) this.added.insert(pathTo(at))
    else if (after === undefined) this.removed.insert(pathTo(at))
    else {
      // A value that changed its form is both: something else than before, and the coming or going of all that a map holds.
      const old = shapeOf(structure, before)
      if (old !== shape) leaf = this.#compareAs(old, before, after, structure, at) || leaf
      if (leaf && !equalJson(before, after)) this.modified.insert(pathTo(at))
    }
  }

  /** Returns whether both are to be taken as one value. */
  #compareAs(shape: Shape, before: unknown, after: unknown, structure: Structure, at: Step | undefined): boolean {
    if (shape === 'map' && structure.map) return this.#compareMaps(before, after, structure.map, at)
    if (shape === 'list' && structure.list) return this.#compareLists(before, after, structure.list, at)
    return true
  }

  /** Atomic maps are one value, and so are two empty or null ones, whose difference would be lost otherwise. */
  #compareMaps(before: unknown, after: unknown, map: MapStructure, at: Step | undefined): boolean {
    const left = isObject(before) && !isEmptyObject(before) ? before : undefined
    const right = isObject(after) && !isEmptyObject(after) ? after : undefined
    if (map.atomic || (left === undefined && right === undefined)) return true
    for (const field in left) {
      const value = left[field]
      const other = right === undefined ? undefined : own(right, field)
      if (value === undefined || value === other) continue
      this.compare(value, other, schemaOf(map, field), { parent: at, element: fieldElement(field) })
    }
    for (const field in right) {
      if (right[field] === undefined || (left !== undefined && own(left, field) !== undefined)) continue
      this.compare(undefined, right[field], schemaOf(map, field), { parent: at, element: fieldElement(field) })
    }
    return false
  }

  #compareLists(before: unknown, after: unknown, list: ListStructure, at: Step | undefined): boolean {
    const left: readonly unknown[] = Array.isArray(before) ? before : []
    const right: readonly unknown[] = Array.isArray(after) ? after : []
    if (list.atomic || (left.length === 0 && right.length === 0)) return true
    const mine = byElement(left, list)
    const theirs = byElement(right, list)
    for (const element of new Set([...mine.keys(), ...theirs.keys()])) {
      this.#compareItems(mine.get(element) ?? [], theirs.get(element) ?? [], list, { parent: at, element })
    }
    return false
  }

  /** The items of both lists that have one identity. Where one list has several, they count as one value. */
  #compareItems(before: readonly unknown[], after: readonly unknown[], list: ListStructure, at: Step): void {
    if (before.length <= 1 && after.length <= 1) {
      if (before[0] !== after[0]) this.compare(before[0], after[0], list.items, at)
    } else if (before.length >= 2 && after.length >= 2) {
      if (!equalJson(before, after)) this.modified.insert(pathTo(at))
    } else if (before.length >= 2) {
      if (after.length === 1) this.compare(undefined, after[0], list.items, at)
      this.removed.insert(pathTo(at))
    } else {
      if (before.length === 1) this.compare(before[0], undefined, list.items, at)
      this.added.insert(pathTo(at))
    }
  }
}

function byElement(items: readonly unknown[], list: ListStructure): Map<PathElement, unknown[]> {
  const found = new Map<PathElement, unknown[]>()
  for (const item of items) {
    const element = elementOf(list, item)
    if (element === undefined) continue
    const same = found.get(element)
    if (same) same.push(item)
    else found.set(element, [item])
  }
  return found
}
