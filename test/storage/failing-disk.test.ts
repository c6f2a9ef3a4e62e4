import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Revision } from '../../src/machinery/revision.ts'
import { openLevelDatabase, openLevelStore } from '../../storage/level-store.ts'
import { ConditionFailed, OutcomeUnknown, type Store, StoreUnavailable } from '../../storage/store.ts'
import { allOf, draft, eventsUntil, key, line, put, remove, until, written } from '../contract/store-fixtures.ts'
import { type BatchFault, FailingDisk } from './failing-database.ts'
import { temporaryFolder } from './temporary-folder.ts'

const configMaps = { type: '/configmaps' }

async function openFailing(): Promise<{ readonly disk: FailingDisk; readonly store: Store; readonly folder: string }> {
  const disk = new FailingDisk()
  const folder = await temporaryFolder()
  return { disk, folder, store: await openLevelStore(folder, { openDatabase: disk.open }) }
}

/** A hundred values that do not compress, each in a batch of its own. */
async function fill(folder: string): Promise<void> {
  const store = await openLevelStore(folder)
  for (let i = 0; i < 100; i++) await put(store, key(`n${i}`), randomBytes(1_000).toString('base64'))
  await store.close()
}

async function largest(folder: string, extension: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(extension)).map((name) => join(folder, name))
  const sizes = await Promise.all(names.map(async (name) => ({ name, size: (await stat(name)).size })))
  return sizes.reduce((most, one) => (one.size > most.size ? one : most)).name
}

