import { expect, test } from 'vitest'
import { checkFieldSelector } from '../../../apiservice/registry/field-labels.ts'
import { parseFieldSelector } from '../../../src/machinery/selector.ts'

const namespaced = {
  selectableFields: { 'status.phase': () => 'Running' },
  selectsNamespace: true,
  fieldLabelRefusal: 'field label not supported: LABEL',
}
const quoting = {
  ...namespaced,
  selectsNamespace: false,
  fieldLabelRefusal: 'field label "LABEL" not supported for Job',
}

test.each([
  '',
  'metadata.name=a',
  'metadata.namespace!=b,status.phase=Running',
])('%j names fields of the kind', (text) => {
  checkFieldSelector(parseFieldSelector(text), namespaced)
})

test.each([
  [namespaced, 'spec.x=1,spec.y=2', 'field label not supported: spec.x'],
  [namespaced, 'constructor=1', 'field label not supported: constructor'],
  [namespaced, '$&=1', 'field label not supported: $&'],
  [quoting, 'spec\\.x=1', 'field label "spec\\\\.x" not supported for Job'],
  [quoting, 'metadata.namespace=a', 'field label "metadata.namespace" not supported for Job'],
])('a field that a kind does not have is refused in its words', (definition, text, message) => {
  expect(() => checkFieldSelector(parseFieldSelector(text), definition)).toThrow(
    expect.objectContaining({ code: 400, reason: 'BadRequest', message }),
  )
})
