import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { Compacted, type StoreEvent, StoreUnavailable } from '../../storage/store.ts'
import { allOf, eventsUntil, key, line, put, remove, type StoreOpener, until, written } from './store-fixtures.ts'

const at = (revision: number) => revision as Revision
const configMaps = { type: '/configmaps' }

export function describeFollowing(open: StoreOpener): void {
  describe('following', () => {
    test('an event has what was written and what was there before', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      await put(store, key('a'), 'one')
      await put(store, key('a'), 'two')
      await remove(store, key('a'), 'gone')
      await put(store, key('a'), 'again')
      const events = await eventsUntil(follower, 4)
      expect(events.map(line)).toEqual([
        '1 put default/a',
        '2 put default/a was 1',
        '3 delete default/a was 2',
        '4 put default/a',
      ])
      expect(events.map(({ bytes }) => String(bytes))).toEqual([
        written('one', 1),
        written('two', 2),
        written('gone', 3),
        written('again', 4),
      ])
      expect(events.map(({ previous }) => previous && String(previous.bytes))).toEqual([
        undefined,
        written('one', 1),
        written('two', 2),
        undefined,
      ])
    })

    test('a refused write is no event', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      await put(store, key('a'), 'one')
      await expect(put(store, key('a'), 'two', 'absent')).rejects.toThrow()
      await put(store, key('b'), 'three')
      expect((await eventsUntil(follower, 2)).map(line)).toEqual(['1 put default/a', '2 put default/b'])
    })

    test.each([
      { name: 'a type', range: configMaps, expected: [1, 2, 3] },
      { name: 'a namespace', range: { ...configMaps, namespace: 'one' }, expected: [1, 2] },
      { name: 'a key', range: { ...configMaps, namespace: 'one', name: 'b' }, expected: [2] },
      { name: 'a name in all namespaces', range: { ...configMaps, name: 'a' }, expected: [1, 3] },
    ])('who follows $name gets its events and no others, and its position moves with all', async ({
      range,
      expected,
    }) => {
      const store = await open()
      const live = store.follow(range, at(0))
      await put(store, key('a', 'one'), 'x')
      await put(store, key('b', 'one'), 'x')
      await put(store, key('a', 'two'), 'x')
      await put(store, key('a', 'one', '/secrets'), 'x')
      const late = store.follow(range, at(0))
      expect((await eventsUntil(live, 4)).map(({ revision }) => revision)).toEqual(expected)
      expect((await eventsUntil(late, 4)).map(({ revision }) => revision)).toEqual(expected)
      expect([live.position, late.position]).toEqual([4, 4])
      await put(store, key('c', 'three', '/secrets'), 'x')
      expect([live.position, late.position]).toEqual([5, 5])
    })

    test('the position never passes an event that was not returned', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      expect(follower.position).toBe(0)
      await put(store, key('x', 'one', '/secrets'), 'x')
      expect(follower.position).toBe(1)
      await put(store, key('a'), 'x')
      await put(store, key('x', 'one', '/secrets'), 'x')
      expect(follower.position).toBe(1)
      expect((await follower.next())?.map(line)).toEqual(['2 put default/a'])
      expect(follower.position).toBe(3)
    })

    test('a waiting reader is woken by an event and by nothing else', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      let woken = false
      const next = follower.next().then((events) => {
        woken = true
        return events
      })
      await put(store, key('a', 'x', '/secrets'), 'x')
      expect(woken).toBe(false)
      await expect(follower.next()).rejects.toThrow(/while it was looking/)
      await put(store, key('a'), 'x')
      expect((await next)?.map(line)).toEqual(['2 put default/a'])
    })

    test('a list and the events after it are the present', async () => {
      const store = await open()
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          for (let round = 0; round < 5; round++) await put(store, key(`n${i % 40}`), `${i} ${round}`)
          if (i % 10 === 0) await remove(store, key(`n${i % 40}`)).catch(() => undefined)
        }).concat(
          Array.from({ length: 20 }, async () => {
            const result = await store.range(configMaps)
            const follower = store.follow(configMaps, result.revision)
            const state = new Map<string, string>()
            for await (const chunk of result.chunks)
              for (const {
                key: { name },
                bytes,
              } of chunk)
                state.set(name, String(bytes))
            await until(() => store.revision >= 1_000)
            for (const {
              type,
              key: { name },
              bytes,
            } of await eventsUntil(follower, store.revision))
              if (type === 'put') state.set(name, String(bytes))
              else state.delete(name)
            follower.close()
            const now = await allOf(store, configMaps, { at: follower.position })
            expect(state).toEqual(new Map(now.map(({ key: { name }, bytes }) => [name, String(bytes)])))
          }),
        ),
      )
    })

    test('followers share the events and what they made of them', async () => {
      const store = await open()
      const one = store.follow(configMaps, at(0))
      const two = store.follow({ ...configMaps, namespace: 'default' }, at(0))
      await put(store, key('a'), 'x')
      const [first] = (await one.next()) ?? []
      const [second] = (await two.next()) ?? []
      expect(first).toBe(second)
      first?.memo.set('frame', 'made once')
      expect(second?.memo.get('frame')).toBe('made once')
    })

    test('a slow follower gets everything once and in order, from memory or from the log', async () => {
      const store = await open({ recentEvents: 50, pendingEvents: 10 })
      const slow = store.follow(configMaps, at(0))
      const other = store.follow({ ...configMaps, namespace: 'none' }, at(0))
      const seen: StoreEvent[] = []
      for (let round = 0; round < 10; round++) {
        await Promise.all(Array.from({ length: 30 }, (_, i) => put(store, key(`n${i}`), `round ${round}`)))
        // It reads a little at each round, at its own pace: sometimes what waits for it, sometimes recent events, sometimes old ones.
        for (let i = 0; i < round % 4; i++) seen.push(...((await slow.next()) ?? []))
      }
      seen.push(...(await eventsUntil(slow, 300)))
      expect(seen.map(({ revision }) => revision)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
      expect(seen.map(({ previous }) => previous?.revision !== undefined)).toEqual(
        Array.from({ length: 300 }, (_, i) => i >= 30),
      )
      expect(other.position).toBe(300)
    })

    test('a follower that fell behind what is kept is told so', async () => {
      const store = await open({ recentEvents: 5, pendingEvents: 2 })
      const follower = store.follow(configMaps, at(0))
      for (let i = 0; i < 20; i++) await put(store, key('a'), 'x')
      await store.compact(at(10))
      await expect(follower.next()).rejects.toBeInstanceOf(Compacted)
      await expect(follower.next()).rejects.toMatchObject({ oldest: 10 })
    })

    test('one slow follower costs the others nothing', async () => {
      const store = await open({ recentEvents: 20, pendingEvents: 5 })
      const slow = store.follow(configMaps, at(0))
      const fast = store.follow(configMaps, at(0))
      let count = 0
      for (let i = 0; i < 100; i++) {
        await put(store, key('a'), 'x')
        count += (await fast.next())?.length ?? 0
      }
      expect(count).toBe(100)
      expect(slow.position).toBe(0)
    })

    test('a closed follower ends, also while it waits', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      const waiting = follower.next()
      expect(store.stats().followers).toBe(1)
      follower.close()
      follower.close()
      expect(await waiting).toBeUndefined()
      expect(await follower.next()).toBeUndefined()
      expect(store.stats().followers).toBe(0)
      await put(store, key('a'), 'x')
      expect(await follower.next()).toBeUndefined()
    })

    test('a follower of a store that is closed learns it', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      const waiting = follower.next().catch((error: unknown) => error)
      await store.close()
      expect(await waiting).toBeInstanceOf(StoreUnavailable)
      await expect(follower.next()).rejects.toBeInstanceOf(StoreUnavailable)
    })

    test('ten thousand followers and one writer lose nothing', async () => {
      const store = await open()
      const followers = Array.from({ length: 10_000 }, (_, i) =>
        store.follow({ ...configMaps, namespace: 'default', name: `n${i % 1_000}` }, at(0)),
      )
      const reads = followers.map((follower) => follower.next())
      for (let i = 0; i < 1_000; i += 100)
        await Promise.all(Array.from({ length: 100 }, (_, n) => put(store, key(`n${i + n}`), 'x')))
      const batches = await Promise.all(reads)
      expect(batches.every((events, i) => events?.length === 1 && events[0]?.key.name === `n${i % 1_000}`)).toBe(true)
      for (const follower of followers) follower.close()
      expect(store.stats().followers).toBe(0)
    })
  })

  // Each of these was seen in etcd, kine or the watch cache of a kube-apiserver, and made controllers miss or repeat work.
  describe('known faults of watches elsewhere', () => {
    test('an event at the border of a compaction is not lost, nor a delete there', async () => {
      const store = await open({ recentEvents: 1, pendingEvents: 1 })
      await put(store, key('a'), 'x')
      await put(store, key('b'), 'x')
      await remove(store, key('a'))
      await remove(store, key('b'))
      await put(store, key('c'), 'x')
      await store.compact(at(2))
      const follower = store.follow(configMaps, at(2))
      expect((await eventsUntil(follower, 5)).map(line)).toEqual([
        '3 delete default/a was 1',
        '4 delete default/b was 2',
        '5 put default/c',
      ])
    })

    test('a watch that is resumed after an event does not get it again', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      await put(store, key('a'), 'x')
      await put(store, key('b'), 'x')
      const [first] = (await follower.next()) ?? []
      follower.close()
      const resumed = store.follow(configMaps, first?.revision ?? at(0))
      expect((await eventsUntil(resumed, 2)).map(line)).toEqual(['2 put default/b'])
    })

    test('a watch is not starved by busy keys that it does not ask for', async () => {
      const store = await open({ recentEvents: 64, pendingEvents: 8 })
      const follower = store.follow({ ...configMaps, namespace: 'quiet' }, at(0))
      await put(store, key('a', 'quiet'), 'x')
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => put(store, key(`n${i}`, 'busy'), 'x')))
      await put(store, key('b', 'quiet'), 'x')
      expect((await eventsUntil(follower, 1_002)).map(line)).toEqual(['1 put quiet/a', '1002 put quiet/b'])
    })

    test('a reader never sees an older revision than one it has seen', async () => {
      const store = await open()
      await put(store, key('a'), '0')
      let seen = 0
      const reader = async () => {
        while (seen < 300) {
          const known = seen
          const result = await store.range(configMaps)
          const value = await store.get(key('a'))
          expect(result.revision).toBeGreaterThanOrEqual(known)
          expect(value?.revision ?? 0).toBeGreaterThanOrEqual(result.revision)
          for await (const chunk of result.chunks)
            for (const { revision } of chunk) expect(revision).toBe(result.revision)
          seen = Math.max(seen, value?.revision ?? 0)
        }
      }
      const writer = async () => {
        for (let i = 0; i < 300; i++) seen = Math.max(seen, (await put(store, key('a'), String(i))).revision)
      }
      await Promise.all([writer(), reader(), reader()])
    })

    test('a delete is not dropped when the key comes back at once', async () => {
      const store = await open()
      const follower = store.follow(configMaps, at(0))
      await Promise.all([
        put(store, key('a'), 'one'),
        remove(store, key('a')),
        put(store, key('a'), 'two', 'absent'),
        remove(store, key('a')),
      ])
      expect((await eventsUntil(follower, 4)).map(line)).toEqual([
        '1 put default/a',
        '2 delete default/a was 1',
        '3 put default/a',
        '4 delete default/a was 3',
      ])
      const late = store.follow(configMaps, at(1))
      expect((await eventsUntil(late, 4)).map(line)).toEqual([
        '2 delete default/a was 1',
        '3 put default/a',
        '4 delete default/a was 3',
      ])
    })

    test('a watch from a revision in the future waits for it and gets nothing from before', async () => {
      const store = await open()
      await put(store, key('a'), 'x')
      const follower = store.follow(configMaps, at(3))
      const next = follower.next()
      for (const name of ['b', 'c', 'd', 'e']) await put(store, key(name), 'x')
      expect((await next)?.map(line)).toEqual(['4 put default/d'])
      expect((await eventsUntil(follower, 5)).map(line)).toEqual(['5 put default/e'])
    })
  })
}