describe('a disk that fails', () => {
  test('a batch that failed before it was written did not happen, and the next one does', async () => {
    const { disk, store } = await openFailing()
    const follower = store.follow(configMaps, 0 as Revision)
    await put(store, key('a'), 'one')
    disk.batches.push('before it is written')
    const failed = await Promise.allSettled([put(store, key('a'), 'two'), put(store, key('b'), 'two')])
    expect(failed.map((result) => result.status === 'rejected' && result.reason)).toEqual([
      expect.any(StoreUnavailable),
      expect.any(StoreUnavailable),
    ])
    expect(store.revision).toBe(1)
    expect(String((await store.get(key('a')))?.bytes)).toBe(written('one', 1))
    expect((await put(store, key('c'), 'three')).revision).toBe(2)
    expect((await eventsUntil(follower, 2)).map(line)).toEqual(['1 put default/a', '2 put default/c'])
    expect(await store.count(configMaps)).toBe(2)
    await store.close()
  })

  test('a batch that failed after it was written did happen', async () => {
    const { disk, store } = await openFailing()
    const follower = store.follow(configMaps, 0 as Revision)
    await put(store, key('a'), 'one')
    disk.batches.push('after it is written')
    const [first, second] = await Promise.all([put(store, key('a'), 'two'), put(store, key('b'), 'two')])
    expect([first?.revision, second?.revision, store.revision]).toEqual([2, 3, 3])
    expect(await store.count(configMaps)).toBe(2)
    await remove(store, key('b'))
    expect((await eventsUntil(follower, 4)).map(line)).toEqual([
      '1 put default/a',
      '2 put default/a was 1',
      '3 put default/b',
      '4 delete default/b was 3',
    ])
    await store.close()
  })

  test('writes that came meanwhile are decided again, against what was really written', async () => {
    const { disk, store } = await openFailing()
    await put(store, key('a'), 'one')
    const started = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    disk.beforeBatch = () => {
      started.resolve()
      return go.promise
    }
    disk.batches.push('before it is written')
    const lost = put(store, key('a'), 'lost', 1 as Revision).catch((error: unknown) => error)
    await started.promise
    // Decided while the first is on its way: one as if it will be written, one as if it will not.
    const follows = put(store, key('a'), 'follows', 2 as Revision).catch((error: unknown) => error)
    const differs = put(store, key('a'), 'differs', 1 as Revision)
    await new Promise((resolve) => setTimeout(resolve, 5))
    disk.beforeBatch = async () => undefined
    go.resolve()
    expect(await lost).toBeInstanceOf(StoreUnavailable)
    expect(await follows).toBeInstanceOf(ConditionFailed)
    expect((await differs).revision).toBe(2)
    await store.close()
  })

  test('while the database cannot be opened, everybody is told why, and service resumes by itself', async () => {
    const { disk, store } = await openFailing()
    const follower = store.follow(configMaps, 0 as Revision)
    await put(store, key('a'), 'one')
    disk.batches.push('after it is written')
    disk.failedOpens = 3
    const unknown = put(store, key('a'), 'two')
    await until(() => disk.failedOpens < 3)
    await expect(put(store, key('b'), 'x')).rejects.toThrow(/disk of .* is full: free some space/)
    await expect(store.get(key('c'))).rejects.toThrow(/is full/)
    await expect(store.range(configMaps)).rejects.toThrow(/is full/)
    expect((await unknown).revision).toBe(2)
    expect((await put(store, key('b'), 'x')).revision).toBe(3)
    expect(await eventsUntil(follower, 3)).toHaveLength(3)
    await store.close()
  })

  test('a store that is closed before it knows says that it does not', async () => {
    const { disk, store, folder } = await openFailing()
    disk.batches.push('after it is written')
    disk.failedOpens = 1_000
    const unknown = put(store, key('a'), 'one').catch((error: unknown) => error)
    await until(() => disk.failedOpens < 1_000)
    await store.close()
    expect(await unknown).toBeInstanceOf(OutcomeUnknown)
    const again = await openLevelStore(folder)
    expect((await again.get(key('a')))?.revision).toBe(1)
    await again.close()
  })

  test('a read that is under way when the database is opened again ends with an error, not with half of the values', async () => {
    const { disk, store } = await openFailing()
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => put(store, key(`n${i}`), 'x'.repeat(1_000))))
    const { chunks } = await store.range(configMaps)
    const iterator = chunks[Symbol.asyncIterator]()
    await iterator.next()
    disk.batches.push('before it is written')
    await put(store, key('a'), 'x').catch(() => undefined)
    const rest = async () => {
      for (;;) if ((await iterator.next()).done === true) return
    }
    await expect(rest()).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await allOf(store, configMaps)).toHaveLength(2_000)
    await store.close()
  })

  test('whenever the disk fails, nothing is lost or repeated, and every answer is true', async () => {
    const fault = fc.constantFrom<BatchFault>('none', 'none', 'none', 'before it is written', 'after it is written')
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 5, maxLength: 40 }), async (faults) => {
        const { disk, store, folder } = await openFailing()
        disk.batches.push(...faults)
        const follower = store.follow(configMaps, 0 as Revision)
        const answers: { readonly text: string; readonly revision: number | undefined }[] = []
        const writer = async (name: string) => {
          for (let i = 0; i < 20; i++) {
            const text = `${name} ${i}`
            const stored = await put(store, key(name), text).catch((error: unknown) => {
              expect(error).toBeInstanceOf(StoreUnavailable)
              return undefined
            })
            answers.push({ text, revision: stored?.revision })
          }
        }
        await Promise.all(Array.from({ length: 8 }, (_, i) => writer(`n${i}`)))
        const events = await eventsUntil(follower, store.revision)
        expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: store.revision }, (_, i) => i + 1))
        const happened = new Map(
          events.map(({ bytes, revision }) => [String(JSON.parse(String(bytes)).text), revision]),
        )
        for (const { text, revision } of answers) expect(happened.get(text)).toBe(revision)
        await store.close()
        const again = await openLevelStore(folder)
        const replay = await eventsUntil(again.follow(configMaps, 0 as Revision), again.revision)
        expect(replay.map(line)).toEqual(events.map(line))
        await again.close()
      }),
      { numRuns: 10 },
    )
  }, 60_000)

  test('more writes than may wait are refused, and those that wait are written', async () => {
    const disk = new FailingDisk()
    const store = await openLevelStore(await temporaryFolder(), { openDatabase: disk.open, queuedWrites: 10 })
    const results = await Promise.allSettled(Array.from({ length: 15 }, (_, i) => put(store, key(`n${i}`), 'x')))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(results.at(-1)).toMatchObject({ reason: { message: /too many writes are waiting/ } })
    await put(store, key('later'), 'x')
    await store.close()
  })

  test('writes share batches, and one batch is in flight at a time', async () => {
    const { disk, store } = await openFailing()
    let inFlight = 0
    let most = 0
    disk.beforeBatch = async () => {
      inFlight++
      most = Math.max(most, inFlight)
      await new Promise((resolve) => setTimeout(resolve, 1))
      inFlight--
    }
    await Promise.all(Array.from({ length: 500 }, (_, i) => put(store, key(`n${i}`), 'x')))
    expect(most).toBe(1)
    expect(disk.written.length).toBeLessThan(25)
    await store.close()
  })
})

