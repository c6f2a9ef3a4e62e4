import type { Database, OpenDatabase } from '../../storage/database.ts'
import { openLevelDatabase } from '../../storage/level-store.ts'
import { StoreUnavailable } from '../../storage/store.ts'

/** What goes wrong with the next batch. */
export type BatchFault = 'none' | 'before it is written' | 'after it is written'

/** LevelDB with a disk that fails when it is told to. */
export class FailingDisk {
  /** The faults of the next batches, in order. */
  readonly batches: BatchFault[] = []
  /** So many of the next attempts to open fail. */
  failedOpens = 0
  /** Batches that reached the disk, by the number of their operations. */
  readonly written: number[] = []
  /** Called before each batch. */
  beforeBatch: () => Promise<void> = async () => undefined

  readonly open: OpenDatabase = async (folder) => {
    if (this.failedOpens > 0) {
      this.failedOpens--
      throw new StoreUnavailable(`the disk of ${folder} is full: free some space, writing goes on by itself`)
    }
    return this.#wrap(await openLevelDatabase(folder))
  }

  #wrap(database: Database): Database {
    return {
      snapshot: () => database.snapshot(),
      close: () => database.close(),
      batch: async (operations) => {
        await this.beforeBatch()
        const fault = this.batches.shift()
        if (fault !== 'before it is written') {
          await database.batch(operations)
          this.written.push(operations.length)
        }
        if (fault !== undefined && fault !== 'none') throw new StoreUnavailable(`the disk failed ${fault}`)
      },
    }
  }
}
