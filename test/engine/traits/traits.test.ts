import { expect, test } from 'vitest'
import { traits } from '../../../src/engine/traits/index.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'

const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { a: '1', b: '2' } },
  spec: { replicas: 1, template: { metadata: { labels: { a: '1' } }, spec: { containers: [{ name: 'web' }] } } },
}
const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: 'dg==' } }
const cronJob: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'c' },
  spec: { jobTemplate: { spec: { template: { spec: {} } } } },
}

function decorate(type: string, properties: unknown, object: KubeObject): KubeObject {
  const trait = traits.get(type)
  if (!trait) throw new Error(`no trait ${type}`)
  return trait.decorate(object, trait.parse(properties))
}

test.each([
  { type: 'scaler', properties: undefined, object: deployment, result: { spec: { replicas: 1 } } },
  { type: 'scaler', properties: { replicas: 3 }, object: deployment, result: { spec: { replicas: 3, template: {} } } },
  {
    type: 'labels',
    properties: { a: null, c: '3' },
    object: deployment,
    result: {
      metadata: { name: 'web', labels: { b: '2', c: '3' } },
      spec: { template: { metadata: { labels: { c: '3' } } } },
    },
  },
  { type: 'labels', properties: { c: '3' }, object: secret, result: { metadata: { labels: { c: '3' } } } },
  {
    type: 'annotations',
    properties: { x: 'y' },
    object: cronJob,
    result: {
      metadata: { annotations: { x: 'y' } },
      spec: {
        jobTemplate: {
          metadata: { annotations: { x: 'y' } },
          spec: { template: { metadata: { annotations: { x: 'y' } } } },
        },
      },
    },
  },
  {
    type: 'json-patch',
    properties: { operations: [{ op: 'add', path: '/spec/template/spec/hostNetwork', value: true }] },
    object: deployment,
    result: { spec: { template: { spec: { hostNetwork: true, containers: [{ name: 'web' }] } } } },
  },
  {
    type: 'json-merge-patch',
    properties: { spec: { replicas: null, paused: true } },
    object: deployment,
    result: { spec: { paused: true } },
  },
])('$type with $properties changes a $object.kind', ({ type, properties, object, result }) => {
  const before = structuredClone(object)
  expect(decorate(type, properties, object)).toMatchObject(result)
  expect(object).toEqual(before)
})

test('a removed label is gone', () => {
  expect(decorate('labels', { a: null }, deployment).metadata.labels).toEqual({ b: '2' })
})

test.each([
  { type: 'scaler', properties: { replicas: 2 }, object: secret, error: 'trait scaler cannot be applied to Secret' },
  {
    type: 'scaler',
    properties: { replicas: -1 },
    object: deployment,
    error: 'replicas must be a non-negative integer',
  },
  { type: 'scaler', properties: { count: 1 }, object: deployment, error: 'unknown field "count"' },
  {
    type: 'labels',
    properties: { a: 1 },
    object: secret,
    error: 'cannot unmarshal number into field a of type string',
  },
  {
    type: 'json-patch',
    properties: { operations: [{ op: 'test', path: '/data/k', value: 'eA==' }] },
    object: secret,
    error: 'operation 0 (test /data/k) does not apply',
  },
  {
    type: 'json-patch',
    properties: {
      operations: [
        { op: 'add', path: '/spec/paused', value: true },
        { op: 'replace', path: '/spec/none/x', value: 1 },
      ],
    },
    object: deployment,
    error: 'operation 1 (replace /spec/none/x) does not apply',
  },
  { type: 'json-merge-patch', properties: [], object: secret, error: 'properties must be an object' },
])('$type with $properties is refused on a $object.kind: $error', ({ type, properties, object, error }) => {
  expect(() => decorate(type, properties, object)).toThrow(error)
})