describe('a folder that cannot be a store', () => {
  test('a store in use is not opened twice', async () => {
    const folder = await temporaryFolder()
    const store = await openLevelStore(folder)
    await expect(openLevelStore(folder)).rejects.toThrow(/in use by another process: stop that one/)
    await put(store, key('a'), 'one')
    await store.close()
  })

  test('files of somebody else are left alone', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'letter.txt'), 'dear')
    await expect(openLevelStore(folder)).rejects.toThrow(/no part of a store \(letter.txt\): choose an empty folder/)
    expect(await readdir(folder)).toEqual(['letter.txt'])
  })

  test('a database of somebody else is left alone', async () => {
    const folder = await temporaryFolder()
    const foreign = await openLevelDatabase(folder)
    await foreign.batch([{ type: 'put', key: 'theirs', value: Buffer.from('x') }])
    await foreign.close()
    await expect(openLevelStore(folder)).rejects.toThrow(/no store of this hub: choose another folder/)
  })

  test('a file where the folder should be is told', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(openLevelStore(file)).rejects.toThrow(/is no folder: choose another/)
  })

  test('a torn table is told, and never half of a store served', async () => {
    const folder = await temporaryFolder()
    await fill(folder)
    // Opening moves the values from the log into a table.
    await (await openLevelStore(folder)).close()
    const table = await largest(folder, '.ldb')
    await truncate(table, Math.floor((await stat(table)).size / 2))
    await expect(openLevelStore(folder)).rejects.toThrow(/is damaged.*restore a backup/)
  })

  test('a log with a broken place in the middle is told, though LevelDB reads over it', async () => {
    const folder = await temporaryFolder()
    await fill(folder)
    const log = await largest(folder, '.log')
    const bytes = await readFile(log)
    bytes.fill(0, bytes.length / 2, bytes.length / 2 + 100)
    await writeFile(log, bytes)
    await expect(openLevelStore(folder)).rejects.toThrow(/write \d+ of 100 is missing: restore a backup/)
  })

  test('a log that ends in half of a batch is whole without it', async () => {
    const folder = await temporaryFolder()
    await fill(folder)
    const log = await largest(folder, '.log')
    await truncate(log, (await stat(log)).size - 10)
    const store = await openLevelStore(folder)
    expect(store.revision).toBe(99)
    expect(await store.count(configMaps)).toBe(99)
    await store.close()
  })

  test('a write that is missing in the middle is noticed', async () => {
    const folder = await temporaryFolder()
    const disk = new FailingDisk()
    const store = await openLevelStore(folder, { openDatabase: disk.open })
    for (let i = 0; i < 3; i++) await put(store, key(`n${i}`), 'x')
    await store.close()
    const database = await openLevelDatabase(folder)
    const cursor = database.snapshot().cursor({ from: 'l', to: 'm' })
    const second = (await cursor.next(10))[1]
    await database.batch([{ type: 'del', key: second?.[0] ?? '' }])
    await database.close()
    await expect(openLevelStore(folder)).rejects.toThrow(/write 2 of 3 is missing: restore a backup/)
  })

  test('a flipped bit of a value is an error, not an answer', async () => {
    const folder = await temporaryFolder()
    const store = await openLevelStore(folder)
    await put(store, key('a'), 'one')
    await store.close()
    const database = await openLevelDatabase(folder)
    const [row] = await database.snapshot().cursor({ from: 'c', to: 'd' }).next(1)
    const value = Buffer.from(row?.[1] ?? '')
    value[value.length - 3] = (value[value.length - 3] ?? 0) ^ 1
    await database.batch([{ type: 'put', key: row?.[0] ?? '', value }])
    await database.close()
    const again = await openLevelStore(folder)
    await expect(again.get(key('a'))).rejects.toThrow(/value of \/configmaps default\/a is damaged/)
    await expect(allOf(again, configMaps)).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(again.commit({ key: key('a'), expect: 'any', put: draft('two') })).rejects.toThrow(/is damaged/)
    await put(again, key('b'), 'two')
    await again.close()
  })

  test('a store of a newer hub is not touched', async () => {
    const folder = await temporaryFolder()
    const { makeMetaRow } = await import('../../storage/rows.ts')
    const database = await openLevelDatabase(folder)
    const none = 0 as Revision
    await database.batch([
      { type: 'put', key: 'm', value: makeMetaRow({ format: 99, revision: none, oldest: none, swept: none }) },
    ])
    await database.close()
    await expect(openLevelStore(folder)).rejects.toThrow(
      /format 99, this hub knows formats up to 1: start the newer hub/,
    )
  })
})
