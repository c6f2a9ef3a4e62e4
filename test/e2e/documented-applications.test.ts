import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoNamespace, hubSources, memberSources } from '../../src/cli/demo/sources.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { type Endpoint, noControlPlane, startControlPlane } from '../fixtures/control-plane.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { create, merge, read, register } from '../fixtures/members.ts'
import { send } from '../fixtures/send.ts'
import { Kubectl, noKubectl } from '../kubectl/kubectl.ts'
import {
  allOrNone,
  applicationPath,
  deploymentPath,
  disposeAll,
  list,
  openNamespace,
  phaseOf,
  regions,
  secretPath,
  servicePath,
  shipmentsIn,
  soon,
  type Wire,
} from './stage.ts'

const applications = join(import.meta.dirname, '../../src/cli/demo')
const documented = join(import.meta.dirname, '../../../shared/seed')
const files = (await readdir(applications)).filter((name) => name.endsWith('.yaml')).sort()
const ns = demoNamespace
const multiple = 'nginx-ref-multiple-resources'
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

test.skipIf(!existsSync(documented)).each(files)(
  '%s is the Application of the documentation, byte for byte',
  async (name) => {
    expect(await readFile(join(applications, name))).toEqual(await readFile(join(documented, name)))
  },
)

interface Cast {
  readonly hub: TestHub
  readonly first: Endpoint
  readonly second: Endpoint
  readonly third: TestHub
  /** Stands in for the kubelets of a member that has none: all replicas of a Deployment are there. */
  ready(member: Endpoint, name: string): Promise<void>
  dispose(): Promise<void>
}

const simulated = { flags: ['--simulate-workloads'] }

async function withRealMembers(): Promise<Cast> {
  const parts = await allOrNone([startTestHub(), startControlPlane(), startControlPlane(), startTestHub(simulated)])
  const [hub, first, second, third] = parts
  const ready = async (member: Endpoint, name: string): Promise<void> => {
    const path = deploymentPath(ns, name)
    const found = await read(member, path)
    const replicas = fieldAt(found, 'spec', 'replicas')
    const status = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas }
    const observedGeneration = fieldAt(found, 'metadata', 'generation')
    await merge(member, `${path}/status`, { status: { observedGeneration, ...status } })
  }
  return { hub, first, second, third, ready, dispose: () => disposeAll(parts) }
}

async function withMemberHubs(): Promise<Cast> {
  const starting = [undefined, simulated, simulated, simulated].map((options) => startTestHub(options))
  const parts = await allOrNone(starting)
  const [hub, first, second, third] = parts
  if (!hub || !first || !second || !third) throw new Error('four hubs were started')
  return { hub, first, second, third, ready: async () => undefined, dispose: () => disposeAll(parts) }
}

const stages = [
  { members: 'two real kube-apiservers', reason: noControlPlane, open: withRealMembers },
  { members: 'member hubs', reason: undefined, open: withMemberHubs },
]

