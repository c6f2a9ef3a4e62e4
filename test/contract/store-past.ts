import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { Compacted, FutureRevision } from '../../storage/store.ts'
import {
  allOf,
  eventsUntil,
  key,
  line,
  namesOf,
  put,
  remove,
  type StoreOpener,
  until,
  written,
} from './store-fixtures.ts'

const at = (revision: number) => revision as Revision

export function describePast(open: StoreOpener): void {
  describe('the past', () => {
    test('every revision can be read as it was', async () => {
      const store = await open()
      await put(store, key('a'), 'a1')
      await put(store, key('b'), 'b2')
      await put(store, key('a'), 'a3')
      await remove(store, key('b'))
      await put(store, key('b'), 'b5')
      await put(store, key('c'), 'c6')
      await remove(store, key('a'))
      const texts = async (revision: number) =>
        (await allOf(store, { type: '/configmaps' }, { at: at(revision) })).map(
          ({ bytes }) => JSON.parse(String(bytes)).text,
        )
      expect(await texts(0)).toEqual([])
      expect(await texts(1)).toEqual(['a1'])
      expect(await texts(2)).toEqual(['a1', 'b2'])
      expect(await texts(3)).toEqual(['a3', 'b2'])
      expect(await texts(4)).toEqual(['a3'])
      expect(await texts(5)).toEqual(['a3', 'b5'])
      expect(await texts(6)).toEqual(['a3', 'b5', 'c6'])
      expect(await texts(7)).toEqual(['b5', 'c6'])
      expect(String((await store.get(key('a'), at(1)))?.bytes)).toBe(written('a1', 1))
      expect(await store.get(key('b'), at(4))).toBeUndefined()
      expect(String((await store.get(key('a'), at(6)))?.bytes)).toBe(written('a3', 3))
    })

    test('a list that is paged at its revision does not see what came later', async () => {
      const store = await open()
      for (const name of ['a', 'b', 'c', 'd']) await put(store, key(name), 'old')
      const first = await store.range({ type: '/configmaps' }, { limit: 2 })
      await first.close()
      await remove(store, key('c'))
      await put(store, key('bb'), 'new')
      await put(store, key('d'), 'new')
      const rest = await allOf(
        store,
        { type: '/configmaps' },
        { at: first.revision, after: { namespace: 'default', name: 'b' } },
      )
      expect(rest.map(({ bytes }) => JSON.parse(String(bytes)).text)).toEqual(['old', 'old'])
      expect(rest.map(({ key: { name } }) => name)).toEqual(['c', 'd'])
    })

    test('a value with a long history is found in it', async () => {
      const store = await open()
      await put(store, key('a'), 'a')
      for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 20 }, () => put(store, key('busy'), 'x')))
      await put(store, key('z'), 'z')
      for (const revision of [2, 300, 801, 802]) {
        const values = await allOf(store, { type: '/configmaps' }, { at: at(revision) })
        expect(values.map(({ revision: written }) => written)).toEqual(
          [1, Math.min(revision, 801), 802].filter((written) => written <= revision),
        )
      }
    })

    test('the future cannot be read', async () => {
      const store = await open()
      await put(store, key('a'), 'x')
      await expect(store.get(key('a'), at(2))).rejects.toBeInstanceOf(FutureRevision)
      await expect(store.range({ type: '/configmaps' }, { at: at(2) })).rejects.toMatchObject({ newest: 1 })
    })

    test('after a compaction the border can be read and followed from, and nothing before it', async () => {
      const store = await open()
      await put(store, key('a'), 'a1')
      await put(store, key('b'), 'b2')
      await remove(store, key('b'))
      await put(store, key('a'), 'a4')
      await remove(store, key('a'))
      await store.compact(at(3))
      expect(store.oldest).toBe(3)
      expect(await namesOf(store, { type: '/configmaps' }, { at: at(3) })).toEqual(['default/a'])
      expect(String((await store.get(key('a'), at(3)))?.bytes)).toBe(written('a1', 1))
      expect(await store.get(key('b'), at(3))).toBeUndefined()
      const follower = store.follow({ type: '/configmaps' }, at(3))
      expect((await eventsUntil(follower, 5)).map(line)).toEqual(['4 put default/a was 1', '5 delete default/a was 4'])
      follower.close()
      await expect(store.get(key('a'), at(2))).rejects.toMatchObject({ oldest: 3 })
      await expect(store.range({ type: '/configmaps' }, { at: at(2) })).rejects.toBeInstanceOf(Compacted)
      expect(() => store.follow({ type: '/configmaps' }, at(2))).toThrow(Compacted)
    })

    test('a compaction leaves the present alone and never reaches behind it', async () => {
      const store = await open()
      await put(store, key('a'), 'a1')
      await put(store, key('a'), 'a2')
      await put(store, key('b'), 'b3')
      await store.compact(at(99))
      expect(store.oldest).toBe(3)
      await store.compact(at(1))
      expect(store.oldest).toBe(3)
      expect(await namesOf(store, { type: '/configmaps' })).toEqual(['default/a', 'default/b'])
      expect((await put(store, key('a'), 'a4', at(2))).revision).toBe(4)
      expect(String((await store.get(key('a'), at(3)))?.bytes)).toBe(written('a2', 2))
    })

    test('writes go on while the past is forgotten', async () => {
      const store = await open()
      for (let i = 0; i < 20; i++)
        await Promise.all(Array.from({ length: 100 }, (_, n) => put(store, key(`n${n}`), `round ${i}`)))
      const compacted = store.compact(at(1_900))
      const during = await Promise.all(Array.from({ length: 50 }, (_, n) => put(store, key(`n${n}`), 'during')))
      await compacted
      expect(during.at(-1)?.revision).toBe(2_050)
      expect(store.oldest).toBe(1_900)
      expect(await allOf(store, { type: '/configmaps' }, { at: at(1_900) })).toHaveLength(100)
      const follower = store.follow({ type: '/configmaps' }, at(1_900))
      expect(await eventsUntil(follower, 2_050)).toHaveLength(150)
    })

    test('events are kept as long as the window says, and at least so many', async () => {
      let now = 1_000_000
      const store = await open({
        clock: { now: () => now },
        eventWindowMs: 60_000,
        minEvents: 10,
        sweepIntervalMs: 5,
      })
      for (let i = 0; i < 30; i++) await put(store, key('a'), `old ${i}`)
      now += 59_000
      for (let i = 0; i < 20; i++) await put(store, key('a'), `young ${i}`)
      expect(store.oldest).toBe(0)
      now += 1_000
      await until(() => store.oldest > 0)
      await until(() => store.oldest === 30)
      now += 600_000
      await until(() => store.oldest === 40)
      expect(String((await store.get(key('a'), at(40)))?.bytes)).toBe(written('young 9', 40))
      const follower = store.follow({ type: '/configmaps' }, at(40))
      expect(await eventsUntil(follower, 50)).toHaveLength(10)
    })

    test('more events than allowed are not kept, however young', async () => {
      const store = await open({ minEvents: 5, maxEvents: 20, sweepIntervalMs: 5 })
      for (let i = 0; i < 50; i++) await put(store, key('a'), 'x')
      await until(() => store.oldest === 30)
    })
  })
}
