import { describe, expect, test } from 'vitest'
import { storeType } from '../../../apiservice/registry/definition.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'
import { qualified } from '../../../src/machinery/resource.ts'
import { context, definitionFor } from './builtin.ts'

const definitions = builtinDefinitions()
const named = (...[property]: readonly [(definition: (typeof definitions)[number]) => boolean]) =>
  definitions.filter(property).map((definition) => qualified(definition))

test('all 68 resources of Kubernetes 1.36 are there, each once', () => {
  const keys = definitions.map(({ group, version, resource }) => `${group}/${version}/${resource}`)
  expect(keys).toHaveLength(68)
  expect(new Set(keys).size).toBe(68)
})

test('every definition has the schema of its kind', () => {
  for (const { schema, kind } of definitions) expect(schema.name?.endsWith(`.${kind}`)).toBe(true)
})

test('definitions are ready before anybody waits for them', () => {
  // The quickest of a few: what it costs, whatever else the machine does.
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now()
    builtinDefinitions()
    return performance.now() - started
  })
  expect(Math.min(...times)).toBeLessThan(15)
})

test('every column is described', () => {
  for (const { columns } of definitions) for (const { description } of columns) expect(description).not.toBe('')
})

test('PUT creates absent objects of a few kinds', () => {
  expect(named(({ createOnUpdate }) => createOnUpdate)).toEqual([
    'endpoints',
    'events',
    'limitranges',
    'services',
    'events.events.k8s.io',
    'clusterrolebindings.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'rolebindings.rbac.authorization.k8s.io',
    'roles.rbac.authorization.k8s.io',
    'leases.coordination.k8s.io',
    'runtimeclasses.node.k8s.io',
  ])
})

test('a few kinds leave their dependents behind unless told otherwise', () => {
  expect(named(({ defaultPropagation }) => defaultPropagation === 'Orphan')).toEqual([
    'replicationcontrollers',
    'jobs.batch',
  ])
})

test('what can be scaled knows where its replicas are', () => {
  const scaled = definitions.flatMap(({ resource, subresources }) =>
    subresources.filter(({ name }) => name === 'scale').map(({ scale }) => [resource, scale?.specReplicas.join('.')]),
  )
  expect(scaled).toEqual([
    ['replicationcontrollers', 'spec.replicas'],
    ['deployments', 'spec.replicas'],
    ['replicasets', 'spec.replicas'],
    ['statefulsets', 'spec.replicas'],
  ])
})

test('both forms of a kind are stored in one place', () => {
  const autoscalers = ['autoscaling/v1', 'autoscaling/v2'].map((v) => definitionFor(v, 'HorizontalPodAutoscaler'))
  expect(autoscalers.map(storeType)).toEqual(Array(2).fill('autoscaling/horizontalpodautoscalers'))
  const events = ['v1', 'events.k8s.io/v1'].map((v) => definitionFor(v, 'Event'))
  expect(events.map(storeType)).toEqual(Array(2).fill('/events'))
})

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { nodeName: 'n', hostNetwork: true, serviceAccountName: 's' },
  status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] },
}

test.each([
  { kind: 'Pod', object: pod, label: 'spec.host', value: 'n' },
  { kind: 'Pod', object: pod, label: 'spec.hostNetwork', value: 'true' },
  { kind: 'Pod', object: pod, label: 'status.phase', value: 'Running' },
  { kind: 'Pod', object: pod, label: 'status.podIP', value: '10.0.0.1' },
  { kind: 'Pod', object: pod, label: 'status.podIPs', value: '' },
  { kind: 'Pod', object: pod, label: 'status.nominatedNodeName', value: '' },
  { kind: 'Node', object: { ...pod, spec: {} }, label: 'spec.unschedulable', value: 'false' },
  { kind: 'ReplicationController', object: pod, label: 'status.replicas', value: '0' },
  { kind: 'Secret', object: { ...pod, type: 'Opaque' }, label: 'type', value: 'Opaque' },
  { kind: 'Event', object: { ...pod, source: { component: 'kubelet' } }, label: 'source', value: 'kubelet' },
  { kind: 'Event', object: { ...pod, reportingComponent: 'c' }, label: 'source', value: 'c' },
])('$label of a $kind is $value', ({ kind, object, label, value }) => {
  expect(definitionFor('v1', kind).selectableFields[label]?.(object)).toBe(value)
})

test('a label that cannot be selected by is refused in the words of the kind', () => {
  expect(definitionFor('v1', 'Pod').fieldLabelRefusal).toBe('field label not supported: LABEL')
  expect(definitionFor('batch/v1', 'Job').fieldLabelRefusal).toBe('field label "LABEL" not supported for Job')
  expect(definitionFor('v1', 'Namespace').selectsNamespace).toBe(false)
})

describe('a namespace', () => {
  const { strategy } = definitionFor('v1', 'Namespace')
  const namespace: KubeObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }

  test('that is always there cannot be deleted', () => {
    const initial = { ...namespace, metadata: { name: 'kube-system' } }
    expect(strategy.refusesDeletion?.(initial)).toBe('this namespace may not be deleted')
    expect(strategy.refusesDeletion?.(namespace)).toBeUndefined()
  })

  test('is held by its finalizers until finalize takes them', () => {
    expect(strategy.holdsDeletion?.(namespace)).toBe(true)
    expect(strategy.prepareForDelete?.(namespace)['status']).toEqual({ phase: 'Terminating' })
    const emptied = { ...namespace, spec: { finalizers: [] } }
    expect(strategy.prepareForUpdate?.(emptied, namespace, context)['spec']).toEqual(namespace['spec'])
    const finalized = strategy.prepareForUpdate?.(emptied, namespace, { ...context, subresource: 'finalize' })
    expect(finalized?.['spec']).toEqual({ finalizers: [] })
  })
})

test.each([
  { what: 'on no node', object: { ...pod, spec: {} }, asked: undefined, seconds: 0 },
  {
    what: 'on a node',
    object: { ...pod, spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 } },
    asked: undefined,
    seconds: 30,
  },
  { what: 'asked to go at once', object: pod, asked: 0, seconds: 0 },
  { what: 'asked for a negative time', object: pod, asked: -5, seconds: 1 },
  { what: 'that has ended', object: { ...pod, status: { phase: 'Failed' } }, asked: 10, seconds: 0 },
])('a pod $what has $seconds seconds to go', ({ object, asked, seconds }) => {
  expect(definitionFor('v1', 'Pod').strategy.gracePeriodSeconds?.(object, asked)).toBe(seconds)
})

test('a Service keeps the addresses and ports that it was given', () => {
  const service = (spec: Record<string, unknown>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec,
  })
  const given = { clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }
  const port = { port: 80, protocol: 'TCP', targetPort: 80 }
  const old = service({ type: 'NodePort', ...given, ports: [{ ...port, nodePort: 30080 }] })
  const next = service({ type: 'NodePort', ports: [port] })
  const { strategy } = definitionFor('v1', 'Service')
  expect(strategy.prepareForUpdate?.(next, old, context)['spec']).toEqual(old['spec'])
})
