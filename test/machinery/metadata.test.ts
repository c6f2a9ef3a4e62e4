import { describe, expect, test } from 'vitest'
import { printFieldErrors } from '../../src/machinery/field-error.ts'
import { humanDuration } from '../../src/machinery/human-duration.ts'
import {
  annotationsLimitBytes,
  validateMetadata,
  validateMetadataUpdate,
  withoutDuplicateOwners,
} from '../../src/machinery/metadata.ts'
import { firstComplaint, labelName, pathSegmentName, subdomainName } from '../../src/machinery/names.ts'
import type { ObjectMeta } from '../../src/machinery/object.ts'

const rules = { namespaced: true, validateName: firstComplaint(subdomainName), custom: false }

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const unqualified = 'name is neither a standard finalizer name nor is it fully qualified'
const pod = { apiVersion: 'v1', kind: 'Pod', name: 'e', uid: 'u' }

/** Texts as kube-apiserver 1.36.3 answers them. */
const wrong: readonly { readonly what: string; readonly metadata: ObjectMeta; readonly says: string }[] = [
  { what: 'no name', metadata: {}, says: 'metadata.name: Required value: name or generateName is required' },
  { what: 'a bad name', metadata: { name: 'A_b' }, says: `metadata.name: Invalid value: "A_b": ${subdomain}` },
  {
    what: 'a long name',
    metadata: { name: 'a'.repeat(260) },
    says: `metadata.name: Invalid value: "${'a'.repeat(260)}": must be no more than 253 characters`,
  },
  {
    what: 'a negative generation',
    metadata: { name: 'x', generation: -1 },
    says: 'metadata.generation: Invalid value: -1: must be greater than or equal to 0',
  },
  {
    what: 'a label with a space in its key',
    metadata: { name: 'x', labels: { 'a b': 'c' } },
    says: `metadata.labels: Invalid value: "a b": ${namePart}`,
  },
  {
    what: 'a label with a bad value',
    metadata: { name: 'x', labels: { a: '-c' } },
    says: `metadata.labels: Invalid value: "-c": ${labelValue}`,
  },
  {
    what: 'a label with a long value',
    metadata: { name: 'x', labels: { a: 'c'.repeat(64) } },
    says: `metadata.labels: Invalid value: "${'c'.repeat(64)}": must be no more than 63 bytes`,
  },
  {
    what: 'a label with an empty prefix',
    metadata: { name: 'x', labels: { '/a': 'c' } },
    says: 'metadata.labels: Invalid value: "/a": prefix part must be non-empty',
  },
  {
    what: 'a label with a bad prefix',
    metadata: { name: 'x', labels: { 'A_b/a': 'c' } },
    says: `metadata.labels: Invalid value: "A_b/a": prefix part ${subdomain}`,
  },
  {
    what: 'a label with a long prefix',
    metadata: { name: 'x', labels: { [`${'a'.repeat(254)}/b`]: 'c' } },
    says: `metadata.labels: Invalid value: "${'a'.repeat(254)}/b": prefix part must be no more than 253 bytes`,
  },
  {
    what: 'a label with two slashes',
    metadata: { name: 'x', labels: { 'a/b/c': 'c' } },
    says: "metadata.labels: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  },
  {
    what: 'a label with a long key',
    metadata: { name: 'x', labels: { ['a'.repeat(64)]: 'c' } },
    says: `metadata.labels: Invalid value: "${'a'.repeat(64)}": name part must be no more than 63 bytes`,
  },
  {
    what: 'a label without a key',
    metadata: { name: 'x', labels: { '': 'c' } },
    says: `[metadata.labels: Invalid value: "": name part must be non-empty, metadata.labels: Invalid value: "": ${namePart}]`,
  },
  {
    what: 'a bad annotation',
    metadata: { name: 'x', annotations: { 'a b': 'c' } },
    says: `metadata.annotations: Invalid value: "a b": ${namePart}`,
  },
  {
    what: 'too many annotations',
    metadata: { name: 'x', annotations: { a: 'c'.repeat(annotationsLimitBytes) } },
    says: 'metadata.annotations: Too long: may not be more than 262144 bytes',
  },
  {
    what: 'a finalizer without a domain',
    metadata: { name: 'x', finalizers: ['foo'] },
    says: `metadata.finalizers[0]: Invalid value: "foo": ${unqualified}`,
  },
  {
    what: 'a finalizer with a space',
    metadata: { name: 'x', finalizers: ['a b'] },
    says: `[metadata.finalizers: Invalid value: "a b": ${namePart}, metadata.finalizers[0]: Invalid value: "a b": ${unqualified}]`,
  },
  {
    what: 'both ways to treat dependents',
    metadata: { name: 'x', finalizers: ['orphan', 'foregroundDeletion'] },
    says: 'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  },
  {
    what: 'an owner without names',
    metadata: { name: 'x', ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] },
    says: '[metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty, metadata.ownerReferences.kind: Invalid value: "": must not be empty, metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]',
  },
  {
    what: 'an owner of no version',
    metadata: { name: 'x', ownerReferences: [{ ...pod, apiVersion: 'a/b/c' }] },
    says: 'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
  },
  {
    what: 'an Event as owner',
    metadata: { name: 'x', ownerReferences: [{ ...pod, kind: 'Event' }] },
    says: 'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
  },
  {
    what: 'two controllers',
    metadata: {
      name: 'x',
      ownerReferences: [
        { ...pod, controller: true },
        { ...pod, name: 'f', uid: 'u2', controller: true },
      ],
    },
    says: 'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"e","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"f","uid":"u2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/e and Pod/f',
  },
]

describe('metadata is refused for', () => {
  test.each(wrong)('$what', ({ metadata, says }) => {
    expect(printFieldErrors(validateMetadata({ namespace: 'n', ...metadata }, rules))).toBe(says)
  })

  test('a namespace where there are none', () => {
    const errors = validateMetadata({ name: 'x', namespace: 'n' }, { ...rules, namespaced: false })
    expect(printFieldErrors(errors)).toBe('metadata.namespace: Forbidden: not allowed on this type')
  })
})

test.each([
  { what: 'annotations in upper case', metadata: { annotations: { 'AB.c/a': 'c' } } },
  { what: 'finalizers twice', metadata: { finalizers: ['a/b', 'a/b'] } },
  { what: 'an empty label', metadata: { labels: { a: '' } } },
])('metadata may have $what', ({ metadata }) => {
  expect(validateMetadata({ name: 'x', namespace: 'n', ...metadata }, rules)).toEqual([])
})

test('custom resources may have finalizers without a domain', () => {
  const metadata = { name: 'x', namespace: 'n', finalizers: ['foo'] }
  expect(validateMetadata(metadata, { ...rules, custom: true })).toEqual([])
})

describe('of a stored object', () => {
  const stored = { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '1' }

  test.each([
    { field: 'uid', value: 'v', printed: '"v"' },
    { field: 'name', value: 'y', printed: '"y"' },
    { field: 'deletionTimestamp', value: '2020-01-01T00:00:00Z', printed: '"2020-01-01T00:00:00Z"' },
    { field: 'deletionGracePeriodSeconds', value: 5, printed: '5' },
  ])('$field cannot be changed', ({ field, value, printed }) => {
    const errors = validateMetadataUpdate({ ...stored, [field]: value }, stored, rules)
    expect(printFieldErrors(errors)).toBe(`metadata.${field}: Invalid value: ${printed}: field is immutable`)
  })

  test('finalizers cannot be added while it is being deleted', () => {
    const old = { ...stored, deletionTimestamp: '2020-01-01T00:00:00Z', finalizers: ['a.b/c'] }
    const errors = validateMetadataUpdate({ ...old, finalizers: ['a.b/c', 'd.e/f'] }, old, rules)
    expect(printFieldErrors(errors)).toBe(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"d.e/f"}',
    )
  })

  test('a short finalizer that is there already may stay', () => {
    const old = { ...stored, finalizers: ['foo'] }
    expect(validateMetadataUpdate({ ...old, labels: { a: 'b' } }, old, rules)).toEqual([])
  })
})

