import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ApplyRequest, applyConfiguration } from '../../../src/machinery/apply/apply.ts'
import { FieldSet } from '../../../src/machinery/apply/field-set.ts'
import { manageUpdate } from '../../../src/machinery/apply/managed-fields.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { anySchema, type Schema } from '../../../src/machinery/schema/schema.ts'

const configMaps = schemaOfKind('', 'v1', 'ConfigMap') ?? anySchema
const deployments = schemaOfKind('apps', 'v1', 'Deployment') ?? anySchema
const noon = Date.UTC(2026, 0, 1, 12)
const minute = 60_000

const configMap = (data: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
})

const apply = (
  live: KubeObject | undefined,
  config: KubeObject,
  manager: string,
  more: Partial<ApplyRequest> = {},
): KubeObject => applyConfiguration({ live, config, schema: configMaps, manager, force: false, now: noon, ...more })

const owned = (object: KubeObject, manager: string) =>
  FieldSet.parse(object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1 ?? {})

test('two managers own what both apply, and each removes only what is its own', () => {
  const first = apply(undefined, configMap({ k: '1', mine: '1' }), 'a')
  const second = apply(first, configMap({ k: '1', theirs: '1' }), 'b')
  expect(second['data']).toEqual({ k: '1', mine: '1', theirs: '1' })
  expect(apply(second, configMap({}), 'a')['data']).toEqual({ k: '1', theirs: '1' })
})

test('another value conflicts with every owner of the field', () => {
  const live = apply(apply(undefined, configMap({ k: '1', l: '1' }), 'a'), configMap({ k: '1' }), 'b')
  const updated = manageUpdate({
    live,
    next: { ...live, data: { k: '1', l: '2' } },
    schema: configMaps,
    manager: 'c',
    now: noon,
  })
  const attempt = () => apply(updated, configMap({ k: '2', l: '3' }), 'd')
  expect(attempt).toThrow(
    expect.objectContaining({
      code: 409,
      reason: 'Conflict',
      message:
        'Apply failed with 3 conflicts: conflicts with "a":\n- .data.k\nconflicts with "b":\n- .data.k\nconflicts with "c" using v1:\n- .data.l',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.data.k' },
          { reason: 'FieldManagerConflict', message: 'conflict with "b"', field: '.data.k' },
          { reason: 'FieldManagerConflict', message: 'conflict with "c" using v1', field: '.data.l' },
        ],
      },
    }),
  )
  expect(() => apply(updated, configMap({ l: '3' }), 'd')).toThrow(
    'Apply failed with 1 conflict: conflict with "c" using v1: .data.l',
  )
  const forced = apply(updated, configMap({ k: '2', l: '3' }), 'd', { force: true })
  expect(forced['data']).toEqual({ k: '2', l: '3' })
  expect(forced.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['d'])
})

test('thousands of conflicts are counted, but not all listed', () => {
  const key = 'k'.repeat(10_000)
  const schema: Schema = {
    type: 'object',
    properties: new Map([
      ['data', anySchema],
      ['metadata', anySchema],
      ['apiVersion', anySchema],
      ['kind', anySchema],
    ]),
  }
  const wide = (value: number) =>
    configMap({ [key]: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`f${index}`, value])) })
  const live = apply(undefined, wide(1), 'a', { schema })
  const failure = capture(() => apply(live, wide(2), 'b', { schema }))
  expect(failure).toMatchObject({ code: 409 })
  expect(failure?.message.startsWith('Apply failed with 2000 conflicts: ')).toBe(true)
  expect(failure?.message.length).toBeLessThan(300_000)
})

test('what nobody manages belongs to before-first-apply', () => {
  const live = configMap({ k: '1', l: '1' }, { uid: 'u' })
  expect(() => apply(live, configMap({ k: '2' }), 'a')).toThrow('conflict with "before-first-apply" using v1: .data.k')
  const applied = apply(live, configMap({ k: '1' }), 'a')
  expect(applied.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['a', 'before-first-apply'])
})

test('kubectl takes over what kubectl apply wrote from the client, and keeps its annotation', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
  const text = '{"apiVersion":"v1","data":{"k":"1"},"kind":"ConfigMap","metadata":{"name":"a"}}\n'
  const next = configMap({ k: '1', l: '1' }, { uid: 'u', annotations: { [annotation]: text } })
  const live = manageUpdate({
    live: undefined,
    next,
    schema: configMaps,
    manager: 'kubectl-client-side-apply',
    now: noon,
  })
  expect(() => apply(live, configMap({ k: '2' }), 'helm')).toThrow('1 conflict')
  expect(() => apply(live, configMap({ k: '2', l: '2' }), 'kubectl')).toThrow(
    '1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.l',
  )
  const applied = apply(live, configMap({ k: '<' }), 'kubectl')
  expect(applied.metadata.annotations?.[annotation]).toBe(
    '{"apiVersion":"v1","data":{"k":"\\u003c"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
  )
})

const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__'), fc.constantFrom('1', '2'), {
  maxKeys: 4,
})

