import type { Revision } from '../src/machinery/revision.ts'
import { noRevision } from '../src/machinery/revision.ts'
import type { LogStretch } from './event-log.ts'
import { currentKey, historyKey, logKey, rangeHas } from './keys.ts'
import { type PlacedLogEntry, readLogRow, readVersion, type Version } from './rows.ts'
import type { KeyRange, StoreEvent } from './store.ts'
import { Compacted, StoreUnavailable } from './store.ts'
import { CommittedEvent } from './store-event.ts'
import type { View } from './view.ts'

/** About so many writes are looked at in one go, and so many bytes of values are read. */
const scanLength = 4_096
const readBytes = 1024 * 1024

/**
 * Makes the events of a range again from what is on disk, from strictly after a revision on. The view must have the log from there on;
 * when it was forgotten meanwhile, this throws Compacted with `oldest()`.
 */
export async function readLog(
  view: View,
  range: KeyRange,
  after: Revision,
  maxEvents: number,
  oldest: () => Revision,
): Promise<LogStretch> {
  const found: PlacedLogEntry[] = []
  let position = after
  let bytes = 0
  const from = logKey((after + 1) as Revision)
  const cursor = view.snapshot.cursor({ from, to: logKey((view.revision + 1) as Revision) })
  try {
    scan: while (position - after < scanLength) {
      const rows = await cursor.next(16)
      if (rows.length === 0) break
      for (const [, row] of rows) {
        for (const entry of readLogRow(row, position)) {
          if (entry.revision !== position + 1) throw gap(position, after, oldest())
          position = entry.revision
          if (!rangeHas(range, entry.key)) continue
          found.push(entry)
          bytes += entry.size
          if (found.length >= maxEvents || bytes >= readBytes) break scan
        }
      }
    }
  } finally {
    await cursor.close()
  }
  return { events: await eventsOf(view, found), position }
}

function gap(position: Revision, after: Revision, oldest: Revision): Error {
  if (after < oldest) return new Compacted(after, oldest)
  return new StoreUnavailable(`write ${position + 1} is missing in the log: restore a backup into an empty folder`)
}

async function eventsOf(view: View, found: readonly PlacedLogEntry[]): Promise<readonly StoreEvent[]> {
  if (found.length === 0) return []
  // A value is in the history when it was replaced or deleted since, and current otherwise.
  const written = await versions(
    view,
    found,
    found.map((entry) => historyKey(entry.text, entry.revision)),
  )
  const replaced = found.filter((entry) => entry.previous !== noRevision)
  const before = await versions(
    view,
    replaced,
    replaced.map((entry) => historyKey(entry.text, entry.previous)),
  )
  const current = found.filter((entry) => !written.has(entry))
  const newest = await versions(
    view,
    current,
    current.map((entry) => currentKey(entry.text)),
  )
  return found.map((entry) => {
    const version = written.get(entry) ?? newest.get(entry)
    const previous = before.get(entry)
    if (version?.revision !== entry.revision || (previous?.revision ?? noRevision) !== entry.previous)
      throw new StoreUnavailable(
        `the value of write ${entry.revision} is missing: restore a backup into an empty folder`,
      )
    return new CommittedEvent(entry.type, version, previous)
  })
}

async function versions(
  view: View,
  entries: readonly PlacedLogEntry[],
  keys: readonly string[],
): Promise<ReadonlyMap<PlacedLogEntry, Version>> {
  const rows = keys.length === 0 ? [] : await view.snapshot.getMany(keys)
  const result = new Map<PlacedLogEntry, Version>()
  entries.forEach((entry, i) => {
    const row = rows[i]
    if (row !== undefined) result.set(entry, readVersion(entry.key, row))
  })
  return result
}
