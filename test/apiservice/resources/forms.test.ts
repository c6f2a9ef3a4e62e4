import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/machinery/object.ts'
import { conform } from '../../../src/machinery/schema/conform.ts'
import { definitionFor } from './builtin.ts'

const forms = JSON.parse(
  readFileSync(new URL('../../fixtures/forms/forms.json', import.meta.url), 'utf8'),
) as readonly { readonly name: string; readonly shown: KubeObject; readonly stored: KubeObject }[]

const titled = forms.map((form) => ({ ...form, title: `${form.name} ${form.stored.kind}` }))

function formOf({ apiVersion, kind }: KubeObject) {
  const { storedAs } = definitionFor(apiVersion, kind)
  if (!storedAs) throw new Error(`${kind} in ${apiVersion} is stored as it is`)
  return storedAs
}

/** Annotations hold JSON, whose order of fields means nothing. */
function withReadAnnotations(object: KubeObject): unknown {
  const annotations = Object.entries(object.metadata.annotations ?? {}).map(([name, text]) => {
    try {
      return [name, JSON.parse(text)]
    } catch {
      return [name, text]
    }
  })
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(annotations) } }
}

/**
 * What v1 cannot say of an autoscaler, on kube-apiserver as here: where among the metrics its own stands (it comes back as the last one),
 * and that an average was not measured (it comes back as 0).
 */
function asV1Knows(object: KubeObject): unknown {
  return JSON.parse(JSON.stringify(object), (field, value: unknown) => {
    if (field === 'averageValue' && value === '0') return undefined
    if (field !== 'metrics' || !Array.isArray(value)) return value
    return value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  })
}

describe('of an object with two forms', () => {
  test.each(titled)('the $title is shown as kube-apiserver shows it', ({ shown, stored }) => {
    expect(withReadAnnotations(formOf(shown).fromStored(stored))).toEqual(withReadAnnotations(shown))
  })

  test.each(titled)('the $title is stored as kube-apiserver stores it', ({ shown, stored }) => {
    expect(asV1Knows(formOf(shown).toStored(shown))).toEqual(asV1Knows(stored))
  })

  test.each(titled)('the $title loses nothing on the way out and back', ({ shown, stored }) => {
    const form = formOf(shown)
    expect(asV1Knows(form.toStored(form.fromStored(stored)))).toEqual(asV1Knows(stored))
  })

  test.each(titled)('the $title has the shape that Go gives it, either way', ({ shown, stored }) => {
    const form = formOf(shown)
    for (const object of [form.fromStored(stored), form.toStored(shown)]) {
      const { schema } = definitionFor(object.apiVersion, object.kind)
      expect(conform(structuredClone({ ...object }), { schema, custom: false }).object).toEqual(object)
    }
  })
})
