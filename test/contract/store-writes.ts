import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { ConditionFailed, StoreUnavailable } from '../../storage/store.ts'
import { allOf, draft, eventsUntil, key, put, remove, type StoreOpener, written } from './store-fixtures.ts'

export function describeWrites(open: StoreOpener): void {
  describe('writes', () => {
    test('an empty store is at revision 0 and has nothing', async () => {
      const store = await open()
      expect(store.revision).toBe(0)
      expect(store.oldest).toBe(0)
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await store.count({ type: '/configmaps' })).toBe(0)
    })

    test('each write gets the next revision, whatever its key, and has it in its bytes', async () => {
      const store = await open()
      const first = await put(store, key('a'), 'one')
      const second = await put(store, key('b', 'other', 'apps/deployments'), 'two')
      expect([first.revision, second.revision, store.revision]).toEqual([1, 2, 2])
      expect(String(second.bytes)).toBe(written('two', 2))
      const read = await store.get(key('b', 'other', 'apps/deployments'))
      expect(read).toMatchObject({ key: key('b', 'other', 'apps/deployments'), revision: 2 })
      expect(String(read?.bytes)).toBe(written('two', 2))
    })

    test('a deleted value is gone, and its deletion has a revision', async () => {
      const store = await open()
      await put(store, key('a'), 'one')
      const last = await remove(store, key('a'), 'gone')
      expect(String(last.bytes)).toBe(written('gone', 2))
      expect(store.revision).toBe(2)
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await allOf(store, { type: '/configmaps' })).toEqual([])
    })

    test.each([
      { name: 'absent, and there is one', expected: 'absent' as const, current: 3 },
      { name: 'an older revision', expected: 2 as Revision, current: 3 },
      { name: 'a revision that never was', expected: 9 as Revision, current: 3 },
    ])('a write that expects $name is refused and says what there is', async ({ expected, current }) => {
      const store = await open()
      await put(store, key('other'), 'x')
      await put(store, key('a'), 'one')
      await put(store, key('a'), 'two')
      const failure = await put(store, key('a'), 'three', expected).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(ConditionFailed)
      expect(failure).toMatchObject({ key: key('a'), current: { revision: current } })
      expect(store.revision).toBe(3)
      expect(String((await store.get(key('a')))?.bytes)).toBe(written('two', 3))
    })

    test('a write that expects a revision of a key without a value is refused', async () => {
      const store = await open()
      await put(store, key('a'), 'one')
      await remove(store, key('a'))
      const failure = await put(store, key('a'), 'two', 1 as Revision).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(ConditionFailed)
      expect(failure).toMatchObject({ current: undefined })
    })

    test('a delete of nothing is refused, whatever it expects', async () => {
      const store = await open()
      await expect(remove(store, key('a'))).rejects.toBeInstanceOf(ConditionFailed)
      expect(store.revision).toBe(0)
    })

    test('a write is refused when another key is not as it was read', async () => {
      const store = await open()
      const namespace = key('default', '', '/namespaces')
      const read = await put(store, namespace, 'active')
      const also = [{ key: namespace, expect: read.revision }]
      await store.commit({ key: key('a'), expect: 'absent', also, put: draft('one') })
      const changed = await put(store, namespace, 'terminating')
      const failure = await store
        .commit({ key: key('b'), expect: 'absent', also, put: draft('one') })
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(ConditionFailed)
      expect(failure).toMatchObject({ key: namespace, current: { revision: changed.revision } })
      expect(await store.get(key('b'))).toBeUndefined()
      await remove(store, namespace)
      const gone = [{ key: namespace, expect: 'absent' as const }]
      await store.commit({ key: key('b'), expect: 'absent', also: gone, put: draft('one') })
    })

    test('writes that are queued together are decided one after the other', async () => {
      const store = await open()
      const results = await Promise.allSettled([
        put(store, key('a'), 'one', 'absent'),
        put(store, key('a'), 'two', 'absent'),
        put(store, key('a'), 'three', 1 as Revision),
        remove(store, key('a'), 'gone', 2 as Revision),
        put(store, key('a'), 'again', 'absent'),
        store.commit({
          key: key('b'),
          expect: 'absent',
          also: [{ key: key('a'), expect: 4 as Revision }],
          put: draft('b'),
        }),
      ])
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'fulfilled',
      ])
      expect(results[1]).toMatchObject({ reason: { current: { revision: 1 } } })
      expect(store.revision).toBe(5)
      expect(await store.count({ type: '/configmaps' })).toBe(2)
    })

    test('of many who increment the same value, each counts', async () => {
      const store = await open()
      const first = await put(store, key('counter'), '0')
      const increments = 20
      const writer = async () => {
        let current = first
        for (let done = 0; done < increments; ) {
          const text = String(JSON.parse(String(current.bytes)).text)
          try {
            current = await put(store, key('counter'), String(Number(text) + 1), current.revision)
            done++
          } catch (error) {
            if (!(error instanceof ConditionFailed) || error.current === undefined) throw error
            current = error.current
          }
        }
      }
      await Promise.all(Array.from({ length: 8 }, writer))
      const last = await store.get(key('counter'))
      expect(JSON.parse(String(last?.bytes)).text).toBe(String(8 * increments))
      expect(store.revision).toBe(1 + 8 * increments)
    })

    test('concurrent writes get revisions without a gap, and every one is an event', async () => {
      const store = await open()
      const follower = store.follow({ type: '/configmaps' }, 0 as Revision)
      const stored = await Promise.all(
        Array.from({ length: 500 }, (_, i) => put(store, key(`n${i}`), 'x'.repeat(i), 'absent')),
      )
      expect(stored.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 500 }, (_, i) => i + 1),
      )
      const events = await eventsUntil(follower, 500)
      expect(new Map(events.map((event) => [event.revision, event.key.name]))).toEqual(
        new Map(stored.map(({ revision, key: at }) => [revision, at.name])),
      )
      follower.close()
    })

    test('counts keys by type and namespace', async () => {
      const store = await open()
      await put(store, key('a', 'one'), 'x')
      await put(store, key('a', 'one'), 'y')
      await put(store, key('b', 'one'), 'x')
      await put(store, key('a', 'two'), 'x')
      await put(store, key('a', '', '/nodes'), 'x')
      await remove(store, key('b', 'one'))
      expect(await store.count({ type: '/configmaps' })).toBe(2)
      expect(await store.count({ type: '/configmaps', namespace: 'one' })).toBe(1)
      expect(await store.count({ type: '/configmaps', namespace: 'three' })).toBe(0)
      expect(await store.count({ type: '/nodes', namespace: '' })).toBe(1)
    })

    test('a value may be empty, and large', async () => {
      const store = await open()
      await store.commit({ key: key('empty'), expect: 'any', put: { bytes: Buffer.alloc(0), splice: 0 } })
      const large = Buffer.alloc(3 * 1024 * 1024, 'x')
      await store.commit({ key: key('large'), expect: 'any', put: { bytes: large, splice: large.length } })
      expect(String((await store.get(key('empty')))?.bytes)).toBe('1')
      expect((await store.get(key('large')))?.bytes.length).toBe(large.length + 1)
    })

    test('a bug in a write is an error of that write alone', async () => {
      const store = await open()
      const results = await Promise.allSettled([
        put(store, key('a'), 'one'),
        store.commit({ key: key('b'), expect: 'any' }),
        store.commit({ key: key('c'), expect: 'any', put: { bytes: Buffer.from('x'), splice: 2 } }),
        put(store, key('d'), 'one'),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(store.revision).toBe(2)
    })

    test('a closed store says so', async () => {
      const store = await open()
      const written = put(store, key('a'), 'one')
      await store.close()
      await store.close()
      expect((await written).revision).toBe(1)
      await expect(put(store, key('a'), 'two')).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(store.get(key('a'))).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(store.range({ type: '/configmaps' })).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(store.count({ type: '/configmaps' })).rejects.toBeInstanceOf(StoreUnavailable)
      expect(() => store.follow({ type: '/configmaps' }, 1 as Revision)).toThrow(StoreUnavailable)
    })
  })
}
