import { inspect } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { kinds } from './fake-cluster.ts'
import { application, conditionOf, eventually, phaseOf, secret, statesOf, type TestWorld, testWorld } from './world.ts'

let running: TestWorld | undefined
afterEach(async () => {
  await running?.stop()
  running = undefined
})

async function started(members: Parameters<typeof testWorld>[0], objects: readonly KubeObject[]): Promise<TestWorld> {
  const world = testWorld(members)
  running = world
  for (const object of objects) {
    const resource = Object.values(kinds).find(({ kind }) => kind === object.kind)
    if (resource) await world.hub.create(resource, object)
  }
  await world.start()
  return world
}

const applies = (world: TestWorld, member: string) =>
  world.member(member).writes.filter((write) => write.startsWith('apply'))
const copyIn = (world: TestWorld, member: string, name = 'a') =>
  world.member(member).peek(kinds.secrets, 'examples', name)
const ref = [{ resource: 'secret', name: 'a' }]

test('a Secret is copied to every cluster that a topology selects by labels', async () => {
  const world = await started({ c1: { region: 'hangzhou' }, c2: { region: 'hangzhou' }, c3: {} }, [
    secret('a', { k: 'djE=' }),
  ])
  await world.hub.create(kinds.applications, application('app', ref, { clusterLabelSelector: { region: 'hangzhou' } }))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  for (const member of ['c1', 'c2']) {
    expect(copyIn(world, member)).toMatchObject({
      type: 'Opaque',
      data: { k: 'djE=' },
      metadata: {
        labels: {
          'app.oam.dev/name': 'app',
          'app.oam.dev/namespace': 'examples',
          'app.oam.dev/component': 'copies',
          'app.oam.dev/cluster': member,
          'app.oam.dev/resourceType': 'WORKLOAD',
          'workload.oam.dev/type': 'ref-objects',
        },
      },
    })
  }
  expect(copyIn(world, 'c3')).toBeUndefined()
  expect(statesOf(world)).toEqual(['app → c1: Healthy', 'app → c2: Healthy'])
  const status = fieldAt(world.hub.peek(kinds.applications, 'examples', 'app'), 'status')
  expect(status).toMatchObject({
    observedGeneration: 1,
    services: [
      { name: 'copies', cluster: 'c1', namespace: 'examples', healthy: true },
      { name: 'copies', cluster: 'c2', namespace: 'examples', healthy: true },
    ],
  })
  expect(conditionOf(world, 'app', 'Ready')).toMatchObject({ status: 'True', reason: 'ReconcileSuccess' })
})

test('a changed source reaches its copies, and a key that left it leaves them', async () => {
  const world = await started({ c1: {} }, [secret('a', { old: 'MQ==', kept: 'Mg==' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(copyIn(world, 'c1')).toBeDefined())
  await world.hub.patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { old: null, kept: 'Mw==' } })
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ kept: 'Mw==' }))
})

test.each([
  {
    name: 'edited',
    drift: (world: TestWorld) =>
      world.member('c1').patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { k: 'eA==' } }),
  },
  {
    name: 'deleted',
    drift: (world: TestWorld) => world.member('c1').remove(kinds.secrets, { namespace: 'examples', name: 'a' }),
  },
])('a copy that is $name in a member is repaired', async ({ drift }) => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await drift(world)
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ k: 'djE=' }))
  expect(applies(world, 'c1')).toHaveLength(2)
})

