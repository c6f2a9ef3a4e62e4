import { fieldAt, isObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import { goType, printGo } from './go-text.ts'

/** How elements of a list are told apart: by the value of `mergeKey`, or by themselves when it is `''`. */
export interface ListRules {
  readonly mergeKey: string
}

type ElementKind = 'map' | 'scalar'

/** A strategic merge patch that kube-apiserver answers with a bare 500. */
export function patchFailure(message: string): StatusError {
  return new StatusError(500, '', message)
}

/**
 * What the elements of two lists that meet are. Throws 422 for lists of lists and a 500 for lists of mixed types or without any element.
 */
export function elementKind(...lists: readonly (readonly unknown[])[]): ElementKind {
  let type: string | undefined
  for (const element of lists.flat(1)) {
    const current = goType(element)
    if (type === undefined && current === '[]interface {}') throw StatusError.unprocessable()
    if (type !== undefined && type !== current)
      throw patchFailure(`list element types are not identical: ${printGo(lists)}`)
    type = current
  }
  if (type === undefined) throw patchFailure('no elements in any of the given slices')
  return type === 'map[string]interface {}' ? 'map' : 'scalar'
}

/** The value that identifies an element of a keyed list; throws a 500 when it has none. */
export function mergeKeyOf(element: unknown, key: string): unknown {
  if (!isObject(element)) throw patchFailure(`expected a map[string]interface {}, but received a ${goType(element)}`)
  if (!Object.hasOwn(element, key)) {
    throw patchFailure(`map: ${printGo(element)} does not contain declared merge key: ${key}`)
  }
  return element[key]
}

/** Where a keyed list holds the first element of each key value. */
export function indexByKey(list: readonly unknown[], key: string): Map<unknown, number> {
  const places = new Map<unknown, number>()
  list.forEach((element, index) => {
    if (!isObject(element) || !Object.hasOwn(element, key)) return
    const value = element[key]
    if (!places.has(value)) places.set(value, index)
  })
  return places
}

/**
 * Refuses a `$setElementOrder` that does not name the elements of the patch in their order. Elements to be deleted need not be named, and
 * neither need other directives, unless they stand behind the last element that is.
 */
export function checkOrder(patch: readonly unknown[], order: readonly unknown[], key: string): void {
  if (patch.length === 0 || order.length === 0) return
  const identity = (element: unknown) => (key === '' ? element : mergeKeyOf(element, key))
  const isDirective = (element: unknown) => key !== '' && isObject(element) && Object.hasOwn(element, '$patch')
  const staying = patch.filter((element) => !isDirective(element) || fieldAt(element, '$patch') !== 'delete')
  let next = 0
  let at = 0
  while (next < staying.length && at < order.length) {
    if (isDirective(staying[next])) next++
    else if (identity(staying[next]) === identity(order[at++])) next++
  }
  if (next < staying.length) {
    throw patchFailure(
      `The order in patch list:\n${printGo(patch)}\n doesn't match $setElementOrder list:\n${printGo(order)}\n`,
    )
  }
}

/**
 * A merged list in its final order: the elements that `order` names stand in that order; the others keep the order they have in
 * `current`, each before the first named element that follows it there.
 */
export function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  current: readonly unknown[],
  key: string,
  kind: ElementKind,
): readonly unknown[] {
  const identity = kind === 'map' ? (element: unknown) => mergeKeyOf(element, key) : (element: unknown) => element
  const wantedAt = positions(order, identity)
  const liveAt = positions(current, identity)
  const named: unknown[] = []
  const others: unknown[] = []
  for (const element of merged) (wantedAt.has(identity(element)) ? named : others).push(element)
  sortByRank(named, (element) => wantedAt.get(identity(element)))
  sortByRank(others, (element) => liveAt.get(identity(element)))

  const result: unknown[] = []
  let at = 0
  for (const element of named) {
    const place = liveAt.get(identity(element))
    for (; place !== undefined && at < others.length; at++) {
      const other = liveAt.get(identity(others[at]))
      if (other === undefined || other >= place) break
      result.push(others[at])
    }
    result.push(element)
  }
  return result.concat(others.slice(at))
}

function positions(list: readonly unknown[], identity: (element: unknown) => unknown): Map<unknown, number> {
  const at = new Map<unknown, number>()
  list.forEach((element, index) => {
    const value = identity(element)
    if (!at.has(value)) at.set(value, index)
  })
  return at
}

/** Up to this length Go sorts by plain insertion, which decides where elements without a rank end up. */
const insertionLength = 20

/**
 * Sorts by rank. An element that is in neither list (named by no directive and new) has none; kube-apiserver compares it as less than all
 * and all as less than it, so that its place is what an insertion sort makes of that.
 */
function sortByRank(list: unknown[], rank: (element: unknown) => number | undefined): void {
  const ranks = new Map(list.map((element) => [element, rank(element)]))
  const less = (a: unknown, b: unknown): boolean => {
    const left = ranks.get(a)
    const right = ranks.get(b)
    return left === undefined || right === undefined || left < right
  }
  if (list.length > insertionLength || list.every((element) => ranks.get(element) !== undefined)) {
    list.sort((a, b) => (ranks.get(a) ?? list.length) - (ranks.get(b) ?? list.length))
    return
  }
  for (let end = 1; end < list.length; end++) {
    for (let at = end; at > 0 && less(list[at], list[at - 1]); at--) {
      const moved = list[at]
      list[at] = list[at - 1]
      list[at - 1] = moved
    }
  }
}
