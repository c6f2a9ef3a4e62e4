import { expect, test } from 'vitest'
import { refObjects } from '../../../src/engine/components/ref-objects.ts'

const context = { name: 'web', namespace: 'examples', scope: 'global' } as const

test.each([
  {
    name: 'only a resource means the object with the name of the component, in the namespace of the application, on the hub',
    item: { resource: 'secret' },
    reference: { cluster: 'local', group: '', resource: 'secret', namespace: 'examples', by: { name: 'web' } },
  },
  {
    name: 'every field is taken',
    item: { resource: 'ingress', group: 'networking', name: 'x', namespace: 'other', cluster: 'c1' },
    reference: { cluster: 'c1', group: 'networking', resource: 'ingress', namespace: 'other', by: { name: 'x' } },
  },
  {
    name: 'an empty label selector selects everything',
    item: { resource: 'secret', labelSelector: {} },
    reference: { cluster: 'local', by: { labels: {} } },
  },
])('$name', ({ item, reference }) => {
  expect(refObjects.parse({ objects: [item] }, context)).toMatchObject({ references: [reference] })
})

const prefix = 'invalid properties for ref-objects in component web: '
const outside = 'cannot refer to objects outside control plane'
const elsewhere = "cannot refer to objects outside the application's namespace"

test.each([
  { item: { resource: 'secret', nmae: 'x' }, error: `${prefix}json: unknown field "objects[0].nmae"` },
  {
    item: { resource: 'secret', labelSelector: { a: true } },
    error: `${prefix}json: cannot unmarshal boolean into field objects[0].labelSelector.a of type string`,
  },
  {
    item: { resource: 'secret', name: 'x', labelSelector: {} },
    error: 'invalid object selector for ref-objects, name and labelSelector cannot be both set',
  },
  {
    item: { name: 'x' },
    error: 'resource is not set and legacy object type identifier is disabled for referring objects',
  },
  {
    item: { resource: 'secret', selector: { a: 'b' } },
    error: 'selector is deprecated for referring objects, use labelSelector',
  },
  { item: { resource: 'secret', namespace: 'other' }, scope: 'namespace', error: elsewhere },
  { item: { resource: 'secret', namespace: 'other', cluster: 'c1' }, scope: 'namespace', error: elsewhere },
  { item: { resource: 'secret', cluster: 'c1' }, scope: 'namespace', error: outside },
  { item: { resource: 'secret', cluster: 'c1' }, scope: 'cluster', error: outside },
] as const)('$item is refused: $error', ({ item, error, ...more }) => {
  const scope = 'scope' in more ? more.scope : 'global'
  expect(() => refObjects.parse({ objects: [item] }, { ...context, scope })).toThrow(error)
})

test.each([
  { item: { resource: 'secret', namespace: 'examples' }, scope: 'namespace' },
  { item: { resource: 'secret', cluster: 'local' }, scope: 'namespace' },
  { item: { resource: 'secret', namespace: 'other' }, scope: 'cluster' },
] as const)('$item is within the scope $scope', ({ item, scope }) => {
  expect(refObjects.parse({ objects: [item] }, { ...context, scope })).toMatchObject({ references: [{}] })
})

test('urls are not fetched', () => {
  expect(() => refObjects.parse({ urls: ['https://example.com/a.yaml'] }, context)).toThrow(
    'referring objects from url is disabled',
  )
})