test('status changes and foreign fields of a copy cause no writes', async () => {
  const deployment: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'examples' },
    spec: { replicas: 2, template: { metadata: {}, spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
  }
  const world = await started({ c1: {} }, [deployment])
  await world.hub.create(kinds.applications, application('app', [{ resource: 'deployment', name: 'web' }], ['c1']))
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Shipped']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('runningWorkflow'))
  const key = { namespace: 'examples', name: 'web' }
  const status = { replicas: 2, readyReplicas: 2, updatedReplicas: 2, observedGeneration: 1 }
  await world.member('c1').patch(kinds.deployments, key, { status }, { subresource: 'status' })
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world.member('c1').patch(kinds.deployments, key, { metadata: { annotations: { theirs: 'yes' } } })
  await world.member('c1').patch(kinds.deployments, key, { status: { readyReplicas: 1 } }, { subresource: 'status' })
  await eventually(() => expect(phaseOf(world, 'app')).toBe('unhealthy'))
  expect(fieldAt(world.hub.peek(kinds.applications, 'examples', 'app'), 'status', 'services', 0, 'message')).toBe(
    'Ready:1/2',
  )
  expect(applies(world, 'c1')).toHaveLength(1)
})

test('a cluster that normalises what it is sent is not fought with', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  world.member('c1').admit = (object) => (object.kind === 'Secret' ? { ...object, type: 'normalised' } : object)
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world
    .member('c1')
    .patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { metadata: { annotations: { a: 'b' } } })
  await world.member('c1').patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { k: 'eA==' } })
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ k: 'djE=' }))
  expect(applies(world, 'c1')).toHaveLength(2)
})

test('a restart sends nothing that is right, and repairs what changed meanwhile', async () => {
  const world = await started({ c1: {}, c2: {} }, [secret('a', { k: 'djE=' }), secret('b', { k: 'djI=' })])
  const refs = [...ref, { resource: 'secret', name: 'b' }]
  await world.hub.create(kinds.applications, application('app', refs, ['c1', 'c2']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world.stop()
  await world.member('c2').remove(kinds.secrets, { namespace: 'examples', name: 'a' })
  await world
    .member('c1')
    .patch(kinds.secrets, { namespace: 'examples', name: 'b' }, { metadata: { annotations: { theirs: 'yes' } } })
  for (const member of ['c1', 'c2']) world.member(member).writes.length = 0
  await world.start()
  await eventually(() => expect(copyIn(world, 'c2')).toBeDefined())
  expect(world.member('c1').writes).toEqual([])
  expect(world.member('c2').writes).toEqual(['apply secrets examples/a'])
})

test('what exists already is refused, and taken as soon as it is gone', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.member('c1').create(kinds.secrets, secret('a', { theirs: 'eA==' }))
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  const text = 'Secret examples/a exists but not managed by any application now'
  await eventually(() =>
    expect(conditionOf(world, 'app', 'Workflow')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(text),
    }),
  )
  expect(statesOf(world)).toEqual(['app → c1: Refused'])
  expect(phaseOf(world, 'app')).toBe('unhealthy')
  expect(copyIn(world, 'c1')?.['data']).toEqual({ theirs: 'eA==' })
  await world.member('c1').remove(kinds.secrets, { namespace: 'examples', name: 'a' })
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ k: 'djE=' }))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
})

test('an object of another application is left to it', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('first', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'first')).toBe('running'))
  await world.hub.create(kinds.applications, application('second', ref, ['c1']))
  const text = 'existing object Secret examples/a is managed by other application examples/first'
  await eventually(() =>
    expect(conditionOf(world, 'second', 'Workflow')).toMatchObject({ message: expect.stringContaining(text) }),
  )
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'first' })
  await eventually(() => expect(copyIn(world, 'c1')?.metadata.labels?.['app.oam.dev/name']).toBe('second'))
  await eventually(() => expect(statesOf(world)).toEqual(['second → c1: Healthy']))
})

