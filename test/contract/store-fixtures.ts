import type { Revision } from '../../src/machinery/revision.ts'
import type { StoreOptions } from '../../storage/limits.ts'
import type { Draft, Follower, Key, KeyRange, RangeOptions, Store, Stored, StoreEvent } from '../../storage/store.ts'

/** Makes a new, empty store; the suite closes it. */
export type StoreOpener = (options?: StoreOptions) => Promise<Store>

const head = '{"metadata":{"resourceVersion":"'

/** A small object with a gap for its resourceVersion. */
export function draft(text: string): Draft {
  return { bytes: Buffer.from(`${head}"},"text":${JSON.stringify(text)}}`), splice: head.length }
}

/** What a draft must have become. */
export function written(text: string, revision: number): string {
  return `${head}${revision}"},"text":${JSON.stringify(text)}}`
}

export function key(name: string, namespace = 'default', type = '/configmaps'): Key {
  return { type, namespace, name }
}

export function put(store: Store, at: Key, text: string, expect: Revision | 'absent' | 'any' = 'any'): Promise<Stored> {
  return store.commit({ key: at, expect, put: draft(text) })
}

export function remove(store: Store, at: Key, text = 'last', expect: Revision | 'any' = 'any'): Promise<Stored> {
  return store.commit({ key: at, expect, delete: draft(text) })
}

export async function allOf(store: Store, range: KeyRange, options?: RangeOptions): Promise<readonly Stored[]> {
  const result = await store.range(range, options)
  const values: Stored[] = []
  for await (const chunk of result.chunks) values.push(...chunk)
  return values
}

/** Names, with their namespaces, of a range. */
export async function namesOf(store: Store, range: KeyRange, options?: RangeOptions): Promise<readonly string[]> {
  return (await allOf(store, range, options)).map(({ key: at }) => `${at.namespace}/${at.name}`)
}

/** All events of a follower up to a revision; it may be waiting for more afterwards. */
export async function eventsUntil(follower: Follower, revision: number): Promise<readonly StoreEvent[]> {
  const events: StoreEvent[] = []
  while (follower.position < revision) {
    let waiting = true
    const next = follower.next().finally(() => {
      waiting = false
    })
    // The position also moves when only other keys change, and then nothing is returned.
    while (waiting && follower.position < revision) await turn()
    await turn()
    if (waiting) break
    events.push(...((await next) ?? []))
  }
  return events
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** One line for an event, to compare with. */
export function line(event: StoreEvent): string {
  const before = event.previous === undefined ? '' : ` was ${event.previous.revision}`
  return `${event.revision} ${event.type} ${event.key.namespace}/${event.key.name}${before}`
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}