describe.each(stages)('the documented Applications on $members', ({ reason, open }) => {
  describe.skipIf(reason !== undefined)(reason ?? 'arrive as the documentation says', () => {
    let cast: Cast

    beforeAll(async () => {
      cast = await open()
      const { hub, first, second, third } = cast
      for (const [name, member] of Object.entries({ 'hangzhou-1': first, 'hangzhou-2': second, 'beijing-1': third })) {
        await register(hub, name, member, regions[name as keyof typeof regions])
        for (const source of memberSources(name)) await put(member, source)
      }
      for (const source of hubSources) await put(hub, asInUse(source))
      for (const name of files) {
        const text = await readFile(join(applications, name), 'utf8')
        const headers = { 'content-type': 'application/yaml' }
        const answer = await send(hub, { method: 'POST', path: applicationPath(ns), body: text, headers })
        expect(answer.code, answer.text).toBe(201)
      }
    })

    afterAll(() => cast?.dispose())

    test('the Secret reaches every cluster of its region as it is, with the labels of its Application', async () => {
      const { hub, first, second } = cast
      await soon(() => phaseOf(hub, ns, 'ref-objects-example')).toBe('running')
      const source = await read(hub, secretPath(ns, 'image-credential-to-copy'))
      for (const [cluster, member] of [
        ['hangzhou-1', first],
        ['hangzhou-2', second],
      ] as const) {
        const copy = await read(member, secretPath(ns, 'image-credential-to-copy'))
        expect(withoutServerFields(copy)).toEqual({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: {
            name: 'image-credential-to-copy',
            namespace: ns,
            labels: ownLabels('ref-objects-example', 'image-pull-secrets', cluster),
          },
          type: 'kubernetes.io/dockerconfigjson',
          data: source?.['data'],
        })
      }
    })

    test('its status has one healthy service for each cluster and says that all is done', async () => {
      const { hub } = cast
      await soon(() => phaseOf(hub, ns, 'ref-objects-example')).toBe('running')
      const { status } = (await read(hub, applicationPath(ns, 'ref-objects-example'))) ?? {}
      const service = (cluster: string) => ({
        name: 'image-pull-secrets',
        namespace: ns,
        cluster,
        workloadDefinition: { apiVersion: '', kind: '' },
        healthy: true,
        workloadHealthy: true,
      })
      expect(fieldAt(status, 'services')).toEqual([service('hangzhou-1'), service('hangzhou-2')])
      expect(fieldAt(status, 'observedGeneration')).toBe(1)
      expect(fieldAt(status, 'conditions')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'Parsed', status: 'True', reason: 'Available' }),
          expect.objectContaining({ type: 'Workflow', status: 'True', reason: 'Available' }),
          expect.objectContaining({ type: 'Ready', status: 'True', reason: 'ReconcileSuccess' }),
        ]),
      )
    })

    test('labelled Deployments of one cluster are duplicated in another, and keep their own labels', async () => {
      const { hub, first, second, ready } = cast
      const application = 'ref-objects-duplicate-deployments'
      const copies = () => list(second, `${deploymentPath(ns)}?labelSelector=need-duplicate%3Dtrue`)
      await soon(async () => (await copies()).map(nameOf).sort()).toEqual(['search', 'storefront'])
      // By name, the first is the workload and the other stands beside it.
      for (const [place, name] of ['search', 'storefront'].entries()) {
        const copy = await read(second, deploymentPath(ns, name))
        const source = await read(first, deploymentPath(ns, name))
        expect(withoutServerFields(copy)).toEqual({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: {
            name,
            namespace: ns,
            labels: {
              'need-duplicate': 'true',
              ...ownLabels(application, 'duplicate-deployment', 'hangzhou-2', place),
            },
          },
          spec: source?.['spec'],
        })
        await ready(second, name)
      }
      await soon(() => phaseOf(hub, ns, application)).toBe('running')
      const status = fieldAt(await read(hub, applicationPath(ns, application)), 'status')
      expect(fieldAt(status, 'services')).toEqual([
        expect.objectContaining({
          name: 'duplicate-deployment',
          cluster: 'hangzhou-2',
          healthy: true,
          message: 'Ready:1/1',
        }),
      ])
    })

    test('a Deployment is scaled on its copies alone, and its Service gets an address of each cluster', async () => {
      const { hub, first, second, ready } = cast
      const application = 'ref-objects-multiple-resources'
      const deployment = await read(hub, deploymentPath(ns, multiple))
      const service = await read(hub, servicePath(ns, multiple))
      expect(fieldAt(deployment, 'spec', 'replicas')).toBe(1)
      for (const [cluster, member] of [
        ['hangzhou-1', first],
        ['hangzhou-2', second],
      ] as const) {
        await soon(() => read(member, servicePath(ns, multiple))).toBeDefined()
        await soon(() => read(member, deploymentPath(ns, multiple))).toBeDefined()
        const metadata = { name: multiple, namespace: ns }
        const copy = await read(member, deploymentPath(ns, multiple))
        expect(withoutServerFields(copy)).toEqual({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { ...metadata, labels: ownLabels(application, multiple, cluster) },
          spec: { ...fields(deployment?.['spec']), replicas: 3 },
        })
        const address = await read(member, servicePath(ns, multiple))
        const { clusterIP, clusterIPs, ...spec } = fields(address?.['spec'])
        const { clusterIP: atHome, clusterIPs: _allAtHome, ...wanted } = fields(service?.['spec'])
        expect(withoutServerFields(address)).toEqual({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { ...metadata, labels: ownLabels(application, multiple, cluster, 1) },
          spec: address?.['spec'],
        })
        expect(spec).toEqual(wanted)
        expect(clusterIP).not.toBe(atHome)
        expect(clusterIPs).toEqual(clusterIP === undefined ? undefined : [clusterIP])
        await ready(member, multiple)
      }
      await soon(() => phaseOf(hub, ns, application)).toBe('running')
      const status = fieldAt(await read(hub, applicationPath(ns, application)), 'status')
      expect(fieldAt(status, 'services')).toEqual(
        ['hangzhou-1', 'hangzhou-2'].map((cluster) =>
          expect.objectContaining({
            name: multiple,
            cluster,
            healthy: true,
            message: 'Ready:3/3',
            traits: [{ type: 'scaler', healthy: true }],
          }),
        ),
      )
      expect(fieldAt(await read(hub, deploymentPath(ns, multiple)), 'spec', 'replicas')).toBe(1)
    })

    test('nothing reaches the cluster of another region', async () => {
      const { third } = cast
      expect(await list(third, secretPath(ns))).toEqual([])
      expect(await list(third, deploymentPath(ns))).toEqual([])
      expect(await list(third, servicePath(ns))).toEqual([])
    })

    test('there is one row for each object and cluster, and no other', async () => {
      await soon(() => shipmentsIn(cast.hub, ns)).toEqual(
        [
          'Secret image-credential-to-copy → hangzhou-1: Healthy',
          'Secret image-credential-to-copy → hangzhou-2: Healthy',
          'Deployment search → hangzhou-2: Healthy',
          'Deployment storefront → hangzhou-2: Healthy',
          `Deployment ${multiple} → hangzhou-1: Healthy`,
          `Deployment ${multiple} → hangzhou-2: Healthy`,
          `Service ${multiple} → hangzhou-1: Healthy`,
          `Service ${multiple} → hangzhou-2: Healthy`,
        ].sort(),
      )
    })

    test.skipIf(noKubectl !== undefined)('kubectl shows what is where', async () => {
      const kubectl = await Kubectl.for(cast.hub.kubeconfig)
      const lines = (await kubectl.ok(['get', 'shipments', '-A'])).trimEnd().split('\n')
      const cells = lines.map((line) => line.trim().split(/\s{2,}/))
      expect(cells[0]).toEqual(['NAMESPACE', 'APPLICATION', 'OBJECT', 'CLUSTER', 'STATE', 'AGE'])
      expect(cells.slice(1).map((row) => row.slice(0, 5))).toContainEqual([
        ns,
        'ref-objects-example',
        `Secret ${ns}/image-credential-to-copy`,
        'hangzhou-1',
        'Healthy',
      ])
      expect(cells).toHaveLength(9)
    })
  })
})

