import { expect, test } from 'vitest'
import { cleanSource, refusalToCopy } from '../../src/engine/clean.ts'
import type { KubeObject } from '../../src/machinery/object.ts'

const object = (apiVersion: string, kind: string, fields: object, metadata: object = {}): KubeObject => ({
  apiVersion,
  kind,
  ...fields,
  metadata: { name: 'x', namespace: 'n', ...metadata },
})

test('identity, history, status and marks of an engine are left behind, everything else is kept', () => {
  const source = object(
    'v1',
    'ConfigMap',
    { data: { k: 'v' }, status: {} },
    {
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
      finalizers: ['a/b'],
      ownerReferences: [],
      managedFields: [],
      selfLink: '/x',
      generateName: 'x-',
      labels: { mine: '1', 'app.oam.dev/name': 'app', 'trait.oam.dev/type': 't' },
      annotations: { mine: '1', 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'oam.dev/x': 'y' },
    },
  )
  const before = structuredClone(source)
  expect(cleanSource(source)).toEqual(
    object('v1', 'ConfigMap', { data: { k: 'v' } }, { labels: { mine: '1' }, annotations: { mine: '1' } }),
  )
  expect(source).toEqual(before)
  expect(cleanSource(source)).toBe(cleanSource(source))
})

test('labels of an engine in a pod template stay, selectors depend on them', () => {
  const spec = { template: { metadata: { labels: { 'app.oam.dev/component': 'c' } } } }
  expect(cleanSource(object('apps/v1', 'Deployment', { spec }))['spec']).toEqual(spec)
})

test.each([
  {
    name: 'Service',
    source: object('v1', 'Service', {
      spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 80, nodePort: 30_000 }] },
    }),
    result: { spec: { ports: [{ port: 80 }] } },
  },
  {
    name: 'headless Service',
    source: object('v1', 'Service', { spec: { clusterIP: 'None', clusterIPs: ['None'] } }),
    result: { spec: { clusterIP: 'None', clusterIPs: ['None'] } },
  },
  {
    name: 'Service of type NodePort',
    source: object('v1', 'Service', {
      spec: { type: 'NodePort', healthCheckNodePort: 1, ports: [{ nodePort: 30_000 }] },
    }),
    result: { spec: { type: 'NodePort', ports: [{ nodePort: 30_000 }] } },
  },
  {
    name: 'Deployment',
    source: object(
      'apps/v1',
      'Deployment',
      { spec: { template: { metadata: { creationTimestamp: null } } } },
      { annotations: { 'deployment.kubernetes.io/revision': '3' } },
    ),
    result: { spec: { template: { metadata: {} } } },
  },
  {
    name: 'Job',
    source: object(
      'batch/v1',
      'Job',
      { spec: { selector: {}, template: { metadata: { labels: { 'job-name': 'x', mine: '1' } } } } },
      { labels: { 'controller-uid': 'u' }, annotations: { 'batch.kubernetes.io/job-tracking': '' } },
    ),
    result: { spec: { template: { metadata: { labels: { mine: '1' } } } } },
  },
  {
    name: 'Job with a selector of its own',
    source: object('batch/v1', 'Job', { spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } } } }),
    result: { spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } } } },
  },
  {
    name: 'PersistentVolumeClaim',
    source: object(
      'v1',
      'PersistentVolumeClaim',
      { spec: { volumeName: 'pv', storageClassName: 's' } },
      { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    ),
    result: { spec: { storageClassName: 's' } },
  },
  {
    name: 'ServiceAccount',
    source: object('v1', 'ServiceAccount', {
      secrets: [{ name: 'x-token-abc' }],
      imagePullSecrets: [{ name: 'x-dockercfg-abc' }, { name: 'mine' }],
    }),
    result: { imagePullSecrets: [{ name: 'mine' }] },
  },
  {
    name: 'Pod',
    source: object('v1', 'Pod', {
      spec: {
        nodeName: 'node',
        volumes: [{ name: 'kube-api-access-x' }, { name: 'mine' }],
        containers: [{ name: 'c', volumeMounts: [{ name: 'kube-api-access-x' }] }],
        tolerations: [{ key: 'node.kubernetes.io/not-ready', tolerationSeconds: 300 }],
      },
    }),
    result: { spec: { volumes: [{ name: 'mine' }], containers: [{ name: 'c' }] } },
  },
])('a $name loses what its cluster filled in', ({ source, result }) => {
  expect(cleanSource(source)).toEqual(object(source.apiVersion, source.kind, result))
})

test.each([
  { source: object('v1', 'Secret', { type: 'kubernetes.io/service-account-token' }), refused: true },
  { source: object('v1', 'Secret', { type: 'Opaque' }), refused: false },
  { source: object('v1', 'Endpoints', {}), refused: true },
  { source: object('coordination.k8s.io/v1', 'Lease', {}), refused: true },
  { source: object('v1', 'Pod', {}), refused: false },
  {
    source: object('v1', 'Pod', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }] }),
    refused: true,
  },
])('copying a $source.kind is refused: $refused', ({ source, refused }) => {
  expect(refusalToCopy(source) !== undefined).toBe(refused)
})
