import { afterEach, expect, test } from 'vitest'
import { openAdmission } from '../../apiservice/admission/index.ts'
import { ensureInitialNamespaces } from '../../apiservice/controllers/initial-namespaces.ts'
import { Loopback } from '../../apiservice/loopback.ts'
import { Registry } from '../../apiservice/registry/registry.ts'
import { definitions } from '../../apiservice/resources/index.ts'
import { shipments } from '../../apiservice/resources/shipment.ts'
import { startEngine } from '../../src/engine/engine.ts'
import { systemClock } from '../../src/machinery/clock.ts'
import { silentLogger } from '../../src/machinery/log.ts'
import { fieldAt } from '../../src/machinery/object.ts'
import { openMemoryStore } from '../../storage/memory-store.ts'
import { FakeCluster, FakeFleet, kinds } from './fake-cluster.ts'
import { application, eventually, secret } from './world.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An engine on the rules of the real hub, with members in memory. */
async function onHub() {
  const store = openMemoryStore()
  closers.push(() => store.close())
  const registry = new Registry(store, openAdmission(store))
  registry.add(definitions())
  const hub = new Loopback({ registry, clock: systemClock })
  await ensureInitialNamespaces(hub)
  const named = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'examples' } }
  await hub.create(kinds.namespaces, named)
  const fleet = new FakeFleet()
  const c1 = new FakeCluster('c1')
  fleet.join(c1)
  const get = fleet.get.bind(fleet)
  fleet.get = (name) => (name === 'local' ? { name, labels: {}, client: hub, reachable: true } : get(name))
  const engine = await startEngine({ hub, fleet, clock: systemClock, log: silentLogger, scope: 'global' })
  closers.push(() => engine.close())
  return { hub, fleet, c1, store }
}

const key = { namespace: 'examples', name: 'app' }
const ref = [{ resource: 'secret', name: 'a' }]

test('on the rules of the hub an Application goes from wish to running, is followed, and is taken back', async () => {
  const { hub, c1, store } = await onHub()
  await hub.create(kinds.secrets, secret('a', { k: 'djE=' }))
  await hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(async () => {
    const { status } = await hub.get(kinds.applications, key)
    expect(status).toMatchObject({
      status: 'running',
      observedGeneration: 1,
      services: [{ cluster: 'c1', healthy: true }],
    })
  })
  const [row] = (await hub.list(kinds.shipments)).items
  expect(row?.['status']).toMatchObject({ state: 'Healthy' })
  expect(row && shipments.row(row, Date.now()).cells.slice(1, 6)).toEqual([
    'app',
    'Secret examples/a',
    'c1',
    'Healthy',
    '',
  ])

  const settled = store.revision
  await hub.patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { k: 'djI=' } })
  await eventually(() => expect(c1.peek(kinds.secrets, 'examples', 'a')?.['data']).toEqual({ k: 'djI=' }))
  await eventually(async () => {
    const [changed] = (await hub.list(kinds.shipments)).items
    expect(fieldAt(changed, 'status', 'hash')).not.toBe(fieldAt(row, 'status', 'hash'))
  })
  // The source, and the row: a change that is over at once is not worth a status.
  expect(store.revision - settled).toBe(2)

  await hub.remove(kinds.applications, key)
  await eventually(async () => expect((await hub.list(kinds.applications)).items).toEqual([]))
  expect((await hub.list(kinds.shipments)).items).toEqual([])
  expect(c1.peek(kinds.secrets, 'examples', 'a')).toBeUndefined()
})

test('rows that are deleted together with their application, as with a namespace, wait for a cluster that is away', async () => {
  const { hub, fleet, c1 } = await onHub()
  await hub.create(kinds.secrets, secret('a', { k: 'djE=' }))
  await hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(c1.peek(kinds.secrets, 'examples', 'a')).toBeDefined())
  fleet.cut('c1', 'no route to host')
  const [row] = (await hub.list(kinds.shipments)).items
  await hub.remove(kinds.applications, key)
  await hub.remove(kinds.shipments, { namespace: 'examples', name: row?.metadata.name ?? '' })
  await eventually(async () => expect((await hub.list(kinds.applications)).items).toEqual([]))
  expect((await hub.list(kinds.shipments)).items).toMatchObject([{ status: { state: 'Retiring' } }])
  fleet.cut('c1', undefined)
  await eventually(async () => expect((await hub.list(kinds.shipments)).items).toEqual([]))
  expect(c1.peek(kinds.secrets, 'examples', 'a')).toBeUndefined()
})

test('the hub is a cluster like any other: copies go to another namespace of it, and are kept right', async () => {
  const { hub } = await onHub()
  await hub.create(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } })
  await hub.create(kinds.secrets, secret('a', { k: 'djE=', gone: 'eA==' }))
  await hub.create(kinds.applications, application('app', ref, ['local'], { namespace: 'elsewhere' }))
  const copy = { namespace: 'elsewhere', name: 'a' }
  await eventually(async () => expect(await hub.get(kinds.secrets, copy)).toMatchObject({ data: { gone: 'eA==' } }))
  await hub.patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { gone: null } })
  await eventually(async () => expect((await hub.get(kinds.secrets, copy))['data']).toEqual({ k: 'djE=' }))
  await hub.patch(kinds.secrets, copy, { data: { k: 'eA==' } })
  await eventually(async () => expect((await hub.get(kinds.secrets, copy))['data']).toEqual({ k: 'djE=' }))
})

test('an object is not copied onto itself', async () => {
  const { hub } = await onHub()
  await hub.create(kinds.secrets, secret('a', { k: 'djE=' }))
  await hub.create(kinds.applications, application('app', ref, undefined))
  await eventually(async () => {
    const { status } = await hub.get(kinds.applications, key)
    const message = 'Secret examples/a exists but not managed by any application now'
    expect(fieldAt(status, 'services', 0)).toMatchObject({
      cluster: 'local',
      message: expect.stringContaining(message),
    })
  })
})
