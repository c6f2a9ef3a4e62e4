/** So many counters are kept in memory; the others are read from disk when a key of theirs comes or goes. */
const maxCounters = 10_000

/** The committed numbers of keys by counter row, those used last. */
export class Counters {
  readonly #counts = new Map<string, number>()

  get(key: string): number | undefined {
    return this.#counts.get(key)
  }

  set(key: string, count: number): void {
    this.#counts.delete(key)
    this.#counts.set(key, count)
    if (this.#counts.size <= maxCounters) return
    for (const unused of this.#counts.keys()) {
      this.#counts.delete(unused)
      return
    }
  }
}
