/** Undefined says that there is no entry, so it cannot be one. */
type Present = NonNullable<unknown> | null

/**
 * A map that keeps what was used last, up to a total weight. Entries live in two generations: when the young one has half of the
 * weight it becomes the old one, and the old one is dropped whole; an old entry that is used becomes young again. That costs a fixed
 * handful of map operations per use, where an exact order of use costs a search through deleted entries in a JavaScript Map.
 */
export class RecentMap<V extends Present> {
  readonly #half: number
  readonly #weigh: (value: V) => number
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  #youngWeight = 0
  #oldWeight = 0

  constructor(maxWeight: number, weigh: (value: V) => number) {
    this.#half = maxWeight / 2
    this.#weigh = weigh
  }

  /** The weight of all entries; never above the limit by more than the heaviest of them. */
  get weight(): number {
    return this.#youngWeight + this.#oldWeight
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    const young = this.#young.get(key)
    if (young !== undefined) this.#youngWeight -= this.#weigh(young)
    else this.#deleteOld(key)
    this.#young.set(key, value)
    this.#youngWeight += this.#weigh(value)
    if (this.#youngWeight <= this.#half) return
    this.#old = this.#young
    this.#oldWeight = this.#youngWeight
    this.#young = new Map()
    this.#youngWeight = 0
  }

  #deleteOld(key: string): void {
    const old = this.#old.get(key)
    if (old === undefined) return
    this.#old.delete(key)
    this.#oldWeight -= this.#weigh(old)
  }
}
