import { afterAll, beforeAll, describe, test } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { Random } from '../faults/random.ts'
import { type Endpoint, noControlPlane } from '../fixtures/control-plane.ts'
import { read } from '../fixtures/members.ts'
import { send } from '../fixtures/send.ts'
import {
  application,
  applicationPath,
  list,
  openNamespace,
  openRealStage,
  phaseOf,
  type RealStage,
  secret,
  secretPath,
  shipmentsIn,
  soon,
} from './stage.ts'

const ns = 'churn'
const names = ['a', 'b', 'c', 'd', 'e']
const topologies = [['hangzhou-1'], ['hangzhou-2'], ['hangzhou-1', 'hangzhou-2'], []] as const
type Clusters = (typeof topologies)[number]

const seed = Number(process.env['CHURN_SEED'] ?? Date.now() % 1_000_000)

describe.skipIf(noControlPlane !== undefined)(noControlPlane ?? 'many changes on all sides at once', () => {
  let stage: RealStage
  // A round goes on from where the one before it ended.
  const sources = new Map<string, { readonly key: string; readonly value: string }>()
  const wishes = new Map<string, Clusters>()
  let serial = 0

  beforeAll(async () => {
    console.log(`CHURN_SEED=${seed}`)
    stage = await openRealStage()
    await openNamespace(ns, stage.hub, stage.first, stage.second)
  })

  afterAll(() => stage?.dispose())

  test.each([1, 2, 3])('end where the last wishes say, whatever came in between (round %i)', async (round) => {
    const { hub, first, second } = stage
    const random = new Random(seed + round)

    const setSource = async (name: string) => {
      const value = Buffer.from(`${seed}-${serial++}`).toString('base64')
      const key = `k${serial % 3}`
      await put(hub, secretPath(ns), secret(name, { [key]: value }))
      sources.set(name, { key, value })
    }
    const wish = async (name: string) => {
      const clusters = topologies[random.below(topologies.length)] ?? []
      await put(hub, applicationPath(ns), application(name, [{ resource: 'secret', name }], { clusters }))
      wishes.set(name, clusters)
    }
    const withdraw = async (name: string) => {
      await ask(hub, 'DELETE', applicationPath(ns, name))
      wishes.delete(name)
    }
    const meddle = async (name: string, how: 'PATCH' | 'DELETE') => {
      const member = random.below(2) === 0 ? first : second
      const copy = await read(member, secretPath(ns, name))
      const [key] = Object.keys(copy?.['data'] ?? {})
      if (key === undefined) return
      // An edit is of the copy that was looked at: as a key of its own it would be left where it is.
      const resourceVersion = fieldAt(copy, 'metadata', 'resourceVersion')
      const edit = { metadata: { resourceVersion }, data: { [key]: 'eA==' } }
      await ask(member, how, secretPath(ns, name), how === 'PATCH' ? edit : undefined)
    }
    const arrive = async (name: string) => {
      if (wishes.has(name)) await soon(() => phaseOf(hub, ns, name)).toBe('running')
    }
    const changes = [
      setSource,
      setSource,
      wish,
      wish,
      arrive,
      arrive,
      withdraw,
      (name: string) => meddle(name, 'PATCH'),
      (name: string) => meddle(name, 'DELETE'),
    ]
    // One row of changes for each name, side by side, so that no two of them race for what the last wish was.
    await Promise.all(names.map(setSource))
    await Promise.all(
      names.map(async (name) => {
        for (let step = 0; step < 30; step++) await changes[random.below(changes.length)]?.(name)
        // One that waits for its deletion is not the one that is wished for.
        if (wishes.has(name)) await wish(name)
      }),
    )

    const expectedIn = (cluster: 'hangzhou-1' | 'hangzhou-2') =>
      names
        .filter((name) => wishes.get(name)?.some((one) => one === cluster))
        .map((name) => `${name} ${sources.get(name)?.value}`)
    const valuesIn = async (member: Endpoint) =>
      (await list(member, secretPath(ns)))
        .map((copy) => `${fieldAt(copy, 'metadata', 'name')} ${Object.values(copy['data'] ?? {}).join()}`)
        .sort()
    await soon(() => valuesIn(first)).toEqual(expectedIn('hangzhou-1'))
    await soon(() => valuesIn(second)).toEqual(expectedIn('hangzhou-2'))
    const rows = names
      .flatMap((name) => (wishes.get(name) ?? []).map((cluster) => `Secret ${name} → ${cluster}: Healthy`))
      .sort()
    await soon(() => shipmentsIn(hub, ns)).toEqual(rows)
    const phases = async () =>
      (await list(hub, applicationPath(ns))).map(
        (one) => `${fieldAt(one, 'metadata', 'name')} ${fieldAt(one, 'status', 'status')}`,
      )
    await soon(phases).toEqual([...wishes.keys()].sort().map((name) => `${name} running`))
  })
})

/** Creates an object, or replaces it; waits for one that is on its way out. */
async function put(place: Endpoint, path: string, object: Readonly<Record<string, unknown>>): Promise<void> {
  const name = fieldAt(object, 'metadata', 'name')
  for (;;) {
    if ((await ask(place, 'POST', path, object)) !== 409) return
    const there = await read(place, `${path}/${name}`)
    if (!there || fieldAt(there, 'metadata', 'deletionTimestamp') !== undefined) continue
    const resourceVersion = fieldAt(there, 'metadata', 'resourceVersion')
    if ((await ask(place, 'PUT', `${path}/${name}`, { ...object, metadata: { name, resourceVersion } })) < 300) return
  }
}

async function ask(place: Endpoint, method: string, path: string, body?: unknown): Promise<number> {
  const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}
  const { code, text } = await send(place, { method, path, body, headers })
  if (code >= 300 && ![404, 409].includes(code)) throw new Error(`${method} ${path}: ${code} ${text}`)
  return code
}
