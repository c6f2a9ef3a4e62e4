import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Revision } from '../../src/machinery/revision.ts'
import type { Database } from '../../storage/database.ts'
import { openLevelDatabase, openLevelStore } from '../../storage/level-store.ts'
import type { Draft } from '../../storage/store.ts'
import { type Bench, median, quantile, type Row, report } from './report.ts'

/** A ConfigMap of about so many bytes whose content does not compress well. */
function draftOf(bytes: number): Draft {
  const head = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"'
  const noise = Array.from({ length: bytes - head.length - 20 }, () => Math.floor(Math.random() * 36).toString(36))
  return { bytes: Buffer.from(`${head}"},"data":{"a":"${noise.join('')}"}}`), splice: head.length }
}

/** Names in no order, as clients choose them: the nth of a fixed sequence. */
function nameOf(n: number): string {
  return `config-${Math.imul(n, 2_654_435_761) >>> 0}`
}

const keyOf = (n: number) => ({ type: '/configmaps', namespace: 'default', name: nameOf(n) })

const configMaps = { type: '/configmaps', namespace: 'default' }

/** The least that group commit can be: what waits goes to LevelDB in one synced batch, then all are told. No contract, no events. */
class BareLoop {
  readonly #database: Database
  #waiting: { readonly key: string; readonly value: Buffer; readonly resolve: () => void }[] = []
  #busy = false

  constructor(database: Database) {
    this.#database = database
  }

  put(key: string, value: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ key, value, resolve })
      if (!this.#busy) this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#busy = true
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      await this.#database.batch(group.map(({ key, value }) => ({ type: 'put', key, value })))
      for (const { resolve } of group) resolve()
    }
    this.#busy = false
  }
}

/** Operations per second of so many who each do one after the other, up to a total; `first` is the number of the first. */
async function throughput(writers: number, first: number, count: number, write: (n: number) => Promise<unknown>) {
  let next = first
  const start = performance.now()
  const writer = async () => {
    while (next < first + count) await write(next++)
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return (count / (performance.now() - start)) * 1_000
}

async function timed<T>(work: () => Promise<T>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-bench-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function durableWrites(quick: boolean): Promise<Row[]> {
  const draft = draftOf(2_048)
  const count = quick ? 2_000 : 10_000
  const rounds = quick ? 3 : 9
  return withFolder(async (folder) => {
    const database = await openLevelDatabase(join(folder, 'bare'))
    const bare = new BareLoop(database)
    const store = await openLevelStore(join(folder, 'store'))
    const rows: Row[] = []
    let first = 0
    for (const writers of [64, 256]) {
      const ours: number[] = []
      const theirs: number[] = []
      for (let round = 0; round < rounds; round++) {
        theirs.push(await throughput(writers, first, count, (n) => bare.put(`c default ${nameOf(n)}`, draft.bytes)))
        ours.push(
          await throughput(writers, first, count, (n) => store.commit({ key: keyOf(n), expect: 'absent', put: draft })),
        )
        first += count
      }
      const [hub, loop] = [median(ours), median(theirs)]
      rows.push(
        {
          label: `create 2 KiB, ${writers} writers`,
          hub,
          unit: 'writes/s',
          ratio: hub / loop,
          wanted: '≥ 0.8× bare loop',
        },
        { label: `bare group commit, ${writers} writers`, value: loop, unit: 'writes/s' },
      )
    }
    const updates = await throughput(256, 0, count, (n) =>
      store.commit({ key: keyOf(n % 1_000), expect: 'any', put: draft }),
    )
    rows.push({ label: 'update 2 KiB with history, 256 writers', value: updates, unit: 'writes/s' })
    await store.close()
    await database.close()
    return rows
  })
}

async function steadyOverwrite(quick: boolean): Promise<Row[]> {
  const keys = quick ? 2_000 : 50_000
  const seconds = quick ? 2 : 60
  const draft = draftOf(1_024)
  return withFolder(async (folder) => {
    const store = await openLevelStore(folder)
    await throughput(256, 0, keys, (n) => store.commit({ key: keyOf(n), expect: 'absent', put: draft }))
    const latencies: number[] = []
    const end = performance.now() + seconds * 1_000
    const writer = async () => {
      while (performance.now() < end) {
        const key = keyOf(Math.floor(Math.random() * keys))
        latencies.push(await timed(() => store.commit({ key, expect: 'any', put: draft })))
      }
    }
    await Promise.all(Array.from({ length: 16 }, writer))
    await store.close()
    return [
      { label: `overwrite ${keys} for ${seconds} s, 16 writers`, value: latencies.length / seconds, unit: 'writes/s' },
      { label: 'p50 of a write', value: quantile(latencies, 0.5), unit: 'ms' },
      { label: 'p99.9 of a write', value: quantile(latencies, 0.999), unit: 'ms', wanted: '< 50 ms' },
    ]
  })
}

async function fanOut(quick: boolean): Promise<Row[]> {
  const writes = quick ? 200 : 2_000
  const draft = draftOf(1_024)
  return withFolder(async (folder) => {
    const store = await openLevelStore(folder)
    const write = (n: number) => store.commit({ key: keyOf(n % 100), expect: 'any', put: draft })
    await throughput(16, 0, writes, write)
    const alone = process.threadCpuUsage()
    await throughput(16, 0, writes, write)
    const base = process.threadCpuUsage(alone)
    const followers = Array.from({ length: 1_000 }, () => store.follow(configMaps, store.revision))
    const target = store.revision + writes
    const before = process.threadCpuUsage()
    const reads = followers.map(async (follower) => {
      let seen = 0
      while (follower.position < target) seen += (await follower.next())?.length ?? 0
      return seen
    })
    await throughput(16, 0, writes, write)
    const seen = await Promise.all(reads)
    const used = process.threadCpuUsage(before)
    const lost = seen.filter((count) => count !== writes).length
    await store.close()
    const cost = (used.user + used.system - base.user - base.system) / (writes * followers.length)
    return [
      { label: 'publish to one of 1,000 followers', value: cost, unit: 'µs CPU', wanted: '< 2 µs' },
      { label: 'followers that lost or repeated something', value: lost, unit: 'of 1,000', wanted: '0' },
    ]
  })
}

/** Memory of this process: what it owns, and what of its files the system has mapped into it and can take back. */
async function memory(): Promise<{ readonly ownMiB: number; readonly mappedMiB: number }> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const kiB = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN)
  return { ownMiB: kiB('RssAnon') / 1_024, mappedMiB: kiB('RssFile') / 1_024 }
}