test('an object that leaves the application leaves the clusters, and so does one whose cluster is no longer selected', async () => {
  const world = await started({ c1: { tier: 'x' }, c2: { tier: 'x' } }, [
    secret('a', { k: 'djE=' }),
    secret('b', { k: 'djI=' }),
  ])
  const both = [...ref, { resource: 'secret', name: 'b' }]
  await world.hub.create(kinds.applications, application('app', both, { clusterLabelSelector: { tier: 'x' } }))
  await eventually(() => expect(statesOf(world)).toHaveLength(4))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  const { spec } = application('app', ref, { clusterLabelSelector: { tier: 'x' } })
  await world.hub.patch(kinds.applications, { namespace: 'examples', name: 'app' }, { spec })
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Healthy', 'app → c2: Healthy']))
  expect(copyIn(world, 'c1', 'b')).toBeUndefined()
  world.fleet.join(world.member('c2'), { tier: 'y' })
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Healthy']))
  expect(copyIn(world, 'c2')).toBeUndefined()
})

test('a cluster that is down delays nobody, is shown, and is caught up when it returns', async () => {
  const world = await started({ c1: {}, c2: {} }, [secret('a', { k: 'djE=' })])
  world.fleet.cut('c2', 'connect ECONNREFUSED')
  await world.hub.create(kinds.applications, application('app', ref, ['c1', 'c2']))
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Healthy', 'app → c2: Unreachable']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('unhealthy'))
  expect(fieldAt(world.hub.peek(kinds.applications, 'examples', 'app'), 'status', 'services', 1)).toMatchObject({
    cluster: 'c2',
    healthy: false,
    message: expect.stringContaining('connect ECONNREFUSED'),
  })
  world.fleet.cut('c2', undefined)
  await eventually(() => expect(copyIn(world, 'c2')).toBeDefined())
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
})

test('a deleted application takes its copies along', async () => {
  const world = await started({ c1: {}, c2: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1', 'c2']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'app' })
  await eventually(() => expect(world.hub.peek(kinds.applications, 'examples', 'app')).toBeUndefined())
  expect([copyIn(world, 'c1'), copyIn(world, 'c2'), ...world.hub.all(kinds.shipments)]).toEqual([undefined, undefined])
})

test('a tombstone outlives its application and is carried out when the cluster returns, also after a restart', async () => {
  const world = await started({ c1: {}, c2: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1', 'c2']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  world.fleet.cut('c2', 'no route to host')
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'app' })
  await eventually(() => expect(world.hub.peek(kinds.applications, 'examples', 'app')).toBeUndefined())
  await eventually(() => expect(statesOf(world)).toEqual(['app → c2: Retiring']))
  await world.stop()
  await world.start()
  expect(copyIn(world, 'c2')).toBeDefined()
  world.fleet.cut('c2', undefined)
  await eventually(() => expect(world.hub.all(kinds.shipments)).toEqual([]))
  expect(copyIn(world, 'c2')).toBeUndefined()
})

test('a tombstone does not take what a new application wants by then', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('old', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'old')).toBe('running'))
  const uid = copyIn(world, 'c1')?.metadata.uid
  world.fleet.cut('c1', 'no route to host')
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'old' })
  await eventually(() => expect(statesOf(world)).toEqual(['old → c1: Retiring']))
  await world.hub.create(kinds.applications, application('new', ref, ['c1']))
  await eventually(() => expect(statesOf(world)).toEqual(['new → c1: Unreachable', 'old → c1: Retiring']))
  world.fleet.cut('c1', undefined)
  await eventually(() => expect(statesOf(world)).toEqual(['new → c1: Healthy']))
  expect(copyIn(world, 'c1')?.metadata).toMatchObject({ uid, labels: { 'app.oam.dev/name': 'new' } })
})

test('a detached cluster is given up', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(
    kinds.applications,
    application('app', ref, { clusterLabelSelector: { 'cluster.core.oam.dev/control-plane': 'false' } }),
  )
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  world.fleet.cut('c1', 'no route to host')
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'app' })
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Retiring']))
  world.fleet.detach('c1')
  await eventually(() => expect(world.hub.all(kinds.shipments)).toEqual([]))
})

