import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { noControlPlane } from '../fixtures/control-plane.ts'
import { create, destroy, merge, read } from '../fixtures/members.ts'
import { record } from '../fixtures/recording.ts'
import {
  application,
  applicationPath,
  conditionMessage,
  hangzhou,
  list,
  openNamespace,
  openRealStage,
  phaseOf,
  type RealStage,
  secret,
  secretData,
  secretPath,
  shipmentPath,
  shipmentsIn,
  shipSecret,
  soon,
} from './stage.ts'

const v1 = { k: 'djE=' }
const v2 = { k: 'djI=' }

describe.skipIf(noControlPlane !== undefined)(noControlPlane ?? 'copies in real clusters are kept as wanted', () => {
  let stage: RealStage

  beforeAll(async () => {
    stage = await openRealStage()
  })

  afterAll(() => stage?.dispose())

  /** A namespace of its own for a test, with the Application `app` that copies the Secret `a` to both members. */
  async function shipped(namespace: string): Promise<void> {
    const { hub, first, second } = stage
    await openNamespace(namespace, hub, first, second)
    await shipSecret(hub, namespace, 'a', v1)
    await soon(() => phaseOf(hub, namespace, 'a')).toBe('running')
  }

  test('a copy that somebody edits is put right at once, and only there', async () => {
    const ns = 'edited'
    await shipped(ns)
    const { first, second } = stage
    const [here, there] = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]
    await merge(first, secretPath(ns, 'a'), { data: { k: 'eA==' } })
    await soon(() => secretData(first, ns, 'a')).toEqual(v1)
    await soon(() => here.of('a')).toEqual(['MODIFIED', 'MODIFIED'])
    expect(there.events).toEqual([])
    here.stop()
    there.stop()
  })

  test('what others add to a copy is not ours to take away', async () => {
    const ns = 'added-to'
    await shipped(ns)
    const { first } = stage
    const writes = await record(first, secretPath(ns))
    await merge(first, secretPath(ns, 'a'), { metadata: { annotations: { note: 'theirs' } } })
    await merge(first, secretPath(ns, 'a'), { data: { k: 'eA==' } })
    await soon(() => secretData(first, ns, 'a')).toEqual(v1)
    await soon(() => writes.of('a')).toHaveLength(3)
    expect(fieldAt(await read(first, secretPath(ns, 'a')), 'metadata', 'annotations')).toEqual({ note: 'theirs' })
    writes.stop()
  })

  test('a copy that loses the labels of its owner is no longer ours, and the status says so', async () => {
    const ns = 'disowned'
    await shipped(ns)
    const { hub, first } = stage
    const labels = { 'app.oam.dev/name': null, 'app.oam.dev/namespace': null }
    await merge(first, secretPath(ns, 'a'), { metadata: { labels } })
    await soon(() => shipmentsIn(hub, ns)).toEqual(['Secret a → hangzhou-1: Refused', 'Secret a → hangzhou-2: Healthy'])
    expect(await conditionMessage(hub, ns, 'a', 'Workflow')).toContain(
      `Secret ${ns}/a exists but not managed by any application now`,
    )
  })

  test('a copy that somebody deletes is there again at once', async () => {
    const ns = 'deleted'
    await shipped(ns)
    const { hub, second } = stage
    const writes = await record(second, secretPath(ns))
    await destroy(second, secretPath(ns, 'a'))
    await soon(() => secretData(second, ns, 'a')).toEqual(v1)
    await soon(() => writes.of('a')).toEqual(['DELETED', 'ADDED'])
    await soon(() => phaseOf(hub, ns, 'a')).toBe('running')
    writes.stop()
  })

  test('a source that is edited on the hub changes its copies, once each', async () => {
    const ns = 'source-edited'
    await shipped(ns)
    const { hub, first, second } = stage
    const recordings = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]
    await merge(hub, secretPath(ns, 'a'), { data: { k: null, other: 'djI=' } })
    for (const member of [first, second]) await soon(() => secretData(member, ns, 'a')).toEqual({ other: 'djI=' })
    await soon(() => phaseOf(hub, ns, 'a')).toBe('running')
    for (const writes of recordings) {
      await soon(() => writes.of('a')).toEqual(['MODIFIED'])
      writes.stop()
    }
  })

  test('a source that is edited in one cluster changes its copy in the other', async () => {
    const ns = 'source-in-member'
    const { hub, first, second } = stage
    await openNamespace(ns, hub, first, second)
    await create(first, secretPath(ns), secret('a', v1))
    const objects = [{ resource: 'secret', name: 'a', cluster: 'hangzhou-1' }]
    await create(hub, applicationPath(ns), application('app', objects, { clusters: ['hangzhou-2'] }))
    await soon(() => secretData(second, ns, 'a')).toEqual(v1)
    await merge(first, secretPath(ns, 'a'), { data: v2 })
    await soon(() => secretData(second, ns, 'a')).toEqual(v2)
    expect(await read(hub, secretPath(ns, 'a'))).toBeUndefined()
  })

  test('a source that is deleted leaves its copies where they are, and the status says so', async () => {
    const ns = 'source-deleted'
    await shipped(ns)
    const { hub, first, second } = stage
    await destroy(hub, secretPath(ns, 'a'))
    await soon(() => conditionMessage(hub, ns, 'a', 'Parsed')).toContain(
      `failed to load ref object Secret ${ns}/a: secrets "a" not found`,
    )
    for (const member of [first, second]) expect(await secretData(member, ns, 'a')).toEqual(v1)
  })

  test('a cluster that loses the label of its region loses its copies, and gets them back with it', async () => {
    const ns = 'relabelled'
    await shipped(ns)
    const { hub, first, second } = stage
    const registration = secretPath('vela-system', 'hangzhou-2')
    await merge(hub, registration, { metadata: { labels: { region: null } } })
    await soon(() => secretData(second, ns, 'a')).toBeUndefined()
    expect(await secretData(first, ns, 'a')).toEqual(v1)
    await soon(() => shipmentsIn(hub, ns)).toEqual(['Secret a → hangzhou-1: Healthy'])
    await merge(hub, registration, { metadata: { labels: { region: 'hangzhou' } } })
    await soon(() => secretData(second, ns, 'a')).toEqual(v1)
    await soon(() => phaseOf(hub, ns, 'a')).toBe('running')
  })

  test('an object that leaves the Application leaves the clusters, and its source stays', async () => {
    const ns = 'left'
    await shipped(ns)
    const { hub, first, second } = stage
    await create(hub, secretPath(ns), secret('b', v2))
    const objects = (...names: readonly string[]) => ({
      spec: application(
        'a',
        names.map((name) => ({ resource: 'secret', name })),
        hangzhou,
      )['spec'],
    })
    await merge(hub, applicationPath(ns, 'a'), objects('a', 'b'))
    for (const member of [first, second]) await soon(() => secretData(member, ns, 'b')).toEqual(v2)
    await merge(hub, applicationPath(ns, 'a'), objects('b'))
    for (const member of [first, second]) {
      await soon(() => secretData(member, ns, 'a')).toBeUndefined()
      expect(await secretData(member, ns, 'b')).toEqual(v2)
    }
    expect(await secretData(hub, ns, 'a')).toEqual(v1)
  })

  test('deleting the Application takes back every copy and every row, and nothing else', async () => {
    const ns = 'taken-back'
    await shipped(ns)
    const { hub, first, second } = stage
    await create(first, secretPath(ns), secret('bystander', v2))
    await destroy(hub, applicationPath(ns, 'a'))
    await soon(() => read(hub, applicationPath(ns, 'a'))).toBeUndefined()
    for (const member of [first, second]) expect(await secretData(member, ns, 'a')).toBeUndefined()
    expect(await list(hub, shipmentPath(ns))).toEqual([])
    expect(await secretData(hub, ns, 'a')).toEqual(v1)
    expect(await secretData(first, ns, 'bystander')).toEqual(v2)
  })

  test('an object that is there already is refused, left as it is, and taken once it has gone', async () => {
    const ns = 'foreign'
    const { hub, first, second } = stage
    await openNamespace(ns, hub, first, second)
    await create(first, secretPath(ns), secret('a', v2, { theirs: 'yes' }))
    const before = await read(first, secretPath(ns, 'a'))
    await shipSecret(hub, ns, 'a', v1)
    await soon(() => conditionMessage(hub, ns, 'a', 'Workflow')).toBe(
      'function call error for deploy: Found 1 errors. [(error encountered in cluster hangzhou-1: Dispatch: ' +
        `cannot apply ApplyOption: Secret ${ns}/a exists but not managed by any application now)]`,
    )
    expect(await phaseOf(hub, ns, 'a')).toBe('unhealthy')
    await soon(() => secretData(second, ns, 'a')).toEqual(v1)
    expect(await read(first, secretPath(ns, 'a'))).toEqual(before)
    await destroy(first, secretPath(ns, 'a'))
    await soon(() => secretData(first, ns, 'a'), 35_000).toEqual(v1)
    await soon(() => phaseOf(hub, ns, 'a')).toBe('running')
  }, 60_000)

  test('a copy of one Application is not taken over by another', async () => {
    const ns = 'contested'
    await shipped(ns)
    const { hub, first } = stage
    await create(hub, applicationPath(ns), application('rival', [{ resource: 'secret', name: 'a' }], hangzhou))
    await soon(() => conditionMessage(hub, ns, 'rival', 'Workflow')).toContain(
      `existing object Secret ${ns}/a is managed by other application ${ns}/a`,
    )
    // What the owner leaves, the other one gets.
    await destroy(hub, applicationPath(ns, 'a'))
    await soon(() => phaseOf(hub, ns, 'rival'), 35_000).toBe('running')
    expect(fieldAt(await read(first, secretPath(ns, 'a')), 'metadata', 'labels', 'app.oam.dev/name')).toBe('rival')
  }, 60_000)

  test('a namespace that a cluster lacks is named, and the copy follows once it is there', async () => {
    const ns = 'lacking'
    const { hub, first, second } = stage
    await openNamespace(ns, hub, first)
    await shipSecret(hub, ns, 'a', v1)
    await soon(() => conditionMessage(hub, ns, 'a', 'Workflow')).toContain(
      `error encountered in cluster hangzhou-2: Dispatch: namespaces "${ns}" not found`,
    )
    expect(await secretData(first, ns, 'a')).toEqual(v1)
    await openNamespace(ns, second)
    await soon(() => phaseOf(hub, ns, 'a'), 35_000).toBe('running')
    expect(await secretData(second, ns, 'a')).toEqual(v1)
  }, 60_000)

  test('a cluster that hangs delays nobody, and has everything soon after it answers again', async () => {
    const ns = 'hanging'
    await shipped(ns)
    const { hub, first, second } = stage
    const wakeUp = await second.hang()
    try {
      const startedAtMs = performance.now()
      for (const name of ['b', 'c', 'd']) {
        await shipSecret(hub, ns, name, v1)
        await soon(() => secretData(first, ns, name)).toEqual(v1)
      }
      expect(performance.now() - startedAtMs).toBeLessThan(3000)
      await soon(() => shipmentsIn(hub, ns)).toContain('Secret a → hangzhou-2: Unreachable')
      await destroy(hub, applicationPath(ns, 'a'))
      await soon(() => read(hub, applicationPath(ns, 'a'))).toBeUndefined()
    } finally {
      wakeUp()
    }
    for (const name of ['b', 'c', 'd']) await soon(() => secretData(second, ns, name), 40_000).toEqual(v1)
    for (const name of ['b', 'c', 'd']) await soon(() => phaseOf(hub, ns, name), 40_000).toBe('running')
    await soon(() => secretData(second, ns, 'a'), 40_000).toBeUndefined()
  }, 90_000)

  test.each([
    {
      name: 'no cluster of that region',
      topology: { clusterLabelSelector: { region: 'atlantis' } },
      message: 'function call error for deploy: failed to find any cluster matches given labels',
    },
    {
      name: 'a cluster that nobody registered',
      topology: { clusters: ['atlantis-1'] },
      message:
        'function call error for deploy: failed to get cluster atlantis-1: virtualclusters.cluster.core.oam.dev "atlantis-1" not found',
    },
  ])('$name is said in the status', async ({ topology, message }) => {
    const { hub } = stage
    const ns = `nowhere-${Object.keys(topology)[0]?.toLowerCase()}`
    await openNamespace(ns, hub)
    await shipSecret(hub, ns, 'a', v1, topology)
    await soon(() => conditionMessage(hub, ns, 'a', 'Workflow')).toBe(message)
  })
})
