import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Informer, type InformerOptions } from '../../src/machinery/informer.ts'
import { silentLogger, withFields } from '../../src/machinery/log.ts'
import { fieldAt, type KubeObject, keyOf, printKey } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { configMaps, ScriptedClient } from './scripted-client.ts'

const stop: AbortController[] = []
afterEach(() => {
  for (const controller of stop.splice(0)) controller.abort()
})

function start(client: ScriptedClient, more: Partial<InformerOptions> = {}) {
  const informer = new Informer({
    client,
    resource: configMaps,
    log: silentLogger,
    backoff: { firstMs: 1, maxMs: 4 },
    ...more,
  })
  const told: string[] = []
  informer.onChange((key, current, previous) => {
    told.push(`${printKey(key)} ${previous ? (current ? 'changed' : 'gone') : 'new'}`)
  })
  const controller = new AbortController()
  stop.push(controller)
  return { informer, told, running: informer.run(controller.signal), controller }
}

const names = (informer: Informer): string[] => informer.list().map((object) => printKey(keyOf(object)))
const value = (informer: Informer, name: string): unknown =>
  fieldAt(informer.get({ namespace: 'default', name }), 'data', 'v')
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5000, interval: 1 })

describe('an informer', () => {
  test('holds what is there, then what changes', async () => {
    const client = new ScriptedClient()
    client.put('a', { v: '1' })
    const { informer, told } = start(client)
    expect(informer.synced).toBe(false)
    await informer.whenSynced()
    expect(informer.synced).toBe(true)
    expect(value(informer, 'a')).toBe('1')
    client.put('b')
    client.put('a', { v: '2' })
    client.delete('b')
    await eventually(() => expect(told).toHaveLength(4))
    expect(told).toEqual(['default/a new', 'default/b new', 'default/a changed', 'default/b gone'])
    expect(names(informer)).toEqual(['default/a'])
    expect(value(informer, 'a')).toBe('2')
    expect(informer.list('elsewhere')).toEqual([])
  })

  test('lists page by page', async () => {
    const client = new ScriptedClient()
    for (let i = 0; i < 1201; i++) client.put(`n${i}`)
    const { informer } = start(client)
    await informer.whenSynced()
    expect(informer.list()).toHaveLength(1201)
    expect(client.calls.slice(0, 3)).toEqual(['list limit=500', 'list limit=500 continue', 'list limit=500 continue'])
  })

  test('lists without pages when a page expires between two', async () => {
    const client = new ScriptedClient()
    for (let i = 0; i < 600; i++) client.put(`n${i}`)
    const list = client.list.bind(client)
    client.list = async (resource, options) => {
      if (options?.continue) throw StatusError.expired('The provided continue parameter is too old')
      return list(resource, options)
    }
    const { informer } = start(client)
    await informer.whenSynced()
    expect(informer.list()).toHaveLength(600)
    expect(client.calls.slice(0, 2)).toEqual(['list limit=500', 'list limit=none'])
  })

  test('goes on from where it was when the server ends a watch, bookmarks included', async () => {
    const client = new ScriptedClient()
    client.put('a')
    const { informer, told } = start(client)
    await informer.whenSynced()
    client.bookmark()
    const revision = client.put('b')
    await eventually(() => expect(told).toHaveLength(2))
    client.bookmark()
    await eventually(() => expect(client.calls.at(-1)).toMatch(/^watch/))
    client.dropWatches()
    await eventually(() => expect(client.calls.at(-1)).toBe(`watch ${revision + 1}`))
    expect(client.calls.filter((call) => call.startsWith('list'))).toHaveLength(1)
    client.put('c')
    await eventually(() => expect(told).toHaveLength(3))
  })

  test('lists again after 410 and finds what vanished, changed and stayed', async () => {
    const client = new ScriptedClient()
    for (const name of ['stays', 'changes', 'vanishes']) client.put(name)
    const { informer, told } = start(client)
    await informer.whenSynced()
    const stays = informer.get({ namespace: 'default', name: 'stays' })
    told.length = 0
    const watch = client.watch.bind(client)
    // While the watch is away the world moves on and the history is compacted.
    client.watch = async function* () {
      client.watch = watch
      client.delete('vanishes')
      client.put('changes')
      client.put('appears')
      client.compact()
      yield* []
    }
    client.dropWatches()
    await eventually(() =>
      expect([...told].sort()).toEqual(['default/appears new', 'default/changes changed', 'default/vanishes gone']),
    )
    expect(informer.get({ namespace: 'default', name: 'stays' })).toBe(stays)
    expect(informer.failure).toBeUndefined()
  })

  test('says why it cannot follow, keeps what it knows, and recovers without listing everything', async () => {
    const client = new ScriptedClient()
    client.put('a', { v: '1' })
    const { informer } = start(client)
    await informer.whenSynced()
    const down = Array.from({ length: 20 }, () => StatusError.unavailable('dial https://x: connection refused'))
    client.failLists(...down)
    client.failWatches(...down.slice(0, 1))
    await eventually(() => expect(informer.failure?.message).toBe('dial https://x: connection refused'))
    expect(value(informer, 'a')).toBe('1')
    client.put('a', { v: '2' })
    await eventually(() => expect(value(informer, 'a')).toBe('2'))
    expect(informer.failure).toBeUndefined()
    expect(client.calls.filter((call) => call === 'list limit=500')).toHaveLength(1)
  })

  test('tells an outage once, in a sentence, however often it tries', async () => {
    const told: { readonly level: string; readonly fields: object }[] = []
    const at = (level: string) => (fields: object) => void told.push({ level, fields })
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    const client = new ScriptedClient()
    client.put('a')
    const { informer } = start(client, { log: withFields(log, { cluster: 'north' }) })
    await informer.whenSynced()
    client.failLists(...Array.from({ length: 5 }, () => StatusError.unavailable('dial https://x: connection refused')))
    client.failWatches(StatusError.unavailable('dial https://x: connection refused'))
    client.dropWatches()
    await eventually(() => expect(told.length).toBeGreaterThan(3))
    await eventually(() => expect(informer.failure).toBeUndefined())
    const [first, ...others] = told
    expect(first?.level).toBe('warn')
    expect(first?.fields).toMatchObject({ cluster: 'north', reason: 'dial https://x: connection refused' })
    expect(first?.fields).not.toHaveProperty('err')
    expect(new Set(others.map(({ level }) => level))).toEqual(new Set(['debug']))
  })

  test('never is synced before the first list succeeds', async () => {
    const client = new ScriptedClient()
    client.failLists(new Error('one'), new Error('two'))
    const { informer } = start(client)
    await eventually(() => expect(informer.failure).toBeDefined())
    expect(informer.synced).toBe(false)
    await expect(informer.whenSynced(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    await informer.whenSynced()
    expect(informer.failure).toBeUndefined()
  })

  test('lists again when the server was restored from a backup and its revisions went back', async () => {
    const client = new ScriptedClient()
    client.put('old')
    const backup = new Map(client.objects)
    const { informer } = start(client)
    for (let i = 0; i < 20; i++) client.put(`later${i}`)
    await eventually(() => expect(informer.list()).toHaveLength(21))
    client.restore(backup, 11)
    client.failWatches(StatusError.unavailable('connection reset by peer'))
    await eventually(() => expect(names(informer)).toEqual(['default/old']))
    client.put('after')
    await eventually(() => expect(names(informer)).toEqual(['default/old', 'default/after']))
  })

  test('does not run in circles when every watch ends at once', async () => {
    const client = new ScriptedClient()
    client.watch = async function* (_resource, { resourceVersion }) {
      client.calls.push(`watch ${resourceVersion}`)
      yield* []
    }
    const { running, controller } = start(client, { backoff: { firstMs: 20, maxMs: 20 } })
    setTimeout(() => controller.abort(), 200)
    await running
    expect(client.calls.length).toBeLessThan(25)
  })

  test('keeps only what its transform leaves', async () => {
    const client = new ScriptedClient()
    client.put('a', { secret: 'x' })
    const { informer } = start(client, {
      transform: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
    })
    await informer.whenSynced()
    expect(informer.list()).toMatchObject([{ metadata: { name: 'a' } }])
    expect(informer.list()[0]).not.toHaveProperty('data')
  })

  test('finds objects by index, those from before the index too, and forgets old values', async () => {
    const client = new ScriptedClient()
    client.put('a', { colour: 'red' })
    const { informer } = start(client)
    await informer.whenSynced()
    const colours = (object: KubeObject): string[] => {
      const colour = fieldAt(object, 'data', 'colour')
      return typeof colour === 'string' ? [colour] : []
    }
    informer.index('colour', colours)
    expect(() => informer.index('colour', colours)).toThrow('exists already')
    expect(() => informer.byIndex('shape', 'round')).toThrow('there is no index shape')
    client.put('b', { colour: 'red' })
    await eventually(() => expect(informer.byIndex('colour', 'red')).toHaveLength(2))
    client.put('a', { colour: 'blue' })
    client.delete('b')
    await eventually(() => expect(informer.byIndex('colour', 'red')).toHaveLength(0))
    expect(informer.byIndex('colour', 'blue')).toMatchObject([{ metadata: { name: 'a' } }])
  })

  test('a listener that throws is logged and hurts nobody else; one that stopped hears nothing', async () => {
    const client = new ScriptedClient()
    const errors: string[] = []
    const log = { ...silentLogger, error: (_fields: object, message: string) => errors.push(message) }
    const { informer } = start(client, { log })
    const quiet: string[] = []
    informer.onChange(() => {
      throw new Error('bug')
    })
    informer.onChange((key) => quiet.push(key.name))()
    const heard: string[] = []
    informer.onChange((key) => heard.push(key.name))
    await informer.whenSynced()
    client.put('a')
    await eventually(() => expect(heard).toEqual(['a']))
    expect(quiet).toEqual([])
    expect(errors).toEqual(['a listener of an informer failed'])
  })

  test('ends holding exactly what the server holds, whatever happened on the way', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ do: fc.constant('delete' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ do: fc.constantFrom('compact', 'drop', 'reset', 'bookmark', 'badList', 'rest' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const client = new ScriptedClient()
        const { informer, controller, running } = start(client, { backoff: { firstMs: 1, maxMs: 1 } })
        const mirror = new Map<string, string | undefined>()
        informer.onChange((key, current, previous) => {
          expect(previous?.metadata.resourceVersion).toBe(mirror.get(key.name))
          if (current) mirror.set(key.name, current.metadata.resourceVersion)
          else mirror.delete(key.name)
        })
        for (const action of steps) {
          if (action.do === 'put' && 'name' in action) client.put(action.name)
          if (action.do === 'delete' && 'name' in action && client.objects.has(`default/${action.name}`)) {
            client.delete(action.name)
          }
          if (action.do === 'compact') client.compact()
          if (action.do === 'drop') client.dropWatches()
          if (action.do === 'reset') client.failWatches(StatusError.unavailable('reset'))
          if (action.do === 'bookmark') client.bookmark()
          if (action.do === 'badList') client.failLists(new Error('500'))
          if (action.do === 'rest') await new Promise((resolve) => setTimeout(resolve, 1))
        }
        const wanted = new Map(
          [...client.objects.values()].map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
        )
        await eventually(() => {
          const held = new Map(informer.list().map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
          expect(held).toEqual(wanted)
          expect(mirror).toEqual(wanted)
          expect(informer.synced).toBe(true)
        })
        controller.abort()
        await running
      }),
      { numRuns: 60 },
    )
  })
})
