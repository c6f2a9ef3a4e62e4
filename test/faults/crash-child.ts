/*
 * Writes to a store and follows it until it is killed. Waits for one line on its input, `{"folder","seed","after"}`, so that it is
 * loaded before its turn comes. Tells each acknowledged write and each event at once, one JSON array a line: what it has said before it
 * is killed was true.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Revision } from '../../src/machinery/revision.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { ConditionFailed, type Store } from '../../storage/store.ts'
import { draft, key } from '../contract/store-fixtures.ts'
import { Random } from './random.ts'

interface Order {
  readonly folder: string
  readonly seed: number
  /** Up to here the events have been seen. */
  readonly after: number
}

function say(...line: readonly (string | number)[]): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

async function write(store: Store, writer: number, random: Random): Promise<void> {
  for (let i = 0; ; i++) {
    const at = key(`n${random.below(40)}`)
    const text = `${writer} ${i} ${'x'.repeat(random.below(3_000))}`
    try {
      const content = random.below(5) === 0 ? { delete: draft(text) } : { put: draft(text) }
      const stored = await store.commit({ key: at, expect: 'any', ...content })
      say('acknowledged', stored.revision, content.put === undefined ? 'delete' : 'put', at.name, text)
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error
    }
  }
}

async function follow(store: Store, after: number): Promise<void> {
  const follower = store.follow({ type: '/configmaps' }, after as Revision)
  for (;;) {
    for (const event of (await follower.next()) ?? [])
      say('event', event.revision, event.type, event.key.name, JSON.parse(String(event.bytes)).text)
    // What is forgotten has been told, with some to spare.
    if (follower.position % 7 === 0) await store.compact(Math.max(0, follower.position - 30) as Revision)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const order: Order = JSON.parse(line)
  const store = await openLevelStore(order.folder)
  say('open', store.revision)
  const random = new Random(order.seed)
  const writers = Array.from({ length: 8 }, (_, i) => write(store, i, random))
  await Promise.all([follow(store, order.after), ...writers])
}
