import type { Revision } from '../src/machinery/revision.ts'
import type { Snapshot } from './database.ts'

/**
 * The database exactly as it was after one published revision, shared by everybody who reads at it. It is freed when its last reader
 * is done and the store has a newer one.
 */
export class View {
  readonly revision: Revision
  readonly snapshot: Snapshot
  #holders = 1

  constructor(revision: Revision, snapshot: Snapshot) {
    this.revision = revision
    this.snapshot = snapshot
  }

  /** Keeps it until `release` is called once more. */
  hold(): this {
    this.#holders++
    return this
  }

  async release(): Promise<void> {
    this.#holders--
    if (this.#holders === 0) await this.snapshot.close()
  }
}
