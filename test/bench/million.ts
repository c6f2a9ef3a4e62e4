import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStore } from '../../storage/level-store.ts'
import type { Draft } from '../../storage/store.ts'
import { continueOf, LoadClient } from './client.ts'
import { type Bench, quantile, type Row } from './report.ts'
import { startHubProcess } from './servers.ts'

const collection = '/api/v1/namespaces/default/configmaps'
/** Writes that wait for the disk at once while the store is filled. */
const fillers = 512

/** Names in no order, as clients choose them: the nth of a fixed sequence. */
function nameOf(n: number): string {
  return `config-${Math.imul(n, 2_654_435_761) >>> 0}`
}

/** A ConfigMap of 1 KiB as a hub stores it. */
function draftOf(n: number): Draft {
  const head = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"'
  const id = n.toString(16).padStart(12, '0')
  const meta = `"name":"${nameOf(n)}","namespace":"default","uid":"00000000-0000-4000-8000-${id}","creationTimestamp":"2026-01-01T00:00:00Z"`
  const tail = `",${meta}},"data":{"filler":"`
  const noise = Array.from({ length: 1024 - head.length - tail.length - 10 }, () =>
    Math.floor(Math.random() * 36).toString(36),
  )
  return { bytes: Buffer.from(`${head}${tail}${noise.join('')}"}}`), splice: head.length }
}

/** Fills the data directory of a hub that is not running; resolves with writes per second. */
async function fill(dataDir: string, objects: number): Promise<number> {
  const store = await openLevelStore(join(dataDir, 'store'))
  const started = performance.now()
  let next = 0
  const writer = async () => {
    for (let n = next++; n < objects; n = next++) {
      const key = { type: '/configmaps', namespace: 'default', name: nameOf(n) }
      await store.commit({ key, expect: 'absent', put: draftOf(n) })
    }
  }
  await Promise.all(Array.from({ length: fillers }, writer))
  await store.close()
  return (objects * 1000) / (performance.now() - started)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** A hub over a million objects: what it takes to start, to hold and to read them, through HTTP. */
export const million: Bench = async ({ quick }) => {
  const objects = quick ? 50_000 : 1_000_000
  const label = objects.toLocaleString('en')
  const dataDir = await mkdtemp(join(tmpdir(), 'entrepot-bench-'))
  const rows: Row[] = []
  try {
    const empty = await startHubProcess({ dataDir })
    const emptyMiB = await empty.ownMiB()
    await empty.dispose()
    const rate = await fill(dataDir, objects)
    rows.push({ label: `write ${label} objects of 1 KiB through the store`, value: rate, unit: 'writes/s' })
    const hub = await startHubProcess({ dataDir })
    try {
      const client = await LoadClient.open(hub)
      rows.push(
        { label: `start with ${label} objects`, value: hub.startSeconds, unit: 's', wanted: '< 2 s' },
        { label: 'own memory of a hub without any', value: emptyMiB, unit: 'MiB' },
        { label: 'own memory after the start', value: await hub.ownMiB(), unit: 'MiB', wanted: '< 300 MiB' },
        ...(await reads(client, objects, quick)),
      )
      const own = await hub.ownMiB()
      const note = `and ${Math.round((await hub.memoryMiB()) - own)} MiB of files mapped, which the system can take back`
      rows.push({ label: 'own memory after the reads', value: own, unit: 'MiB', wanted: '< 300 MiB', note })
      client.close()
      return { name: 'million', rows, errors: client.errors }
    } finally {
      await hub.dispose()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function reads(client: LoadClient, objects: number, quick: boolean): Promise<readonly Row[]> {
  const samples = quick ? 500 : 5_000
  const random = () => `${collection}/${nameOf(Math.floor(Math.random() * objects))}`
  for (let i = 0; i < 200; i++) await client.request('GET', random())
  const gets: number[] = []
  for (let i = 0; i < samples; i++) gets.push(await timed(() => client.request('GET', random())))
  const pages: number[] = []
  let token = ''
  do {
    const query = `?limit=500${token === '' ? '' : `&continue=${token}`}`
    pages.push(
      await timed(async () => {
        token = continueOf(await client.request('GET', collection + query))
      }),
    )
  } while (token !== '' && pages.length < samples / 10)
  return [
    { label: 'get at random, p50', value: quantile(gets, 0.5), unit: 'ms' },
    { label: 'get at random, p99', value: quantile(gets, 0.99), unit: 'ms', wanted: '< 1 ms' },
    { label: 'page of 500, p50', value: quantile(pages, 0.5), unit: 'ms' },
    { label: 'page of 500, p99', value: quantile(pages, 0.99), unit: 'ms', wanted: '< 10 ms' },
  ]
}
