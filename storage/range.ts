import type { Revision } from '../src/machinery/revision.ts'
import type { Snapshot } from './database.ts'
import { parseKeyText, rangeHas, space, textRange } from './keys.ts'
import { pastVersions } from './past.ts'
import { readVersion } from './rows.ts'
import type { KeyRange, RangeOptions, RangeResult, Stored } from './store.ts'

/** A chunk has at most so many values, and about so many bytes. */
const chunkValues = 256
const chunkBytes = 256 * 1024

/** The newest values of a range, read one chunk ahead of who iterates. */
export async function* currentRange(
  snapshot: Snapshot,
  range: KeyRange,
  options: RangeOptions,
): AsyncGenerator<readonly Stored[]> {
  const { from, to } = textRange(range, options.after)
  // Rows of other names have to be read over, so the database cannot count for us.
  const filtered = range.name !== undefined && range.namespace === undefined
  let left = options.limit ?? Number.POSITIVE_INFINITY
  if (left <= 0) return
  const bounds = { from: space.current + from, to: space.current + to }
  const cursor = snapshot.cursor(filtered || left === Number.POSITIVE_INFINITY ? bounds : { ...bounds, limit: left })
  try {
    let ahead = cursor.next(chunkValues)
    for (;;) {
      const rows = await ahead
      if (rows.length === 0) return
      const complete = !filtered && rows.length >= left
      if (!complete) {
        ahead = cursor.next(chunkValues)
        // Who leaves early never asks for it.
        ahead.catch(() => undefined)
      }
      const values: Stored[] = []
      for (const [rowKey, row] of rows) {
        const key = parseKeyText(rowKey.slice(1))
        if (filtered && !rangeHas(range, key)) continue
        values.push(readVersion(key, row))
        if (values.length >= left) break
      }
      left -= values.length
      if (values.length > 0) yield values
      if (complete || left <= 0) return
    }
  } finally {
    await cursor.close()
  }
}

/** The values of a range as they were right after a revision. */
export async function* pastRange(
  snapshot: Snapshot,
  range: KeyRange,
  at: Revision,
  options: RangeOptions,
): AsyncGenerator<readonly Stored[]> {
  let left = options.limit ?? Number.POSITIVE_INFINITY
  if (left <= 0) return
  let values: Stored[] = []
  let bytes = 0
  for await (const version of pastVersions(snapshot, textRange(range, options.after), at)) {
    if (!rangeHas(range, version.key)) continue
    values.push(version)
    bytes += version.bytes.length
    left--
    if (left <= 0) break
    if (values.length < chunkValues && bytes < chunkBytes) continue
    yield values
    values = []
    bytes = 0
  }
  if (values.length > 0) yield values
}

/** A result that frees what it holds once, when its chunks end, are left, or are given up. */
export function closedRange(
  revision: Revision,
  chunks: AsyncGenerator<readonly Stored[]>,
  release: () => Promise<void>,
): RangeResult {
  let released: Promise<void> | undefined
  const free = () => {
    released ??= release()
    return released
  }
  async function* guarded() {
    try {
      yield* chunks
    } finally {
      await free()
    }
  }
  return {
    revision,
    chunks: guarded(),
    close: async () => {
      await chunks.return(undefined)
      await free()
    },
  }
}
