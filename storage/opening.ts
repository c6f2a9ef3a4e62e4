import { noRevision, type Revision } from '../src/machinery/revision.ts'
import type { Database } from './database.ts'
import { logKey, metaKey, revisionOfLogKey } from './keys.ts'
import { currentFormat, firstOfLogRow, type Meta, makeMetaRow, readMetaRow } from './rows.ts'
import { StoreUnavailable } from './store.ts'

/**
 * How many of the newest writes are looked for when a store is opened. More than fit into the files that LevelDB replays, which are the
 * only place where a batch can disappear without an error.
 */
const checkedWrites = 100_000

/** Reads what a store knows of itself; an empty database becomes a store. Throws StoreUnavailable for a database of somebody else. */
export async function headOf(database: Database, folder: string): Promise<Meta> {
  const snapshot = database.snapshot()
  try {
    const row = await snapshot.get(metaKey)
    if (row !== undefined) return readMetaRow(row)
    const cursor = snapshot.cursor({ from: '', to: '\u{10ffff}', limit: 1, keysOnly: true })
    const rows = await cursor.next(1)
    await cursor.close()
    if (rows.length > 0)
      throw new StoreUnavailable(`${folder} holds a database that is no store of this hub: choose another folder`)
  } finally {
    await snapshot.close()
  }
  // Written at once, so that even an empty store is known as one.
  const meta: Meta = { format: currentFormat, revision: noRevision, oldest: noRevision, swept: noRevision }
  await database.batch([{ type: 'put', key: metaKey, value: makeMetaRow(meta) }])
  return meta
}

/**
 * Checks that no write of the newest is missing. LevelDB leaves out damaged records of its own log silently when it opens, so that
 * later ones would make a store that looks whole. Throws StoreUnavailable.
 */
export async function checkComplete(database: Database, meta: Meta, folder: string): Promise<void> {
  const snapshot = database.snapshot()
  try {
    let next = Math.max(meta.oldest, meta.revision - checkedWrites) + 1
    const cursor = snapshot.cursor({
      from: logKey(next as Revision),
      to: logKey(Number.MAX_SAFE_INTEGER as Revision),
    })
    try {
      for (;;) {
        const rows = await cursor.next(1_000)
        if (rows.length === 0) break
        for (const [key, row] of rows) if (firstOfLogRow(row) <= next) next = revisionOfLogKey(key) + 1
      }
    } finally {
      await cursor.close()
    }
    if (next !== meta.revision + 1)
      throw new StoreUnavailable(
        `the store in ${folder} is damaged, write ${next} of ${meta.revision} is missing: restore a backup into an empty folder`,
      )
  } finally {
    await snapshot.close()
  }
}
