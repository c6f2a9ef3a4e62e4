import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FieldSet } from '../../../src/machinery/apply/field-set.ts'
import { manageUpdate, unlessUnchanged } from '../../../src/machinery/apply/managed-fields.ts'
import { ownersAfterScale, ownersOfScale } from '../../../src/machinery/apply/scale.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../../src/machinery/object.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { anySchema, type Schema } from '../../../src/machinery/schema/schema.ts'

const configMaps = schemaOfKind('', 'v1', 'ConfigMap') ?? anySchema
const deployments = schemaOfKind('apps', 'v1', 'Deployment') ?? anySchema
const noon = Date.UTC(2026, 0, 1, 12)
const minute = 60_000

const configMap = (data: Record<string, string>, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'n', uid: 'u', ...metadata },
  data,
})

const write = (
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  now = noon,
  more: { readonly schema?: Schema; readonly subresource?: string; readonly resetFields?: FieldSet } = {},
) => manageUpdate({ live, next, schema: configMaps, manager, now, ...more })

const fields = (object: KubeObject) =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map((entry) => [entry.manager, JSON.stringify(entry.fieldsV1)]),
  )

test('whoever creates owns what is set, but nothing that only identifies the object', () => {
  expect(
    write(undefined, configMap({ k: '1' }, { labels: { x: '1' }, generation: 1 }), 'me').metadata.managedFields,
  ).toEqual([
    {
      manager: 'me',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T12:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { '.': {}, 'f:k': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
    },
  ])
})

test('nobody owns what a built-in kind always carries', () => {
  const next: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { l: '1' } },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { labels: { l: '1' } },
        spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }], resources: {} }] },
      },
    },
    status: {},
  }
  expect(fields(write(undefined, next, 'me', noon, { schema: deployments }))).toEqual({
    me: '{"f:spec":{"f:selector":{},"f:strategy":{"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:l":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:name":{},"f:ports":{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{}}},"f:resources":{}}}}}}}',
  })
})

test('a change of value moves the field, a removal ends it, and the time follows the change', () => {
  const created = write(undefined, configMap({ k: '1', l: '1' }), 'first')
  const changed = write(created, configMap({ k: '2' }), 'second', noon + minute)
  expect(fields(changed)).toEqual({ first: '{"f:data":{}}', second: '{"f:data":{"f:k":{}}}' })
  expect(changed.metadata.managedFields?.map(({ time }) => time)).toEqual([
    '2026-01-01T12:00:00Z',
    '2026-01-01T12:01:00Z',
  ])
  const again = write(changed, configMap({ k: '3' }), 'second', noon + 2 * minute)
  expect(again.metadata.managedFields?.[1]?.time).toBe('2026-01-01T12:02:00Z')
})

test('a write that changes nothing keeps every owner and time', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), fc.dictionary(fc.string(), fc.string()), (before, after) => {
      const created = write(undefined, configMap(before), 'a')
      const updated = write(created, configMap(after), 'b', noon + minute)
      expect(write(updated, configMap(after), 'c', noon + 2 * minute)).toEqual(updated)
      expect(write(updated, updated, 'b', noon + 2 * minute)).toEqual(updated)
    }),
  )
})

test.each([[[]], [[{}]]])('managedFields %j clear the list, and then nobody is tracked', (managedFields) => {
  const created = write(undefined, configMap({ k: '1' }), 'a')
  const cleared = write(created, configMap({ k: '2' }, { managedFields }), 'b')
  expect(cleared.metadata).not.toHaveProperty('managedFields')
  expect(write(cleared, configMap({ k: '3' }), 'b').metadata).not.toHaveProperty('managedFields')
})

const entry: ManagedFieldsEntry = {
  manager: 'x',
  operation: 'Apply',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': { 'f:k': {} } },
}