test('a source that is missing is named, and shipped as soon as it exists', async () => {
  const world = await started({ c1: {} }, [])
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() =>
    expect(conditionOf(world, 'app', 'Parsed')).toMatchObject({
      status: 'False',
      reason: 'ReconcileError',
      message: 'failed to parseReferredObjects: failed to load ref object Secret examples/a: secrets "a" not found',
    }),
  )
  expect(phaseOf(world, 'app')).toBe('rendering')
  await eventually(() =>
    expect(world.hub.all(kinds.events)).toMatchObject([
      { reason: 'FailedParse', type: 'Warning', involvedObject: { name: 'app' } },
    ]),
  )
  await world.hub.create(kinds.secrets, secret('a', { k: 'djE=' }))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
})

test('a source that is deleted leaves its copies, which are still repaired', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world.hub.remove(kinds.secrets, { namespace: 'examples', name: 'a' })
  await eventually(() => expect(conditionOf(world, 'app', 'Parsed')).toMatchObject({ status: 'False' }))
  expect(conditionOf(world, 'app', 'Ready')).toMatchObject({ status: 'False' })
  expect(phaseOf(world, 'app')).toBe('running')
  await world.member('c1').remove(kinds.secrets, { namespace: 'examples', name: 'a' })
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ k: 'djE=' }))
})

test('of objects selected by labels, a deleted one leaves its copy and one that lost the label takes it along', async () => {
  const labels = { copy: 'yes' }
  const world = await started(
    { c1: {} },
    ['a', 'b', 'c'].map((name) => secret(name, { k: 'djE=' }, { labels })),
  )
  await world.hub.create(
    kinds.applications,
    application('app', [{ resource: 'secret', labelSelector: labels }], ['c1']),
  )
  await eventually(() => expect(statesOf(world)).toHaveLength(3))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  expect(copyIn(world, 'c1', 'b')?.metadata.labels).toMatchObject({
    copy: 'yes',
    'trait.oam.dev/resource': 'objects-1',
  })
  await world.hub.patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { metadata: { labels: { copy: null } } })
  await eventually(() => expect(copyIn(world, 'c1', 'a')).toBeUndefined())
  await world.hub.remove(kinds.secrets, { namespace: 'examples', name: 'b' })
  await eventually(() =>
    expect(conditionOf(world, 'app', 'Synced')).toMatchObject({
      status: 'False',
      reason: 'SourceDeleted',
      message: expect.stringContaining('Secret examples/b'),
    }),
  )
  expect(copyIn(world, 'c1', 'b')).toBeDefined()
})

test('objects of one cluster are copied to another, and follow it', async () => {
  const world = await started({ c1: {}, c2: {} }, [])
  const labels = { 'need-duplicate': 'true' }
  await world.member('c1').create(kinds.secrets, secret('a', { k: 'djE=' }, { labels }))
  await world.hub.create(
    kinds.applications,
    application('app', [{ resource: 'secret', cluster: 'c1', labelSelector: labels }], ['c2']),
  )
  await eventually(() => expect(copyIn(world, 'c2')?.metadata.labels).toMatchObject(labels))
  await world.member('c1').patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { k: 'Mg==' } })
  await eventually(() => expect(copyIn(world, 'c2')?.['data']).toEqual({ k: 'Mg==' }))
})

test('a trait changes the first object only', async () => {
  const deployment = (name: string): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'examples' },
    spec: { replicas: 1 },
  })
  const world = await started({ c1: {} }, [deployment('x'), deployment('y')])
  const refs = ['x', 'y'].map((name) => ({ resource: 'deployment', name }))
  const traits = [{ type: 'scaler', properties: { replicas: 3 } }]
  await world.hub.create(kinds.applications, application('app', refs, ['c1'], { traits, namespace: 'elsewhere' }))
  await eventually(() =>
    expect(world.member('c1').peek(kinds.deployments, 'elsewhere', 'x')?.['spec']).toEqual({ replicas: 3 }),
  )
  await eventually(() =>
    expect(world.member('c1').peek(kinds.deployments, 'elsewhere', 'y')?.['spec']).toEqual({ replicas: 1 }),
  )
})

