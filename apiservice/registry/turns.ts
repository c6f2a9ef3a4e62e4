/**
 * Lines of those who change the same object. Whoever changes it without a rival never waits; whoever has lost to one tries again when his
 * turn comes. All at once, each round of n rivals would have one winner and n - 1 who did their work for nothing. A line is as long as
 * requests are under way.
 */
export class Turns {
  readonly #lines = new Map<string, Promise<unknown>>()

  /** Whether somebody has a turn at this key now. */
  taken(key: string): boolean {
    return this.#lines.has(key)
  }

  /** Does `work` when all who came before have done theirs, whatever came of it. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#lines.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    // The next one waits for the end, not for what came of it.
    const end = mine.catch(() => undefined)
    this.#lines.set(key, end)
    try {
      return await mine
    } finally {
      if (this.#lines.get(key) === end) this.#lines.delete(key)
    }
  }
}
