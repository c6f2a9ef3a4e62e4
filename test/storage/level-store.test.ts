import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { openLevelDatabase, openLevelStore } from '../../storage/level-store.ts'
import { Compacted, type StoreEvent } from '../../storage/store.ts'
import { describeStore } from '../contract/store.ts'
import { allOf, eventsUntil, key, line, namesOf, put, remove, written } from '../contract/store-fixtures.ts'
import { temporaryFolder } from './temporary-folder.ts'

const configMaps = { type: '/configmaps' }

describeStore('the store on LevelDB', async (options) => openLevelStore(await temporaryFolder(), options))

describe('a store that is opened again', () => {
  test('has its values, its counters, its past and its revision', async () => {
    const folder = await temporaryFolder()
    const before = await openLevelStore(folder)
    await put(before, key('a'), 'a1')
    await put(before, key('b'), 'b2')
    await put(before, key('a'), 'a3')
    await remove(before, key('b'), 'gone')
    await before.close()
    const store = await openLevelStore(folder)
    expect(store.revision).toBe(4)
    expect(await namesOf(store, configMaps)).toEqual(['default/a'])
    expect(await store.count(configMaps)).toBe(1)
    expect(String((await store.get(key('b'), 3 as Revision))?.bytes)).toBe(written('b2', 2))
    expect((await put(store, key('a'), 'a5', 3 as Revision)).revision).toBe(5)
    await store.close()
  })

  test('gives a resumed follower the same events that a live one got', async () => {
    const folder = await temporaryFolder()
    const before = await openLevelStore(folder)
    const live = before.follow(configMaps, 0 as Revision)
    await put(before, key('a'), 'a1')
    await put(before, key('a'), 'a2')
    await put(before, key('x', 'default', '/secrets'), 'x')
    await remove(before, key('a'), 'gone')
    await put(before, key('a'), 'a5')
    const seen = await eventsUntil(live, 5)
    await before.close()
    const store = await openLevelStore(folder)
    const full = ({ type, bytes, previous, ...event }: StoreEvent) => [
      type,
      event.key,
      event.revision,
      String(bytes),
      previous && [previous.revision, String(previous.bytes)],
    ]
    for (let after = 0; after <= 5; after++) {
      const resumed = await eventsUntil(store.follow(configMaps, after as Revision), 5)
      expect(resumed.map(full)).toEqual(seen.filter(({ revision }) => revision > after).map(full))
    }
    await store.close()
  })

  test('remembers what it has forgotten, also when it was closed in the middle of that', async () => {
    const folder = await temporaryFolder()
    const before = await openLevelStore(folder)
    for (let i = 0; i < 20; i++)
      await Promise.all(Array.from({ length: 50 }, (_, n) => put(before, key(`n${n}`), `${i}`)))
    const compacting = before.compact(900 as Revision)
    await before.close()
    await compacting.catch(() => undefined)
    const store = await openLevelStore(folder)
    await store.compact(900 as Revision)
    expect(store.oldest).toBe(900)
    await expect(store.get(key('n0'), 899 as Revision)).rejects.toBeInstanceOf(Compacted)
    expect(await allOf(store, configMaps, { at: 900 as Revision })).toHaveLength(50)
    expect(await eventsUntil(store.follow(configMaps, 900 as Revision), 1_000)).toHaveLength(100)
    await store.close()
  })

  test('keeps on disk only what its revisions need', async () => {
    const folder = await temporaryFolder()
    const store = await openLevelStore(folder)
    for (let i = 0; i < 10; i++)
      await Promise.all(Array.from({ length: 20 }, (_, n) => put(store, key(`n${n}`), `${i}`)))
    await Promise.all(Array.from({ length: 19 }, (_, n) => remove(store, key(`n${n}`))))
    await store.compact(store.revision)
    await store.close()
    const database = await openLevelDatabase(folder)
    const rows = await database.snapshot().cursor({ from: '', to: '\u{10ffff}', keysOnly: true }).next(100)
    expect(rows.map(([at]) => at.slice(0, 1)).join('')).toBe('cmnn')
    await database.close()
  })
})

describe('a backup', () => {
  test('is a store of its own, as the first was at one revision', async () => {
    const store = await openLevelStore(await temporaryFolder())
    for (let i = 0; i < 3; i++)
      await Promise.all(Array.from({ length: 400 }, (_, n) => put(store, key(`n${n}`), `${i}`)))
    const folder = join(await temporaryFolder(), 'copy')
    const copying = store.backup(folder)
    await Promise.all(Array.from({ length: 100 }, (_, n) => put(store, key(`n${n}`), 'later')))
    expect(await copying).toBe(1_200)
    const copy = await openLevelStore(folder)
    expect(copy.revision).toBe(1_200)
    expect((await allOf(copy, configMaps)).every(({ bytes }) => JSON.parse(String(bytes)).text === '2')).toBe(true)
    expect(await copy.count(configMaps)).toBe(400)
    const events = await eventsUntil(copy.follow(configMaps, 0 as Revision), 1_200)
    const original = await eventsUntil(store.follow(configMaps, 0 as Revision), 1_300)
    expect(events.map(line)).toEqual(original.slice(0, 1_200).map(line))
    await put(copy, key('a'), 'x')
    expect([copy.revision, store.revision]).toEqual([1_201, 1_300])
    await copy.close()
    await store.close()
  })

  test('is not written over something else', async () => {
    const store = await openLevelStore(await temporaryFolder())
    const folder = join(await temporaryFolder(), 'full')
    await mkdir(folder)
    await writeFile(join(folder, 'file'), 'x')
    await expect(store.backup(folder)).rejects.toThrow(/is not empty: choose another for the backup/)
    await store.close()
  })
})