async function manyObjects(folder: string, objects: number, quick: boolean): Promise<Row[]> {
  const label = objects.toLocaleString('en')
  const rows: Row[] = []
  const start = performance.now()
  const open = await openLevelStore(folder)
  const opened = performance.now() - start
  rows.push({ label: `open ${label} objects of 1 KiB`, value: opened, unit: 'ms', wanted: '< 2,000 ms' })
  rows.push({ label: 'memory after opening', value: (await memory()).ownMiB, unit: 'MiB' })
  const samples = quick ? 500 : 5_000
  const gets: number[] = []
  for (let i = 0; i < samples; i++) gets.push(await timed(() => open.get(keyOf(Math.floor(Math.random() * objects)))))
  rows.push(
    { label: 'get at random, p50', value: quantile(gets, 0.5), unit: 'ms' },
    { label: 'get at random, p99', value: quantile(gets, 0.99), unit: 'ms', wanted: '< 1 ms' },
  )
  const read = async (limit: number, at?: Revision) => {
    const after = { namespace: 'default', name: nameOf(Math.floor(Math.random() * objects)) }
    const { chunks } = await open.range(configMaps, { limit, after, ...(at === undefined ? {} : { at }) })
    for await (const chunk of chunks) if (chunk.length === 0) throw new Error('an empty chunk')
  }
  const pages: number[] = []
  for (let i = 0; i < samples / 10; i++) pages.push(await timed(() => read(500)))
  rows.push(
    { label: 'page of 500, p50', value: quantile(pages, 0.5), unit: 'ms' },
    { label: 'page of 500, p99', value: quantile(pages, 0.99), unit: 'ms', wanted: '< 10 ms' },
  )
  const lists: number[] = []
  for (let i = 0; i < 15; i++) lists.push(await timed(() => read(10_000)))
  rows.push({ label: 'list 10,000 of 1 KiB, p50', value: quantile(lists, 0.5), unit: 'ms', wanted: 'about 20 ms' })
  const draft = draftOf(1_024)
  await throughput(64, 0, samples, (n) => open.commit({ key: keyOf(n), expect: 'any', put: draft }))
  const past: number[] = []
  for (let i = 0; i < 50; i++) past.push(await timed(() => read(500, (open.revision - 1) as Revision)))
  rows.push({ label: 'page of 500 of the past, p50', value: quantile(past, 0.5), unit: 'ms' })
  const { ownMiB, mappedMiB } = await memory()
  const note = `and ${Math.round(mappedMiB)} MiB of files mapped, which the system can take back`
  rows.push({ label: `memory with ${label} objects`, value: ownMiB, unit: 'MiB', wanted: '< 300 MiB', note })
  await open.close()
  return rows
}

/** Creates objects, then serves them from a process of its own, whose memory is that of a hub that has just started. */
async function manyObjectsApart(quick: boolean): Promise<Row[]> {
  const objects = quick ? 20_000 : 1_000_000
  return withFolder(async (folder) => {
    const draft = draftOf(1_024)
    const store = await openLevelStore(folder)
    const rate = await throughput(256, 0, objects, (n) => store.commit({ key: keyOf(n), expect: 'absent', put: draft }))
    await store.close()
    const child = fork(new URL(import.meta.url), ['--serve', folder, String(objects), ...(quick ? ['--quick'] : [])])
    const message: Promise<unknown[]> = once(child, 'message')
    const [[rows]] = await Promise.all([message, once(child, 'exit')])
    if (!Array.isArray(rows)) throw new Error('the process that serves the objects said nothing')
    return [
      { label: `create ${objects.toLocaleString('en')} objects of 1 KiB`, value: rate, unit: 'writes/s' },
      ...rows,
    ]
  })
}

/** The store alone: what `targets` ask of it, on LevelDB in a temporary folder. */
export const store: Bench = async ({ quick }) => ({
  name: 'store',
  errors: 0,
  rows: [
    ...(await durableWrites(quick)),
    ...(await fanOut(quick)),
    ...(await steadyOverwrite(quick)),
    ...(await manyObjectsApart(quick)),
  ],
})

if (import.meta.main) {
  const quick = process.argv.includes('--quick')
  const [flag, folder, objects] = process.argv.slice(2)
  if (flag === '--serve' && folder !== undefined) {
    process.send?.(await manyObjects(folder, Number(objects), quick))
    process.disconnect?.()
  } else {
    const [load = 0] = loadavg()
    if (load > 2) console.warn(`The machine is busy (load average ${load.toFixed(2)}): figures will be poor.`)
    await report(await store({ quick }))
  }
}
