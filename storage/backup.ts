import { readdir } from 'node:fs/promises'
import type { OpenDatabase, Operation, Snapshot } from './database.ts'
import { metaKey } from './keys.ts'
import { verifyRow } from './rows.ts'
import { StoreUnavailable } from './store.ts'

/** So many bytes of rows go into one batch of the copy. */
const batchBytes = 4 * 1024 * 1024

/**
 * Copies every row of a snapshot into a new database, checking each. The row that makes a store of it comes last: a copy that was
 * interrupted is not taken for one. Throws StoreUnavailable when the folder has something in it.
 */
export async function copyDatabase(snapshot: Snapshot, folder: string, open: OpenDatabase): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new StoreUnavailable(`the folder ${folder} of the backup cannot be read: choose another`, error)
  })
  if (there.length > 0) throw new StoreUnavailable(`the folder ${folder} is not empty: choose another for the backup`)
  const copy = await open(folder)
  try {
    let operations: Operation[] = []
    let bytes = 0
    const cursor = snapshot.cursor({ from: '', to: '\u{10ffff}' })
    try {
      for (;;) {
        const rows = await cursor.next(256)
        if (rows.length === 0) break
        for (const [key, value] of rows) {
          verifyRow(key, value)
          if (key === metaKey) continue
          operations.push({ type: 'put', key, value })
          bytes += value.length
        }
        if (bytes < batchBytes) continue
        await copy.batch(operations)
        operations = []
        bytes = 0
      }
    } finally {
      await cursor.close()
    }
    await copy.batch(operations)
    const head = await snapshot.get(metaKey)
    if (head === undefined) throw new Error('a store without its head row was to be copied')
    await copy.batch([{ type: 'put', key: metaKey, value: head }])
  } finally {
    await copy.close()
  }
}