/** Creates an object in its namespace, or a namespace that may be there already. */
async function put(place: Endpoint, object: KubeObject): Promise<void> {
  const { kind, metadata } = object
  if (kind === 'Namespace') return openNamespace(metadata.name ?? '', place)
  const paths: Readonly<Record<string, string>> = {
    Secret: secretPath(ns),
    Service: servicePath(ns),
    Deployment: deploymentPath(ns),
  }
  await create(place, paths[kind] ?? '', object)
}

/** A source as people have them: written by `kubectl apply`, and a Service with an address of its own cluster. */
function asInUse(object: KubeObject): KubeObject {
  const spec = object.kind === 'Service' ? { spec: { ...fields(object['spec']), clusterIP: '10.96.7.7' } } : {}
  return { ...object, ...spec, metadata: { ...object.metadata, annotations: { [lastApplied]: '{"secret":"here"}' } } }
}

/** The labels that a copy has besides those of its source. */
function ownLabels(application: string, component: string, cluster: string, place = 0): Wire {
  return {
    'app.oam.dev/name': application,
    'app.oam.dev/namespace': ns,
    'app.oam.dev/component': component,
    'app.oam.dev/cluster': cluster,
    ...(place === 0
      ? { 'app.oam.dev/resourceType': 'WORKLOAD', 'workload.oam.dev/type': 'ref-objects' }
      : {
          'app.oam.dev/resourceType': 'TRAIT',
          'trait.oam.dev/type': 'AuxiliaryWorkload',
          'trait.oam.dev/resource': `objects-${place}`,
        }),
  }
}

/** An object without what its server alone decides. */
function withoutServerFields(object: Wire | undefined): Wire {
  const { status: _status, metadata, ...rest } = object ?? {}
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...more } = fields(metadata)
  const { generation: _generation, managedFields: _owners, ...kept } = more
  return { ...rest, metadata: kept }
}

function fields(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

function nameOf(object: Wire): unknown {
  return fieldAt(object, 'metadata', 'name')
}