test('of owners with one uid the first stays, with a warning', () => {
  const { owners, warning } = withoutDuplicateOwners([pod, { ...pod, name: 'f' }, { ...pod, uid: 'u2' }])
  expect(owners).toEqual([pod, { ...pod, uid: 'u2' }])
  expect(warning).toBe(
    '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u',
  )
  expect(withoutDuplicateOwners([pod])).toEqual({ owners: [pod], warning: undefined })
})

test.each([
  { check: 'label', name: 'a.b', says: ['must not contain dots'] },
  { check: 'segment', name: '..', says: ["may not be '..'"] },
  { check: 'segment', name: 'a/b', says: ["may not contain '/'"] },
  { check: 'segment', name: 'a%b', says: ["may not contain '%'"] },
  { check: 'segment', name: 'system:a', says: [] },
])('$name as a $check', ({ check, name, says }) => {
  expect((check === 'label' ? labelName : pathSegmentName)(name)).toEqual(says)
})

test.each([
  [-3_000, '<invalid>'],
  [-1_900, '0s'],
  [0, '0s'],
  [119_999, '119s'],
  [120_000, '2m'],
  [125_000, '2m5s'],
  [599_000, '9m59s'],
  [600_000, '10m'],
  [10_799_000, '179m'],
  [10_800_000, '3h'],
  [11_000_000, '3h3m'],
  [28_800_000, '8h'],
  [172_799_000, '47h'],
  [172_800_000, '2d'],
  [176_400_000, '2d1h'],
  [691_200_000, '8d'],
  [63_071_999_000, '729d'],
  [63_072_000_000, '2y'],
  [63_158_400_000, '2y1d'],
  [252_288_000_000, '8y'],
])('%i ms ago is printed %s', (ms, printed) => {
  expect(humanDuration(ms)).toBe(printed)
})