test('a list that the client writes counts, unless it is malformed or comes through a subresource', () => {
  const created = write(undefined, configMap({ k: '1' }), 'a')
  expect(Object.keys(fields(write(created, configMap({ k: '1' }, { managedFields: [entry] }), 'b')))).toEqual(['x'])
  for (const bad of [
    { ...entry, operation: 'Frob' },
    { ...entry, apiVersion: '' },
    { ...entry, fieldsType: 'FieldsV2' },
    { ...entry, fieldsV1: { 'k:{': {} } },
  ]) {
    expect(Object.keys(fields(write(created, configMap({ k: '1' }, { managedFields: [bad] }), 'b')))).toEqual(['a'])
  }
  const status = write(created, configMap({ k: '1' }, { managedFields: [] }), 'b', noon, { subresource: 'status' })
  expect(Object.keys(fields(status))).toEqual(['a'])
})

test('fields that the kind resets are nobody’s', () => {
  const resetFields = FieldSet.ofFields(['data'])
  expect(
    write(undefined, configMap({ k: '1' }, { labels: { x: '1' } }), 'a', noon, { resetFields }).metadata
      .managedFields?.[0]?.fieldsV1,
  ).toEqual({
    'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
  })
})

test('more than ten updaters end in one bucket of ancient changes', () => {
  let live = write(undefined, configMap({}), 'm')
  const data: Record<string, string> = {}
  for (let index = 0; index < 14; index++) {
    data[`k${index}`] = '1'
    live = write(live, configMap({ ...data }), `m${index}`, noon + index * minute)
  }
  const managers = live.metadata.managedFields?.map(({ manager }) => manager)
  expect(managers).toHaveLength(10)
  expect(managers?.[0]).toBe('ancient-changes')
  const all = live.metadata.managedFields?.flatMap(({ fieldsV1 = {} }) => [...FieldSet.parse(fieldsV1).paths()]) ?? []
  expect(new Set(all.map(String)).size).toBe(15)
})

test('owners that were tracked field by field own all of what became one value', () => {
  const atomic: Schema = {
    type: 'object',
    properties: new Map([['data', { type: 'object', mapType: 'atomic', values: { type: 'string' } }]]),
  }
  const live = write(undefined, configMap({ k: '1' }), 'a')
  const next = write(live, live, 'b', noon, { schema: atomic })
  expect(fields(next)).toEqual({ a: '{"f:data":{}}' })
})

test('a write that only renews times is none', () => {
  const live = write(undefined, configMap({ k: '1' }), 'a')
  const renewed = {
    ...live,
    metadata: {
      ...live.metadata,
      managedFields: live.metadata.managedFields?.map((one) => ({ ...one, time: '2027-01-01T00:00:00Z' })) ?? [],
    },
  }
  expect(unlessUnchanged(live, renewed)).toBe(live)
  const changed = { ...renewed, data: { k: '2' } }
  expect(unlessUnchanged(live, changed)).toBe(changed)
  expect(unlessUnchanged(undefined, renewed)).toBe(renewed)
})

test('scaling takes the replicas from their owner and gives them to the scaler', () => {
  const replicasIn = () => ['spec', 'replicas']
  const parent: readonly ManagedFieldsEntry[] = [
    { ...entry, apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } } },
  ]
  const shown = ownersOfScale(parent, replicasIn)
  expect(shown).toEqual([{ ...entry, apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }])
  const scale = (replicas: number, managedFields?: readonly ManagedFieldsEntry[]): KubeObject => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'd', uid: 'u', ...(managedFields ? { managedFields } : {}) },
    spec: { replicas },
  })
  const schema = schemaOfKind('autoscaling', 'v1', 'Scale') ?? anySchema
  const scaled = write(scale(1, shown), scale(2), 'hpa', noon, { schema, subresource: 'scale' })
  const after = ownersAfterScale(parent, scaled.metadata.managedFields, 'apps/v1', replicasIn)
  expect(after).toEqual([
    { ...entry, apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:paused': {} } } },
    {
      manager: 'hpa',
      operation: 'Update',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
    },
  ])
})
