import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldAt } from '../../src/machinery/object.ts'
import type { Endpoint } from '../fixtures/control-plane.ts'
import { register } from '../fixtures/members.ts'
import { type Recording, record } from '../fixtures/recording.ts'
import { send } from '../fixtures/send.ts'
import { type Bench, type BenchResult, quantile, type Row } from './report.ts'
import { type BenchServer, startHubProcess, startRealProcess } from './servers.ts'

const ns = 'bench'
const secrets = `/api/v1/namespaces/${ns}/secrets`
const applications = `/apis/core.oam.dev/v1beta1/namespaces/${ns}/applications`
const patienceMs = 60_000

interface Stage {
  readonly hub: BenchServer
  readonly members: readonly { readonly server: BenchServer; readonly copies: Recording }[]
  readonly applications: Recording
}

/** What one experiment found. Times in milliseconds. */
interface Found {
  readonly rows: readonly Row[]
  readonly errors: number
}

/** A hub in a process of its own ships to two real control planes, all on this machine: how long it takes until watches of the members show it. */
export const distribution: Bench = async ({ quick }): Promise<BenchResult> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'entrepot-bench-'))
  const servers = await Promise.all([startHubProcess({ dataDir }), startRealProcess(), startRealProcess()])
  const [hub, first, second] = servers
  const recordings: Recording[] = []
  try {
    for (const [index, member] of [first, second].entries()) {
      await register(hub, `hangzhou-${index + 1}`, member, { region: 'hangzhou' })
    }
    for (const server of servers) {
      await write(server, 'POST', '/api/v1/namespaces', { metadata: { name: ns } })
      recordings.push(await record(server, server === hub ? applications : secrets))
    }
    const [phases, ...copies] = recordings
    if (!phases) throw new Error('the hub is recorded first')
    const members = [first, second].flatMap((server, index) => {
      const recording = copies[index]
      return recording ? [{ server, copies: recording }] : []
    })
    const stage: Stage = { hub, members, applications: phases }
    const samples = quick ? 20 : 200
    const found: Found[] = []
    // The first of everything opens connections and watches, and is compiled on the way.
    await createdOneByOne(stage, 'warm', quick ? 5 : 30)
    found.push(await memberAlone(stage, samples))
    found.push(await sourceEdited(stage, 'one', ['hangzhou-1'], samples, goals.one))
    found.push(await sourceEdited(stage, 'two', ['hangzhou-1', 'hangzhou-2'], samples, goals.edited))
    found.push(await createdOneByOne(stage, 'single', samples))
    found.push(await drifted(stage, samples))
    for (const count of quick ? [40] : [200, 1000]) found.push(await createdAtOnce(stage, count))
    await hub.dispose()
    found.push(await restarted(dataDir, stage))
    return {
      name: 'distribution',
      rows: found.flatMap(({ rows }) => rows),
      errors: found.reduce((sum, { errors }) => sum + errors, 0),
    }
  } finally {
    for (const recording of recordings) recording.stop()
    for (const server of servers) await server.dispose()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const goals = {
  one: { p50: '< 15 ms', p99: '< 50 ms' },
  edited: { p50: '', p99: '< 100 ms' },
  created: { p50: '', p99: '< 100 ms' },
  drift: { p50: '', p99: '< 500 ms' },
} as const

/** What the way to a member and back costs without any hub: the floor under every other figure. */
async function memberAlone({ members: [member] }: Stage, samples: number): Promise<Found> {
  if (!member) throw new Error('there are two members')
  await write(member.server, 'POST', secrets, secret('alone', '0'))
  const times = await oneByOne(samples, async (n) => {
    const startedAtMs = performance.now()
    const shown = shows(member.copies, 'alone', `alone-${n}`)
    await write(member.server, 'PATCH', `${secrets}/alone`, { data: { k: base64(`alone-${n}`) } })
    return (await shown) - startedAtMs
  })
  return latencies('write to a member, no hub → visible there', times, { p50: '', p99: '' })
}

/** A source is edited on the hub, over and over: until its copy shows it in the last of these clusters. */
async function sourceEdited(
  { hub, members }: Stage,
  name: string,
  clusters: readonly string[],
  samples: number,
  wanted: Wanted,
): Promise<Found> {
  const followed = members.slice(0, clusters.length).map(({ copies }) => copies)
  const first = Promise.all(followed.map((copies) => shows(copies, name, '0')))
  await write(hub, 'POST', secrets, secret(name, '0'))
  await write(hub, 'POST', applications, application(name, { clusters }))
  await first
  const times = await oneByOne(samples, async (n) => {
    const startedAtMs = performance.now()
    const shown = followed.map((copies) => shows(copies, name, `${name}-${n}`))
    await write(hub, 'PATCH', `${secrets}/${name}`, { data: { k: base64(`${name}-${n}`) } })
    return Math.max(...(await Promise.all(shown))) - startedAtMs
  })
  const where = clusters.length === 1 ? 'one member' : `${clusters.length} members`
  return latencies(`source edited on the hub → visible in ${where}`, times, wanted)
}

/** Applications are created one after the other: until all copies are there, and until the phase says so. */
async function createdOneByOne(stage: Stage, prefix: string, samples: number): Promise<Found> {
  const { hub, members } = stage
  const running: number[] = []
  const times = await oneByOne(samples, async (n) => {
    const name = `${prefix}-${n}`
    await write(hub, 'POST', secrets, secret(name, name))
    const startedAtMs = performance.now()
    const shown = members.map(({ copies }) => shows(copies, name, name))
    const ran = runs(stage, name)
    await write(hub, 'POST', applications, application(name, hangzhou))
    const arrivedAtMs = Math.max(...(await Promise.all(shown)))
    running.push((await ran) - startedAtMs)
    return arrivedAtMs - startedAtMs
  })
  const created = latencies('Application created → copies in both members', times, goals.created)
  const phase = latencies('Application created → phase running', running, goals.created)
  return { rows: [...created.rows, ...phase.rows], errors: created.errors + phase.errors }
}

/** Somebody edits a copy in a member, over and over: until it is as it was. */
async function drifted({ hub, members: [member] }: Stage, samples: number): Promise<Found> {
  if (!member) throw new Error('there are two members')
  const name = 'drift'
  const arrived = shows(member.copies, name, 'right')
  await write(hub, 'POST', secrets, secret(name, 'right'))
  await write(hub, 'POST', applications, application(name, { clusters: ['hangzhou-1'] }))
  await arrived
  const times = await oneByOne(samples, async (n) => {
    const startedAtMs = performance.now()
    await write(member.server, 'PATCH', `${secrets}/${name}`, { data: { k: base64(`wrong-${n}`) } })
    const wrongAtMs = await shows(member.copies, name, `wrong-${n}`)
    return (await shows(member.copies, name, 'right', wrongAtMs)) - startedAtMs
  })
  return latencies('copy edited in a member → repaired', times, goals.drift)
}

/** Applications are created at once: how long each object, and all of them, take. */
async function createdAtOnce(stage: Stage, count: number): Promise<Found> {
  const { hub, members } = stage
  const names = Array.from({ length: count }, (_, n) => `many-${count}-${n}`)
  await together(names, (name) => write(hub, 'POST', secrets, secret(name, name)))
  const cpuBefore = await hub.cpuSeconds()
  const startedAtMs = performance.now()
  const arriving = names.flatMap((name) => members.map(({ copies }) => shows(copies, name, name)))
  const running = names.map((name) => runs(stage, name))
  await together(names, (name) => write(hub, 'POST', applications, application(name, hangzhou)))
  const acceptedAtMs = performance.now()
  const arrived = (await settled(arriving)).map((atMs) => atMs - startedAtMs)
  const ran = (await settled(running)).map((atMs) => atMs - startedAtMs)
  const cpuMs = ((await hub.cpuSeconds()) - cpuBefore) * 1000
  const seconds = (values: readonly number[]) => Math.max(...values) / 1000
  return {
    errors: arriving.length - arrived.length + running.length - ran.length,
    rows: [
      { label: `${count} Applications at once: all accepted`, value: (acceptedAtMs - startedAtMs) / 1000, unit: 's' },
      {
        label: `${count} Applications × 2 members at once: all copies there`,
        value: seconds(arrived),
        unit: 's',
        wanted: `< ${(0.015 * count).toFixed(1)} s`,
      },
      { label: `  each copy, p50`, value: quantile(arrived, 0.5), unit: 'ms' },
      { label: `  each copy, p99`, value: quantile(arrived, 0.99), unit: 'ms' },
      { label: `  all phases running`, value: seconds(ran), unit: 's' },
      { label: `  CPU of the hub, each Application`, value: cpuMs / count, unit: 'ms' },
    ],
  }
}

/** A hub comes back to all that was shipped: until it ships again, and what it sends of that which was right. */
async function restarted(dataDir: string, { members }: Stage): Promise<Found> {
  const before = members.map(({ copies }) => copies.events.length)
  const startedAtMs = performance.now()
  const hub = await startHubProcess({ dataDir })
  try {
    const readyAtMs = performance.now()
    const { text } = await send(hub, { method: 'GET', path: '/apis/shipments.entrepot.dev/v1alpha1/shipments' })
    const rows = fieldAt(JSON.parse(text), 'items')
    const count = Array.isArray(rows) ? rows.length : 0
    const shown = members.map(({ copies }) => shows(copies, 'two', 'restarted'))
    await write(hub, 'PATCH', `${secrets}/two`, { data: { k: base64('restarted') } })
    const shippedAtMs = Math.max(...(await Promise.all(shown)))
    const sent = members.map(({ copies }, index) => copies.events.length - (before[index] ?? 0) - 1)
    const again = sent.reduce((sum, one) => sum + one, 0)
    return {
      errors: again,
      rows: [
        { label: `hub restarted with ${count} shipments: ready`, value: (readyAtMs - startedAtMs) / 1000, unit: 's' },
        { label: '  ships again after', value: (shippedAtMs - startedAtMs) / 1000, unit: 's' },
        { label: '  writes sent that were right already', value: again, unit: '', wanted: '0' },
      ],
    }
  } finally {
    await hub.dispose()
  }
}

interface Wanted {
  readonly p50: string
  readonly p99: string
}

function latencies(label: string, times: readonly number[], wanted: Wanted): Found {
  const good = times.filter((ms) => !Number.isNaN(ms))
  return {
    errors: times.length - good.length,
    rows: [
      { label: `${label}, p50`, value: quantile(good, 0.5), unit: 'ms', wanted: wanted.p50 },
      { label: `${label}, p99`, value: quantile(good, 0.99), unit: 'ms', wanted: wanted.p99 },
    ],
  }
}

/** Runs a sample after another; one that fails is NaN. */
async function oneByOne(samples: number, sample: (n: number) => Promise<number>): Promise<readonly number[]> {
  const times: number[] = []
  for (let n = 1; n <= samples; n++) times.push(await sample(n).catch(() => Number.NaN))
  return times
}

/** Does something about each, as many at a time as a server takes without saying 429. */
async function together(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const left = [...names]
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await act(name)
  }
  await Promise.all(Array.from({ length: 128 }, work))
}