test('applying twice changes nothing the second time', () => {
  fc.assert(
    fc.property(data, data, fc.boolean(), (before, wanted, created) => {
      const live = created ? apply(undefined, configMap(before), 'other') : undefined
      const once = apply(live, configMap(wanted), 'me', { force: true })
      expect(apply(once, configMap(wanted), 'me', { now: noon + minute })).toBe(once)
    }),
  )
})

test('managers of different fields never conflict and keep what they set', () => {
  const mine = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.string())
  const theirs = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.string())
  fc.assert(
    fc.property(fc.array(fc.tuple(mine, theirs), { minLength: 1, maxLength: 5 }), (rounds) => {
      let live: KubeObject | undefined
      for (const [one, other] of rounds) {
        live = apply(live, configMap(one), 'me')
        live = apply(live, configMap(other), 'you')
        expect(live['data']).toEqual({ ...one, ...other })
      }
    }),
  )
})

test('an applier owns every field that it applies', () => {
  fc.assert(
    fc.property(data, data, (before, wanted) => {
      const live = apply(undefined, configMap(before), 'other')
      const applied = apply(live, configMap(wanted), 'me', { force: true })
      for (const field of Object.keys(wanted)) {
        expect(owned(applied, 'me').hasPath(['f:data', `f:${field}`])).toBe(true)
        expect(Object.getOwnPropertyDescriptor(applied['data'], field)?.value).toBe(
          Object.getOwnPropertyDescriptor(wanted, field)?.value,
        )
      }
    }),
  )
})

const deployment = (...containers: readonly object[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { template: { spec: { containers } } },
})
const containersOf = (object: KubeObject) =>
  JSON.parse(JSON.stringify(object))['spec']['template']['spec']['containers']

test('containers merge by name, in the order of the configuration, others beside their neighbours', () => {
  const schema = deployments
  const live = apply(undefined, deployment({ name: 'a' }, { name: 'b', image: 'i' }, { name: 'c' }), 'x', { schema })
  const applied = apply(live, deployment({ name: 'n' }, { name: 'c', image: 'j' }, { name: 'a' }), 'y', { schema })
  expect(containersOf(applied)).toEqual([
    { name: 'b', image: 'i' },
    { name: 'n' },
    { name: 'c', image: 'j' },
    { name: 'a' },
  ])
})

test('a port without a protocol is the TCP port', () => {
  const schema = deployments
  const port = (more: object) => deployment({ name: 'c', ports: [{ containerPort: 80, ...more }] })
  const live = apply(undefined, port({ protocol: 'TCP', name: 'http' }), 'x', { schema })
  const applied = apply(live, port({ hostPort: 1 }), 'y', { schema })
  expect(containersOf(applied)[0].ports).toEqual([{ containerPort: 80, protocol: 'TCP', name: 'http', hostPort: 1 }])
})

test('where nothing is known of a kind, maps merge and lists are replaced', () => {
  const schema = anySchema
  const live = apply(undefined, { ...configMap({ m: { a: 1 }, l: [1, 2] }) }, 'x', { schema })
  const applied = apply(live, configMap({ m: { b: 2 } }), 'y', { schema })
  expect(applied['data']).toEqual({ m: { a: 1, b: 2 }, l: [1, 2] })
  expect(() => apply(applied, configMap({ l: [1] }), 'y', { schema })).toThrow('1 conflict: conflict with "x": .data.l')
})

test('a map that is emptied goes with its last owner, and stays empty while somebody asks for it', () => {
  const schema = anySchema
  const live = apply(undefined, configMap({ m: { a: 1 } }), 'x', { schema })
  expect(apply(live, configMap({ m: {} }), 'x', { schema })['data']).toEqual({ m: {} })
  expect(apply(live, configMap({}), 'x', { schema })['data']).toEqual({})
})

test('what is reset is applied, but not owned', () => {
  const resetFields = FieldSet.ofFields(['data'])
  expect(
    apply(undefined, configMap({ k: '1' }, { labels: { x: '1' } }), 'a', { resetFields }).metadata.managedFields?.[0]
      ?.fieldsV1,
  ).toEqual({
    'f:metadata': { 'f:labels': { 'f:x': {} } },
  })
})

test('defaults are filled in a copy', () => {
  const config = configMap({ k: '1' })
  const applied = apply(undefined, config, 'a', {
    defaults: (draft) => {
      const filled = draft['data']
      if (typeof filled === 'object' && filled !== null) Reflect.set(filled, 'd', '2')
    },
  })
  expect(applied['data']).toEqual({ k: '1', d: '2' })
  expect(config['data']).toEqual({ k: '1' })
})

test.each([
  [{ ...configMap({}), kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
  [configMap({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
  [
    { ...configMap({}), foo: 1 },
    500,
    'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema',
  ],
  [
    configMap({ k: 1 }, { namespace: 'n' }),
    500,
    'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .data.k: expected string, got &value.valueUnstructured{Value:1}',
  ],
  [
    configMap({}, { finalizers: ['x', 'x'] }),
    500,
    'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="x"]',
  ],
])('a configuration that cannot be applied is refused', (config, code, message) => {
  const live = apply(undefined, configMap({}), 'a')
  expect(() => apply(live, config as KubeObject, 'b')).toThrow(expect.objectContaining({ code, message }))
})

function capture(act: () => unknown): Error | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : undefined
  }
}
