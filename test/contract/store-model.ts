import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import {
  Compacted,
  ConditionFailed,
  type Follower,
  type Key,
  type Store,
  type StoreEvent,
} from '../../storage/store.ts'
import { allOf, draft, eventsUntil, key, type StoreOpener } from './store-fixtures.ts'

/** The simplest thing that could be a store: every state that ever was, in full. */
class Model {
  /** The state after each revision: texts of keys to the revision and text of their values. */
  readonly states: ReadonlyMap<string, { readonly revision: number; readonly text: string }>[] = [new Map()]
  readonly events: { readonly type: 'put' | 'delete'; readonly name: string; readonly previous: number }[] = []
  oldest = 0

  get revision(): number {
    return this.states.length - 1
  }

  at(revision: number) {
    return this.states[revision] ?? new Map<string, { readonly revision: number; readonly text: string }>()
  }

  write(name: string, text: string | undefined): void {
    const next = new Map(this.at(this.revision))
    const previous = next.get(name)?.revision ?? 0
    if (text === undefined) next.delete(name)
    else next.set(name, { revision: this.revision + 1, text })
    this.states.push(next)
    this.events.push({ type: text === undefined ? 'delete' : 'put', name, previous })
  }
}

interface Real {
  readonly store: Store
  readonly followers: { readonly follower: Follower; readonly after: number; readonly seen: StoreEvent[] }[]
}

type Command = fc.AsyncCommand<Model, Real, false>

const names = ['a', 'b', 'c', 'd']
const keyOf = (name: string): Key => key(name, name < 'c' ? 'one' : 'two')

class Commit implements Command {
  readonly name: string
  readonly text: string | undefined
  readonly expected: 'any' | 'absent' | 'current' | 'stale'

  constructor(name: string, text: string | undefined, expected: 'any' | 'absent' | 'current' | 'stale') {
    this.name = name
    this.text = text
    this.expected = expected
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store }: Real): Promise<void> {
    const current = model.at(model.revision).get(this.name)
    const expected = {
      any: 'any' as const,
      absent: 'absent' as const,
      current: current === undefined ? ('absent' as const) : (current.revision as Revision),
      stale: ((current?.revision ?? model.revision) + 1) as Revision,
    }[this.expected]
    const holds =
      this.expected === 'any' || this.expected === 'current' || (this.expected === 'absent' && current === undefined)
    const content = this.text === undefined ? { delete: draft('gone') } : { put: draft(this.text) }
    const write = store.commit({ key: keyOf(this.name), expect: expected, ...content })
    if (holds && (this.text !== undefined || current !== undefined)) {
      model.write(this.name, this.text)
      expect((await write).revision).toBe(model.revision)
    } else {
      const error = await write.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ConditionFailed)
      if (error instanceof ConditionFailed) expect(error.current?.revision).toBe(current?.revision)
    }
    expect(store.revision).toBe(model.revision)
  }

  toString(): string {
    return `commit ${this.name} ${this.text ?? 'delete'} expecting ${this.expected}`
  }
}

class Read implements Command {
  readonly back: number

  constructor(back: number) {
    this.back = back
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store }: Real): Promise<void> {
    const at = Math.max(0, model.revision - this.back)
    const options = this.back === 0 ? {} : { at: at as Revision }
    if (this.back > 0 && at < model.oldest) {
      await expect(store.range({ type: '/configmaps' }, options)).rejects.toBeInstanceOf(Compacted)
      return
    }
    const values = await allOf(store, { type: '/configmaps' }, options)
    const expected = [...model.at(at)].sort(([a], [b]) => (a < b ? -1 : 1))
    expect(values.map((value) => [value.key.name, { revision: value.revision, text: textOf(value.bytes) }])).toEqual(
      expected,
    )
    for (const name of names) {
      const value = await store.get(keyOf(name), options.at)
      expect(value?.revision).toBe(model.at(at).get(name)?.revision)
    }
    if (this.back === 0) expect(await store.count({ type: '/configmaps' })).toBe(expected.length)
  }

  toString(): string {
    return `read ${this.back} back`
  }
}

class Follow implements Command {
  readonly back: number

  constructor(back: number) {
    this.back = back
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store, followers }: Real): Promise<void> {
    const after = Math.max(0, model.revision - this.back)
    const follow = () => store.follow({ type: '/configmaps' }, after as Revision)
    if (after < model.oldest) expect(follow).toThrow(Compacted)
    else followers.push({ follower: follow(), after, seen: [] })
  }

  toString(): string {
    return `follow from ${this.back} back`
  }
}

class ReadOn implements Command {
  readonly which: number

  constructor(which: number) {
    this.which = which
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { followers }: Real): Promise<void> {
    const one = followers[this.which % Math.max(1, followers.length)]
    if (one === undefined || one.follower.position >= model.revision) return
    try {
      one.seen.push(...((await one.follower.next()) ?? []))
    } catch (error) {
      expect(error).toBeInstanceOf(Compacted)
      expect(one.follower.position).toBeLessThan(model.oldest)
      followers.splice(followers.indexOf(one), 1)
    }
  }

  toString(): string {
    return `read on with follower ${this.which}`
  }
}

class Compact implements Command {
  readonly back: number

  constructor(back: number) {
    this.back = back
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store }: Real): Promise<void> {
    const before = Math.max(0, model.revision - this.back)
    await store.compact(before as Revision)
    model.oldest = Math.max(model.oldest, before)
    expect(store.oldest).toBe(model.oldest)
  }

  toString(): string {
    return `compact to ${this.back} back`
  }
}

function textOf(bytes: Buffer): string {
  return JSON.parse(String(bytes)).text
}

const name = fc.constantFrom(...names)
const commands = fc.commands<Model, Real, false>(
  [
    fc
      .tuple(
        name,
        fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
        fc.constantFrom('any', 'absent', 'current', 'stale'),
      )
      .map(([at, text, expected]) => new Commit(at, text, expected)),
    fc.tuple(name, fc.string({ maxLength: 5 })).map(([at, text]) => new Commit(at, text, 'any')),
    fc.nat({ max: 8 }).map((back) => new Read(back)),
    fc.nat({ max: 8 }).map((back) => new Follow(back)),
    fc.nat({ max: 8 }).map((which) => new ReadOn(which)),
    fc.nat({ max: 8 }).map((back) => new Compact(back)),
  ],
  { maxCommands: 80 },
)

export function describeModel(open: StoreOpener): void {
  test('whatever is done in whatever order, the store is as its model', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        // So little is kept in memory that most of what is read comes from the log and the history.
        const store = await open({ recentEvents: 4, pendingEvents: 2, hotBytes: 2_000 })
        const model = new Model()
        const real: Real = { store, followers: [] }
        try {
          await fc.asyncModelRun(() => ({ model, real }), sequence)
          for (const { follower, after, seen } of real.followers) {
            if (follower.position >= model.oldest || follower.position >= model.revision)
              seen.push(...(await eventsUntil(follower, model.revision)))
            expect(
              seen.map((event) => ({
                type: event.type,
                name: event.key.name,
                previous: event.previous?.revision ?? 0,
                revision: event.revision,
              })),
            ).toEqual(
              model.events
                .map((event, i) => ({ ...event, revision: i + 1 }))
                .filter(({ revision }) => revision > after && revision <= follower.position),
            )
          }
        } finally {
          await store.close()
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  describe('the model', () => {
    test('is one that could be wrong', () => {
      const model = new Model()
      model.write('a', 'x')
      expect(model.at(1).get('a')).toEqual({ revision: 1, text: 'x' })
    })
  })
}
