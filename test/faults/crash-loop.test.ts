import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { allOf, eventsUntil } from '../contract/store-fixtures.ts'
import { temporaryFolder } from '../storage/temporary-folder.ts'
import { Random } from './random.ts'

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 200)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)

/** What a child says, in its words. */
interface Said {
  readonly what: string
  readonly revision: number
  readonly type: string
  readonly name: string
  readonly text: string
}

/** A process that has loaded the store and waits for its turn. */
class Child {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: string[] = []
  readonly #opened = Promise.withResolvers<void>()
  readonly #ended: Promise<unknown>
  #errors = ''

  constructor() {
    this.#process = spawn(process.execPath, [new URL('crash-child.ts', import.meta.url).pathname])
    const reader = createInterface({ input: this.#process.stdout })
    reader.on('line', (line) => {
      this.#lines.push(line)
      this.#opened.resolve()
    })
    this.#process.stderr.on('data', (text) => {
      this.#errors += String(text)
    })
    this.#ended = Promise.all([once(this.#process, 'close'), once(reader, 'close')])
    this.#process.once('exit', () => this.#opened.resolve())
  }

  /** Lets it write for a while, kills it, and returns what it has said. */
  async run(order: { readonly folder: string; readonly seed: number; readonly after: number }, forMs: number) {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`)
    await this.#opened.promise
    await new Promise((resolve) => setTimeout(resolve, forMs))
    await this.kill()
    expect(this.#errors).toBe('')
    // The last line may have been cut.
    return this.#lines.filter((line) => line.endsWith(']')).map(parse)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }
}

function parse(line: string): Said {
  const [what, revision, type = '', name = '', text = '']: [string, number, string?, string?, string?] =
    JSON.parse(line)
  return { what, revision, type, name, text }
}

test(
  `after ${rounds} kills under load no acknowledged write is lost, no revision goes back, and a watch sees each event once`,
  async () => {
    console.log(`CRASH_SEED=${seed} CRASH_ROUNDS=${rounds}`)
    const random = new Random(seed)
    const folder = await temporaryFolder()
    const state = new Map<string, string>()
    let seen = 0
    let acknowledged = 0
    let next = new Child()
    onTestFinished(() => next.kill())
    for (let round = 0; round < rounds; round++) {
      const child = next
      next = new Child()
      const said = await child.run({ folder, seed: random.below(2 ** 31), after: seen }, random.below(60))
      const store = await openLevelStore(folder)
      const live = said.filter(({ what }) => what === 'event')
      const told = seen + live.length
      const resumed = await eventsUntil(store.follow({ type: '/configmaps' }, told as Revision), store.revision)
      const events = [
        ...live,
        ...resumed.map(({ type, revision, key: { name }, bytes }) => {
          const text: string = JSON.parse(String(bytes)).text
          return { what: 'event', revision, type, name, text }
        }),
      ]
      expect(said[0]?.revision ?? seen).toBe(seen)
      // Each once, in order, without a gap, over all crashes so far.
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, i) => seen + 1 + i))
      seen += events.length
      expect(store.revision).toBe(seen)
      const byRevision = new Map(events.map((event) => [event.revision, event]))
      for (const write of said.filter(({ what }) => what === 'acknowledged')) {
        acknowledged++
        expect(byRevision.get(write.revision)).toEqual({ ...write, what: 'event' })
      }
      for (const { type, name, text } of events)
        if (type === 'put') state.set(name, text)
        else state.delete(name)
      const values = await allOf(store, { type: '/configmaps' })
      const found = values.map(({ key: { name }, bytes }): [string, string] => [name, JSON.parse(String(bytes)).text])
      expect(new Map(found)).toEqual(state)
      expect(await store.count({ type: '/configmaps', namespace: 'default' })).toBe(state.size)
      await store.close()
    }
    console.log(`${acknowledged} writes were acknowledged, ${seen} happened`)
    expect(acknowledged).toBeGreaterThan(rounds)
  },
  // Nine times what a quiet machine of two cores needs.
  Math.max(60_000, rounds * 2_000),
)
