import { describe, expect, test } from 'vitest'
import type { DeleteOptions } from '../../../apiservice/registry/context.ts'
import { isReleased, planDeletion } from '../../../apiservice/registry/deletion.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import type { ObjectMeta } from '../../../src/machinery/object.ts'

const now = Date.parse('2026-01-02T03:04:05Z')

function definitionOf(resource: string) {
  const found = builtinDefinitions().find((definition) => definition.resource === resource)
  if (!found) throw new Error(`no ${resource}`)
  return found
}

function plan(resource: string, metadata: ObjectMeta, options: DeleteOptions = {}) {
  const definition = definitionOf(resource)
  return planDeletion(
    definition,
    { apiVersion: 'v1', kind: definition.kind, metadata: { name: 'x', uid: 'u', resourceVersion: '7', ...metadata } },
    options,
    now,
  )
}

describe('a delete', () => {
  test('removes what nothing holds', () => {
    expect(plan('configmaps', {}).outcome).toBe('remove')
  })

  test('marks what a finalizer holds, with the time and a new generation', () => {
    const { outcome, object } = plan('deployments', { generation: 3, finalizers: ['example.com/hold'] })
    expect(outcome).toBe('mark')
    expect(object.metadata).toMatchObject({
      deletionTimestamp: '2026-01-02T03:04:05Z',
      deletionGracePeriodSeconds: 0,
      generation: 4,
    })
  })

  test('does nothing to what is marked already', () => {
    const metadata = {
      deletionTimestamp: '2026-01-02T03:04:00Z',
      deletionGracePeriodSeconds: 0,
      finalizers: ['example.com/hold'],
    }
    expect(plan('configmaps', metadata).outcome).toBe('unchanged')
  })

  test.each([
    { policy: 'Orphan', finalizers: ['orphan'] },
    { policy: 'Foreground', finalizers: ['foregroundDeletion'] },
  ] as const)('with policy $policy waits for the garbage collector', ({ policy, finalizers }) => {
    const { outcome, object } = plan('deployments', {}, { propagationPolicy: policy })
    expect(outcome).toBe('mark')
    expect(object.metadata.finalizers).toEqual(finalizers)
  })

  test('in the background takes back an earlier wish to orphan', () => {
    expect(plan('deployments', { finalizers: ['orphan'] }, { propagationPolicy: 'Background' }).outcome).toBe('remove')
  })

  test.each([
    {
      name: 'uid',
      preconditions: { uid: 'other' },
      text: 'the UID in the precondition (other) does not match the UID in record (u)',
    },
    {
      name: 'resourceVersion',
      preconditions: { resourceVersion: '6' },
      text: 'the ResourceVersion in the precondition (6) does not match',
    },
  ])('with another $name is a conflict', ({ preconditions, text }) => {
    expect(() => plan('configmaps', {}, { preconditions })).toThrow(text)
  })

  test('of a namespace marks it Terminating, and the object stays until its content is gone', () => {
    const definition = definitionOf('namespaces')
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'x' },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    }
    const { outcome, object } = planDeletion(definition, namespace, {}, now)
    expect(outcome).toBe('mark')
    expect(object['status']).toMatchObject({ phase: 'Terminating' })
    expect(isReleased(definition, object)).toBe(false)
    expect(isReleased(definition, { ...object, spec: {} })).toBe(true)
  })

  test.each(['default', 'kube-system', 'kube-public'])('of the namespace %s is forbidden', (name) => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    expect(() => planDeletion(definitionOf('namespaces'), namespace, {}, now)).toThrow(
      'this namespace may not be deleted',
    )
  })
})
