import type { Revision } from '../src/machinery/revision.ts'
import type { Bounds, Snapshot } from './database.ts'
import { compareText, currentKey, keyText, parseKeyText, rangeHas, space, textRange } from './keys.ts'
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
  let left = options.limit ?? Number.POSITIVE_INFINITY
  if (left <= 0) return
  const bounds = { from: space.current + from, to: space.current + to }
  if (range.name !== undefined && range.namespace === undefined) {
    yield* oneName(snapshot, { type: range.type, name: range.name }, bounds, left)
    return
  }
  const cursor = snapshot.cursor(left === Number.POSITIVE_INFINITY ? bounds : { ...bounds, limit: left })
  try {
    let ahead = cursor.next(chunkValues)
    for (;;) {
      const rows = await ahead
      if (rows.length === 0) return
      const complete = rows.length >= left
      if (!complete) {
        ahead = cursor.next(chunkValues)
        // Who leaves early never asks for it.
        ahead.catch(() => undefined)
      }
      const values: Stored[] = []
      for (const [rowKey, row] of rows.slice(0, left)) values.push(readVersion(parseKeyText(rowKey.slice(1)), row))
      left -= values.length
      if (values.length > 0) yield values
      if (complete || left <= 0) return
    }
  } finally {
    await cursor.close()
  }
}

/**
 * The newest values of one name in every namespace, by leaps: from wherever the cursor is to the name in that namespace, then behind the
 * namespace. The hub asks so for what each namespace has, and there may be a million others beside it.
 */
async function* oneName(
  snapshot: Snapshot,
  { type, name }: { readonly type: string; readonly name: string },
  bounds: Bounds,
  limit: number,
): AsyncGenerator<readonly Stored[]> {
  const cursor = snapshot.cursor(bounds)
  let values: Stored[] = []
  let left = limit
  try {
    for (;;) {
      const [found] = await cursor.next(1)
      if (found === undefined) break
      const [rowKey, row] = found
      const key = parseKeyText(rowKey.slice(1))
      const text = keyText({ type, namespace: key.namespace, name })
      if (key.name === name) {
        values.push(readVersion(key, row))
        left--
        if (left <= 0) break
        if (values.length >= chunkValues) {
          yield values
          values = []
        }
      }
      // Behind the name, nothing of this namespace is wanted; before it, only the name is.
      const passed = compareText(rowKey.slice(1), text) >= 0
      cursor.seek(passed ? space.current + textRange({ type, namespace: key.namespace }).to : currentKey(text))
    }
  } finally {
    await cursor.close()
  }
  if (values.length > 0) yield values
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