test('nothing that a selector matches is healthy, and said', async () => {
  const world = await started({ c1: {} }, [])
  await world.hub.create(
    kinds.applications,
    application('app', [{ resource: 'secret', labelSelector: { no: 'such' } }], ['c1']),
  )
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  expect(fieldAt(world.hub.peek(kinds.applications, 'examples', 'app'), 'status', 'services', 0)).toMatchObject({
    healthy: true,
    message: 'no objects matched',
  })
})

test('a missing namespace refuses the copy until it is there', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  world.member('c1').namespaces = new Set()
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Refused']))
  await eventually(() =>
    expect(conditionOf(world, 'app', 'Workflow')).toMatchObject({
      message: expect.stringContaining('namespaces "examples" not found'),
    }),
  )
  world.member('c1').namespaces = new Set(['examples'])
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
})

test('a row that somebody deletes stays as long as its copy, and goes with it', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' })])
  await world.hub.create(kinds.applications, application('app', ref, ['c1']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  const [row] = world.hub.all(kinds.shipments)
  await world.hub.remove(kinds.shipments, { namespace: 'examples', name: row?.metadata.name ?? '' })
  await world.hub.patch(kinds.secrets, { namespace: 'examples', name: 'a' }, { data: { k: 'djI=' } })
  await eventually(() => expect(copyIn(world, 'c1')?.['data']).toEqual({ k: 'djI=' }))
  expect(statesOf(world)).toEqual(['app → c1: Healthy'])
  await world.hub.remove(kinds.applications, { namespace: 'examples', name: 'app' })
  await eventually(() => expect(world.hub.all(kinds.shipments)).toEqual([]))
  expect(copyIn(world, 'c1')).toBeUndefined()
})

test('the copy of a source that is gone can be given up by deleting its row', async () => {
  const world = await started({ c1: {} }, [secret('a', { k: 'djE=' }, { labels: { copy: 'yes' } })])
  const refs = [{ resource: 'secret', labelSelector: { copy: 'yes' } }]
  await world.hub.create(kinds.applications, application('app', refs, ['c1']))
  await eventually(() => expect(phaseOf(world, 'app')).toBe('running'))
  await world.hub.remove(kinds.secrets, { namespace: 'examples', name: 'a' })
  await eventually(() => expect(conditionOf(world, 'app', 'Synced')).toMatchObject({ status: 'False' }))
  const [row] = world.hub.all(kinds.shipments)
  await world.hub.remove(kinds.shipments, { namespace: 'examples', name: row?.metadata.name ?? '' })
  await eventually(() => expect(copyIn(world, 'c1')).toBeUndefined())
  await eventually(() => expect(conditionOf(world, 'app', 'Synced')).toMatchObject({ status: 'True' }))
})

test('values of a Secret are in no row, event, status or log line', async () => {
  const value = Buffer.from('correct horse battery staple').toString('base64')
  const world = await started({ c1: {}, c2: {} }, [secret('a', { k: value })])
  // Kubernetes repeats what it refuses.
  const invalid = fieldErrors.invalid('data[k]', 'correct horse battery staple')
  world.member('c2').admit = () => {
    throw StatusError.invalid({ group: '', kind: 'Secret' }, 'a', [invalid])
  }
  await world.hub.create(kinds.applications, application('app', ref, ['c1', 'c2']))
  await eventually(() => expect(statesOf(world)).toEqual(['app → c1: Healthy', 'app → c2: Refused']))
  await eventually(() =>
    expect(conditionOf(world, 'app', 'Workflow')).toMatchObject({
      message: expect.stringContaining('the cluster refused the Secret (Invalid): data[k]: FieldValueInvalid'),
    }),
  )
  const told = JSON.stringify([
    world.hub.all(kinds.shipments),
    world.hub.all(kinds.events),
    world.hub.all(kinds.applications),
    world.lines.map((line) => inspect(line, { depth: 20 })),
  ])
  expect(told).not.toContain(value)
  expect(told).not.toContain('correct horse')
})
