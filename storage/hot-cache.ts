import type { Revision } from '../src/machinery/revision.ts'
import { noRevision } from '../src/machinery/revision.ts'
import type { Version } from './rows.ts'

/** What is known of a key: its newest value, or null when it has none. */
export type State = Version | null

/** What an entry weighs besides its value: strings, objects and the map. */
const overheadBytes = 300

/**
 * The newest committed values of the keys that were used last, bounded by bytes, and the bare revisions of more keys, bounded by count.
 * Only commits change a key, and each commit tells this cache, so what is here is true.
 */
export class HotCache {
  readonly #maxBytes: number
  readonly #maxRevisions: number
  // A Map keeps insertion order: what is used is put in again, so the first is the one unused for longest.
  readonly #versions = new Map<string, Version>()
  readonly #revisions = new Map<string, Revision>()
  #bytes = 0

  constructor(limits: { readonly hotBytes: number; readonly hotRevisions: number }) {
    this.#maxBytes = limits.hotBytes
    this.#maxRevisions = limits.hotRevisions
  }

  /** Bytes of memory that the values take. */
  get bytes(): number {
    return this.#bytes
  }

  /** The key's state, or undefined when it is not known here. `text` is the key's text. */
  get(text: string): State | undefined {
    const version = this.#versions.get(text)
    if (version !== undefined) {
      this.#versions.delete(text)
      this.#versions.set(text, version)
      return version
    }
    return this.#revisions.get(text) === noRevision ? null : undefined
  }

  /** The key's revision, 0 when it has no value, undefined when it is not known here. */
  revision(text: string): Revision | undefined {
    return this.#versions.get(text)?.revision ?? this.#revisions.get(text)
  }

  set(text: string, state: State): void {
    const before = this.#versions.get(text)
    if (before !== undefined) {
      this.#versions.delete(text)
      this.#bytes -= before.row.length + overheadBytes
    }
    if (state !== null) {
      this.#versions.set(text, state)
      this.#bytes += state.row.length + overheadBytes
      for (const [oldest, version] of this.#versions) {
        if (this.#bytes <= this.#maxBytes) break
        this.#versions.delete(oldest)
        this.#bytes -= version.row.length + overheadBytes
      }
    }
    this.#revisions.delete(text)
    this.#revisions.set(text, state?.revision ?? noRevision)
    if (this.#revisions.size > this.#maxRevisions) {
      for (const oldest of this.#revisions.keys()) {
        this.#revisions.delete(oldest)
        break
      }
    }
  }
}
