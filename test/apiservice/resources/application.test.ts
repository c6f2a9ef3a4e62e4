import { expect, test } from 'vitest'
import type { StrategyContext } from '../../../apiservice/registry/definition.ts'
import { applications } from '../../../apiservice/resources/application.ts'
import { printFieldErrors } from '../../../src/machinery/field-error.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'
import { context } from './builtin.ts'

const as = (name: string): StrategyContext => ({ ...context, user: { ...context.user, name, groups: ['team', 'a,b'] } })
const author = (object: KubeObject | undefined) => object?.metadata.annotations?.['app.oam.dev/username']
const app = (fields: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'app', namespace: 'n', ...metadata },
  spec: { components: [{ name: 'c', type: 'ref-objects' }] },
  ...fields,
})
const { prepareForCreate, prepareForUpdate, validate } = applications.strategy

test('the author is stamped on creation, and a group that cannot be written down is left out', () => {
  expect(prepareForCreate?.(app(), as('alice'))?.metadata.annotations).toEqual({
    'app.oam.dev/username': 'alice',
    'app.oam.dev/group': 'team',
  })
})

test.each([
  { name: 'the spec', change: { spec: { components: [] } }, expected: 'bob' },
  { name: 'a label', change: { metadata: { labels: { a: 'b' } } }, expected: 'bob' },
  { name: 'a finalizer', change: { metadata: { finalizers: ['a/b'] } }, expected: 'alice' },
  { name: 'the status', change: { status: { status: 'running' } }, expected: 'alice' },
])('after a change of $name the author is $expected', ({ change, expected }) => {
  const old = prepareForCreate?.(app(), as('alice')) ?? app()
  const next = { ...old, ...change, metadata: { ...old.metadata, ...('metadata' in change ? change.metadata : {}) } }
  expect(author(prepareForUpdate?.(next, old, as('bob')))).toBe(expected)
  // A client that never read the stamp does not take it away.
  const { annotations: _annotations, ...bare } = next.metadata
  expect(author(prepareForUpdate?.({ ...next, metadata: bare }, old, as('bob')))).toBe(expected)
})

test('nobody can claim that somebody else wrote an Application', () => {
  const forged = app({}, { annotations: { 'app.oam.dev/username': 'admin' } })
  const refusal = /metadata.annotations\[app.oam.dev\/username\]: Forbidden: the author is written by the server/
  expect(() => prepareForCreate?.(forged, as('mallory'))).toThrow(refusal)
  const old = prepareForCreate?.(app(), as('alice')) ?? app()
  expect(() => prepareForUpdate?.(forged, old, as('mallory'))).toThrow(refusal)
})

const long = 'a'.repeat(64)
test.each([
  { object: app(), errors: '[]' },
  { object: app({ spec: {} }), errors: 'spec.components: Required value' },
  { object: app({}, { name: long }), errors: 'metadata.name: Too long: may not be more than 63 bytes' },
  { object: app({ spec: { components: [{ name: 'c' }] } }), errors: 'spec.components[0].type: Required value' },
  {
    object: app({ spec: { components: ['c', 'c'].map((name) => ({ name, type: 't' })) } }),
    errors: 'spec.components[1].name: Duplicate value: "c"',
  },
  {
    object: app({ spec: { components: [{ name: 'c', type: 't', traits: [{}] }] } }),
    errors: 'spec.components[0].traits[0].type: Required value',
  },
  {
    object: app({
      spec: {
        components: [],
        policies: [
          { name: 'p', type: 't' },
          { name: 'p', type: 't' },
        ],
      },
    }),
    errors: 'spec.policies[1].name: Duplicate value: "p"',
  },
  {
    object: app({ spec: { components: [], workflow: { ref: 'w', steps: [{ type: 'deploy' }] } } }),
    errors: 'spec.workflow.steps: Forbidden: may not be set together with spec.workflow.ref',
  },
])('validation says: $errors', ({ object, errors }) => {
  expect(printFieldErrors(validate?.(object, context) ?? [])).toBe(errors)
})

test('the table shows the worst service, so that one bad cluster does not hide behind a good one', () => {
  const services = [
    { healthy: true, message: 'Ready:1/1' },
    { healthy: false, message: 'cluster c2 is unreachable' },
  ]
  const object = app({ status: { status: 'unhealthy', services } })
  expect(applications.row(object, context.now).cells).toEqual([
    'app',
    'c',
    'ref-objects',
    'unhealthy',
    false,
    'cluster c2 is unreachable',
    '<unknown>',
  ])
})
