import { expect, test } from 'vitest'
import { place } from '../../../src/engine/place.ts'

const clusters = [
  { name: 'local', labels: { 'cluster.core.oam.dev/control-plane': 'true' } },
  { name: 'c1', labels: { region: 'x', 'cluster.core.oam.dev/control-plane': 'false' } },
  { name: 'c2', labels: { region: 'x', tier: 'prod', 'cluster.core.oam.dev/control-plane': 'false' } },
]
const topology = (properties: unknown, name = 'where') => ({ name, type: 'topology', properties })
const names = (...policies: ReturnType<typeof topology>[]) => place(policies, clusters).map(({ cluster }) => cluster)

test.each([
  { name: 'named clusters', properties: { clusters: ['c2', 'local'] }, expected: ['c2', 'local'] },
  { name: 'no named cluster', properties: { clusters: [] }, expected: [] },
  { name: 'labels', properties: { clusterLabelSelector: { region: 'x' } }, expected: ['c1', 'c2'] },
  { name: 'every label', properties: { clusterLabelSelector: { region: 'x', tier: 'prod' } }, expected: ['c2'] },
  { name: 'an empty selector', properties: { clusterLabelSelector: {} }, expected: ['local', 'c1', 'c2'] },
  { name: 'names before labels', properties: { clusters: ['c1'], clusterLabelSelector: {} }, expected: ['c1'] },
  { name: 'nothing', properties: { clusterLabelSelector: { region: 'y' }, allowEmpty: true }, expected: [] },
  { name: 'a namespace alone', properties: { namespace: 'n' }, expected: ['local'] },
])('a topology with $name chooses $expected', ({ properties, expected }) => {
  expect(names(topology(properties))).toEqual(expected)
})

test('several topologies are a union, and one cluster with two namespaces is two places', () => {
  const policies = [
    topology({ clusters: ['c2', 'c1'] }),
    topology({ clusterLabelSelector: { region: 'x' } }),
    topology({ clusters: ['c1'], namespace: 'n' }),
  ]
  expect(place(policies, clusters)).toEqual([
    { cluster: 'c2', namespace: undefined },
    { cluster: 'c1', namespace: undefined },
    { cluster: 'c1', namespace: 'n' },
  ])
})

test('without a policy the hub itself is the place', () => {
  expect(place([], clusters)).toEqual([{ cluster: 'local', namespace: undefined }])
})

test.each([
  { properties: undefined, error: 'topology policy where must not have empty properties' },
  { properties: { cluster: 'c1' }, error: 'failed to parse topology policy where: json: unknown field "cluster"' },
  { properties: { clusters: 'c1' }, error: 'failed to parse topology policy where: json: cannot unmarshal string' },
  {
    properties: { clusters: ['c1', 'c9'] },
    error: 'failed to get cluster c9: virtualclusters.cluster.core.oam.dev "c9" not found',
  },
  {
    properties: { clusterLabelSelector: { region: 'y' } },
    error: 'failed to find any cluster matches given labels',
  },
])('$properties is refused: $error', ({ properties, error }) => {
  expect(() => names(topology(properties))).toThrow(error)
})

test('a policy that nobody understands stops the placement', () => {
  expect(() => place([{ name: 'p', type: 'replication', properties: {} }], clusters)).toThrow(
    'policy p has type replication, which this engine does not know; it knows topology',
  )
})
