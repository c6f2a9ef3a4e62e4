import { ageOf } from '../../src/machinery/human-duration.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'

/** The text at a path; `otherwise` where there is none. */
export function text(value: unknown, path: readonly string[], otherwise = ''): string {
  const found = fieldAt(value, ...path)
  return typeof found === 'string' && found !== '' ? found : otherwise
}

/** The number at a path, 0 where there is none, as Go reads an absent count. */
export function count(value: unknown, ...path: readonly string[]): number {
  const found = fieldAt(value, ...path)
  return typeof found === 'number' ? found : 0
}

/** The objects in the list at a path. */
export function objects(value: unknown, ...path: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const found = fieldAt(value, ...path)
  return Array.isArray(found) ? found.filter(isObject) : []
}

/** The texts in the list at a path. */
export function texts(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = fieldAt(value, ...path)
  return Array.isArray(found) ? found.filter((one): one is string => typeof one === 'string') : []
}

/** The map of texts at a path. */
export function textMap(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = fieldAt(value, ...path)
  if (!isObject(found)) return {}
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** How many entries the map at a path has. */
export function sizeOfMap(value: unknown, ...path: readonly string[]): number {
  const found = fieldAt(value, ...path)
  return isObject(found) ? Object.keys(found).length : 0
}

/** `metadata.name`. */
export const nameOf = (object: KubeObject): string => object.metadata.name ?? ''

/** How long ago an object was created. */
export const age = (object: KubeObject, now: number): string => ageOf(object.metadata.creationTimestamp, now)

/** `a=1,b=2`, keys in order; `<none>` for no labels. */
export function printLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
  return pairs.length === 0 ? '<none>' : pairs.join(',')
}

/** Names and images of the containers of a pod spec: two wide cells of every workload. */
export function containerCells(podSpec: unknown): readonly [names: string, images: string] {
  const containers = objects(podSpec, 'containers')
  return [
    containers.map((container) => text(container, ['name'])).join(','),
    containers.map((container) => text(container, ['image'])).join(','),
  ]
}

/** The first `limit` entries, and how many more there are: `a,b,c + 2 more...`. */
export function firstOf(list: readonly string[], limit: number, separator = ','): string {
  const shown = list.slice(0, limit).join(separator)
  return list.length > limit ? `${shown} + ${list.length - limit} more...` : shown
}

/** The condition of a type in `status.conditions`. */
export function conditionOf(object: KubeObject, type: string): Readonly<Record<string, unknown>> | undefined {
  return objects(object, 'status', 'conditions').find((condition) => condition['type'] === type)
}

/** Whether the condition of a type is `True`. */
export const conditionIsTrue = (object: KubeObject, type: string): boolean =>
  conditionOf(object, type)?.['status'] === 'True'
