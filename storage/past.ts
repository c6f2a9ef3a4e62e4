import type { Revision } from '../src/machinery/revision.ts'
import type { Bounds, Cursor, Snapshot } from './database.ts'
import { behindPrefix, compareText, historyKey, parseKeyText, space, type TextRange, textOfHistoryKey } from './keys.ts'
import { readVersion, type Version } from './rows.ts'

/** A cursor's rows one at a time, read ahead by some. */
class RowReader {
  readonly #cursor: Cursor
  #rows: Awaited<ReturnType<Cursor['next']>> = []
  #index = 0
  #ended = false

  constructor(snapshot: Snapshot, bounds: Bounds) {
    this.#cursor = snapshot.cursor(bounds)
  }

  /** The row it stands on, or undefined behind the last. */
  async head(): Promise<readonly [key: string, value: Buffer] | undefined> {
    if (this.#index >= this.#rows.length && !this.#ended) {
      this.#rows = await this.#cursor.next(128)
      this.#index = 0
      this.#ended = this.#rows.length === 0
    }
    return this.#rows[this.#index]
  }

  advance(): void {
    this.#index++
  }

  /** Goes on from the first row at or behind this key; what was read ahead of it costs no second read. */
  skipTo(key: string): void {
    for (; this.#index < this.#rows.length; this.#index++) {
      const row = this.#rows[this.#index]
      if (row !== undefined && compareText(row[0], key) >= 0) return
    }
    if (this.#ended) return
    this.#cursor.seek(key)
    this.#rows = []
    this.#index = 0
  }

  close(): Promise<void> {
    return this.#cursor.close()
  }
}

/**
 * The values of a range as they were right after a revision, in key order: what is current and old enough, and for all other keys
 * the youngest of their old values that is. Both lie in the same order, so this is one merge of two scans.
 */
export async function* pastVersions(snapshot: Snapshot, range: TextRange, at: Revision): AsyncGenerator<Version> {
  const current = new RowReader(snapshot, { from: space.current + range.from, to: space.current + range.to })
  const history = new RowReader(snapshot, { from: space.history + range.from, to: space.history + range.to })
  try {
    for (;;) {
      const now = await current.head()
      const old = await history.head()
      const nowText = now?.[0].slice(1)
      const oldText = old === undefined ? undefined : textOfHistoryKey(old[0])
      const text = first(nowText, oldText)
      if (text === undefined) return
      let found: Version | undefined
      if (now !== undefined && nowText === text) {
        const version = readVersion(parseKeyText(text), now[1])
        if (version.revision <= at) found = version
        current.advance()
      }
      if (oldText === text) {
        if (found === undefined) {
          history.skipTo(historyKey(text, at))
          const row = await history.head()
          if (row !== undefined && textOfHistoryKey(row[0]) === text) found = readVersion(parseKeyText(text), row[1])
        }
        history.skipTo(space.history + behindPrefix(text))
      }
      if (found !== undefined && !found.deleted) yield found
    }
  } finally {
    await Promise.all([current.close(), history.close()])
  }
}

function first(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareText(a, b) <= 0 ? a : b
}
