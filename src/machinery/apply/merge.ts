import { isObject } from '../object.ts'
import { type Draft, own, put } from '../patch/values.ts'
import type { Schema } from '../schema/schema.ts'
import type { PathElement } from './path-element.ts'
import { elementOf, type ListStructure, type MapStructure, schemaOf, shapeOf, structureOf } from './structure.ts'
import { isEmptyObject } from './typed.ts'

/**
 * A live object with a configuration laid over it: maps and keyed lists merge, everything else is taken from the configuration where it
 * says something. Elements of lists stand in the order of the configuration; those that only the live object has keep their neighbours.
 * The result shares what it can with both.
 */
export function mergeObjects(live: unknown, config: unknown, schema: Schema): unknown {
  if (config === undefined) return live
  const structure = structureOf(schema)
  const shape = shapeOf(structure, config)
  if (shape === 'map' && structure.map) return mergeMaps(live, config, structure.map)
  if (shape === 'list' && structure.list) return mergeLists(live, config, structure.list)
  return config
}

function mergeMaps(live: unknown, config: unknown, map: MapStructure): unknown {
  const left = isObject(live) && !isEmptyObject(live) ? live : undefined
  const right = isObject(config) && !isEmptyObject(config) ? config : undefined
  if (map.atomic || (left === undefined && right === undefined)) return config
  if (right === undefined) return left
  let merged: Draft | undefined = left === undefined ? {} : undefined
  for (const [field, value] of Object.entries(right)) {
    if (value === undefined) continue
    const current = left === undefined ? undefined : own(left, field)
    const next = mergeObjects(current, value, schemaOf(map, field))
    if (next === current && current !== undefined) continue
    merged ??= { ...left }
    put(merged, field, next)
  }
  return merged ?? left
}

function mergeLists(live: unknown, config: unknown, list: ListStructure): unknown {
  const left: readonly unknown[] = Array.isArray(live) ? live : []
  const right: readonly unknown[] = Array.isArray(config) ? config : []
  if (list.atomic || (left.length === 0 && right.length === 0)) return config
  const merged = interleave(index(left, list), index(right, list), list)
  return merged.length === left.length && merged.every((item, at) => item === left[at]) ? live : merged
}

interface Indexed {
  readonly items: readonly { readonly element: PathElement; readonly item: unknown }[]
  /** What an element is merged with: nothing when it appears twice, since then it is not known which one is meant. */
  readonly byElement: ReadonlyMap<PathElement, unknown>
}

function index(list: readonly unknown[], structure: ListStructure): Indexed {
  const items = []
  const byElement = new Map<PathElement, unknown>()
  for (const item of list) {
    const element = elementOf(structure, item)
    if (element === undefined) continue
    items.push({ element, item })
    byElement.set(element, byElement.has(element) ? undefined : item)
  }
  return { items, byElement }
}

/** Walks both lists side by side; `next` is the element of both lists that the configuration wants next. */
function interleave(live: Indexed, config: Indexed, list: ListStructure): unknown[] {
  const result: unknown[] = []
  const placed = new Set<PathElement>()
  const shared = config.items.filter(({ element }) => live.byElement.has(element)).map(({ element }) => element)
  let atShared = 0
  let atLive = 0
  let atConfig = 0
  const place = (element: PathElement, item: unknown) => {
    placed.add(element)
    result.push(mergeObjects(live.byElement.get(element), item, list.items))
    atConfig++
    if (shared[atShared] === element) atShared++
  }
  while (atLive < live.items.length || atConfig < config.items.length) {
    const left = live.items[atLive]
    const right = config.items[atConfig]
    if (left && right) {
      if (left.element === right.element) {
        place(right.element, right.item)
        atLive++
        continue
      }
      const next = shared[atShared]
      if (config.byElement.has(left.element) && next !== undefined && next !== left.element) {
        atLive++ // will be placed where the configuration wants it
        continue
      }
    }
    if (left) {
      if (!config.byElement.has(left.element)) {
        result.push(left.item)
        atLive++
        continue
      }
      if (placed.has(left.element)) atLive++
    }
    if (right) place(right.element, right.item)
  }
  return result
}
