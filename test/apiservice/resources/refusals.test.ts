import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { validateCreate, validateUpdate } from '../../../apiservice/registry/validation.ts'
import { type FieldError, printFieldErrors } from '../../../src/machinery/field-error.ts'
import { isObject } from '../../../src/machinery/object.ts'
import { context, created, decoded, definitionFor } from './builtin.ts'

/** What a real kube-apiserver says of an object; `test/fixtures/refusals/README.md`. */
interface Refusal {
  readonly name: string
  readonly object: Readonly<Record<string, unknown>>
  readonly change?: unknown
  readonly causes: readonly { readonly field: string; readonly reason: string; readonly message: string }[]
}

const refusals = JSON.parse(
  readFileSync(new URL('../../fixtures/refusals/refusals.json', import.meta.url), 'utf8'),
) as readonly Refusal[]

function refuse({ object: body, change }: Pick<Refusal, 'object' | 'change'>): readonly FieldError[] {
  const definition = definitionFor(body['apiVersion'], body['kind'])
  const object = created(body, 'facts')
  if (change === undefined) return validateCreate(definition, object, context)
  const old = { ...object, metadata: { ...object.metadata, resourceVersion: '1' } }
  const next = decoded(merged(old, change) as Record<string, unknown>)
  const prepared = definition.strategy.prepareForUpdate?.(next, old, context) ?? next
  return validateUpdate(definition, prepared, old, context)
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result = isObject(target) ? { ...target } : {}
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field]
    else result[field] = merged(result[field], value)
  }
  return result
}

describe('in the words of kube-apiserver, a kind refuses', () => {
  test.each(refusals.filter(({ change }) => change === undefined))('a $name', (refusal) => {
    expect(refuse(refusal)).toEqual(refusal.causes)
  })

  test.each(refusals.filter(({ change }) => change !== undefined))('to change the $name', (refusal) => {
    expect(refuse(refusal)).toEqual(refusal.causes)
  })

  test.each([
    { kind: 'ConfigMap', field: '[]', data: { a: 'x'.repeat(1_048_577) } },
    { kind: 'Secret', field: 'data', data: { a: Buffer.from('x'.repeat(1_048_577)).toString('base64') } },
  ])('a $kind that is too large', ({ kind, field, data }) => {
    const object = { apiVersion: 'v1', kind, metadata: { name: 'a' }, data }
    expect(printFieldErrors(refuse({ object }))).toBe(`${field}: Too long: may not be more than 1048576 bytes`)
  })

  test('to change the template of a Job', () => {
    const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] }
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { template: { spec } } }
    const change = { spec: { template: { spec: { containers: [{ name: 'c', image: 'j' }] } } } }
    expect(refuse({ object, change })).toMatchObject([
      { field: 'spec.template', message: expect.stringMatching(/: field is immutable$/) },
    ])
  })
})

describe('a suspended Job that has never run', () => {
  const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] }
  const object = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a' },
    spec: { suspend: true, template: { spec } },
  }

  test('may go elsewhere', () => {
    const change = { spec: { template: { spec: { nodeSelector: { disk: 'ssd' } } } } }
    expect(refuse({ object, change })).toEqual([])
  })

  test('may not become another', () => {
    const change = { spec: { template: { spec: { containers: [{ name: 'c', image: 'j' }] } } } }
    expect(refuse({ object, change })).toMatchObject([{ field: 'spec.template' }])
  })
})