async function settled(waiting: readonly Promise<number>[]): Promise<readonly number[]> {
  return (await Promise.allSettled(waiting)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

/** When a Secret showed this value, after a moment of the clock. */
async function shows(copies: Recording, name: string, value: string, afterMs = 0): Promise<number> {
  const wanted = base64(value)
  const event = await inTime(
    copies.when((one) => one.name === name && one.atMs > afterMs && fieldAt(one.object, 'data', 'k') === wanted),
  )
  return event.atMs
}

/** When an Application showed phase `running`. */
async function runs({ applications: phases }: Stage, name: string): Promise<number> {
  const event = await inTime(
    phases.when((one) => one.name === name && fieldAt(one.object, 'status', 'status') === 'running'),
  )
  return event.atMs
}

async function inTime<T>(waiting: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${patienceMs / 1000} s`)), patienceMs)
  })
  return Promise.race([waiting, late]).finally(() => clearTimeout(timer))
}

async function write(server: Endpoint, method: string, path: string, body: unknown): Promise<void> {
  const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}
  const { code, text } = await send(server, { method, path, body, headers })
  if (code >= 300) throw new Error(`${method} ${path}: ${code} ${text}`)
}

const hangzhou = { clusterLabelSelector: { region: 'hangzhou' } }
const base64 = (text: string) => Buffer.from(text).toString('base64')

const secret = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  type: 'Opaque',
  data: { k: base64(value), filler: base64('x'.repeat(600)) },
})

const application = (name: string, topology: object) => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name },
  spec: {
    components: [{ name: 'copies', type: 'ref-objects', properties: { objects: [{ resource: 'secret', name }] } }],
    policies: [{ name: 'where', type: 'topology', properties: topology }],
  },
})
