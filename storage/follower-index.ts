import type { KeyRange, StoreEvent } from './store.ts'

/** Who can be in the index: it is offered the events of its range, each once, in order. */
export interface Interested {
  readonly range: KeyRange
  offer(event: StoreEvent): void
}

/** The followers of one type, by what they ask for. */
class TypeInterest {
  readonly everything = new Set<Interested>()
  readonly byNamespace = new Map<string, Set<Interested>>()
  /** One name in every namespace. */
  readonly byName = new Map<string, Set<Interested>>()
  readonly byKey = new Map<string, Set<Interested>>()

  get empty(): boolean {
    return this.everything.size === 0 && this.byNamespace.size === 0 && this.byName.size === 0 && this.byKey.size === 0
  }
}

/** Namespace and name as one text; the length keeps `a` + `bc` apart from `ab` + `c`. */
function pair(namespace: string, name: string): string {
  return `${namespace.length}:${namespace}${name}`
}

/** Finds the followers that an event concerns without asking the others. */
export class FollowerIndex {
  readonly #types = new Map<string, TypeInterest>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(follower: Interested): void {
    const { range } = follower
    const interest = this.#types.get(range.type) ?? new TypeInterest()
    this.#types.set(range.type, interest)
    const [map, key] = placeOf(interest, range)
    const set = map === undefined ? interest.everything : (map.get(key) ?? new Set())
    map?.set(key, set)
    set.add(follower)
    this.#size++
  }

  remove(follower: Interested): void {
    const interest = this.#types.get(follower.range.type)
    if (interest === undefined) return
    const [map, key] = placeOf(interest, follower.range)
    const set = map === undefined ? interest.everything : map.get(key)
    if (set?.delete(follower) !== true) return
    this.#size--
    if (set.size === 0) map?.delete(key)
    if (interest.empty) this.#types.delete(follower.range.type)
  }

  /** Offers an event to every follower whose range has its key. */
  offer(event: StoreEvent): void {
    const { type, namespace, name } = event.key
    const interest = this.#types.get(type)
    if (interest === undefined) return
    offerAll(interest.everything, event)
    if (interest.byNamespace.size > 0) offerAll(interest.byNamespace.get(namespace), event)
    if (interest.byName.size > 0) offerAll(interest.byName.get(name), event)
    if (interest.byKey.size > 0) offerAll(interest.byKey.get(pair(namespace, name)), event)
  }

  /** Every follower. */
  *all(): Generator<Interested> {
    for (const interest of this.#types.values()) {
      yield* interest.everything
      for (const map of [interest.byNamespace, interest.byName, interest.byKey])
        for (const set of map.values()) yield* set
    }
  }
}

function placeOf(interest: TypeInterest, range: KeyRange): readonly [Map<string, Set<Interested>> | undefined, string] {
  if (range.namespace === undefined) return range.name === undefined ? [undefined, ''] : [interest.byName, range.name]
  return range.name === undefined
    ? [interest.byNamespace, range.namespace]
    : [interest.byKey, pair(range.namespace, range.name)]
}

function offerAll(followers: ReadonlySet<Interested> | undefined, event: StoreEvent): void {
  if (followers === undefined) return
  for (const follower of followers) follower.offer(event)
}
