import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentType, type NegotiateOptions, negotiate, negotiateStatus } from '../../../apiservice/wire/negotiate.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

const list: NegotiateOptions = { custom: false, shape: 'list', kind: { group: '', kind: 'ConfigMapList' } }
const object: NegotiateOptions = { custom: false, shape: 'object', kind: { group: '', kind: 'ConfigMap' } }
const watch: NegotiateOptions = { custom: false, shape: 'watch' }
const meta = 'v=v1;g=meta.k8s.io'

const outcome = (accept: string | undefined, options: NegotiateOptions): string => {
  try {
    const { format, view, metaVersion, pretty } = negotiate(accept, options)
    return [format, view, metaVersion, ...(pretty ? ['pretty'] : [])].join(' ')
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return `${error.code} ${error.reason}: ${error.message}`
  }
}

const noneOf = (types: string) => `406 NotAcceptable: 406: Not Acceptable\n\nAvailable representations: ${types}`
const only = (types: string) => `406 NotAcceptable: only the following media types are accepted: ${types}`
const three = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'

// What kube-apiserver 1.36.3 answered to each.
describe('Accept', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'json object v1'],
    ['', 'json object v1'],
    ['*/*', 'json object v1'],
    ['application/json', 'json object v1'],
    ['application/json;stream=watch', 'json object v1'],
    ['application/json;foo=bar', 'json object v1'],
    ['application/json;stream=;sv=', 'json object v1'],
    ['application/yaml;stream=watch,application/json', 'json object v1'],
    ['*/*,application/yaml;q=0.5', 'yaml object v1'],
    ['application/json;q=0.1,*/*,application/yaml;q=0.5', 'yaml object v1'],
    ['application/json;stream=foo,application/yaml;sv=v1', 'yaml object v1'],
    ['application/json;profile=x', 'json object v1'],
    ['application/json;q=0', 'json object v1'],
    ['application/json;pretty=1', 'json object v1 pretty'],
    ['application/vnd.kubernetes.protobuf', 'protobuf object v1'],
    ['application/vnd.kubernetes.protobuf;stream=watch', 'protobuf object v1'],
    ['application/vnd.kubernetes.protobuf,application/json', 'protobuf object v1'],
    ['application/yaml;q=0.5,application/json;q=0.4', 'yaml object v1'],
    [`application/json;as=Table;${meta};q=0.1,application/yaml;q=0.2`, 'yaml object v1'],
    [`application/json;as=Table;${meta}`, 'json table v1'],
    [`application/yaml;as=Table;${meta}`, 'yaml table v1'],
    [`*/*;as=Table;${meta}`, 'json table v1'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'json table v1beta1'],
    [
      `application/json;as=Table;${meta},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
      'json table v1',
    ],
    [`application/vnd.kubernetes.protobuf;as=Table;${meta},application/json`, 'json object v1'],
    [`application/json;as=PartialObjectMetadataList;${meta}`, 'json metadata v1'],
    [`application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;${meta}`, 'protobuf metadata v1'],
    ['text/plain', noneOf(`${three}, ${streams}`)],
    ['text/*', noneOf(`${three}, ${streams}`)],
    ['application/cbor', noneOf(`${three}, ${streams}`)],
    ['application/*', noneOf(`${three}, ${streams}`)],
    ['APPLICATION/JSON', noneOf(`${three}, ${streams}`)],
    ['garbage', noneOf(`${three}, ${streams}`)],
    [';;', noneOf(`${three}, ${streams}`)],
    ['application/json;as=Tabl;v=v1;g=meta.k8s.io', only(three)],
    ['application/json;as=Table;v=v1', only(three)],
    ['application/json;as=Table;g=meta.k8s.io', only(three)],
    ['application/json;v=v1;g=meta.k8s.io', only(three)],
    ['application/json;sv=v2', only(three)],
    [`application/vnd.kubernetes.protobuf;as=Table;${meta}`, only(three)],
    [
      `application/json;as=PartialObjectMetadata;${meta}`,
      '406 NotAcceptable: you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
    ],
  ])('%s on a list', (accept, answer) => {
    expect(outcome(accept, list)).toBe(answer)
  })

  test.each<[string, string]>([
    [`application/json;as=PartialObjectMetadata;${meta}`, 'json metadata v1'],
    ['application/yaml', 'yaml object v1'],
    ['text/plain', noneOf(three)],
    [
      `application/json;as=PartialObjectMetadataList;${meta}`,
      '406 NotAcceptable: you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
    ],
  ])('%s on one object', (accept, answer) => {
    expect(outcome(accept, object)).toBe(answer)
  })

  test.each<[string, string]>([
    ['*/*', 'json object v1'],
    ['application/vnd.kubernetes.protobuf', 'protobuf object v1'],
    [`application/json;as=Table;${meta}`, 'json table v1'],
    [`application/json;as=PartialObjectMetadata;${meta}`, 'json metadata v1'],
    ['application/yaml', only(streams)],
    ['application/yaml,application/json', only(streams)],
    ['text/plain', noneOf(`${three}, ${streams}`)],
    ['application/vnd.kubernetes.protobuf;sv=v2', only(three)],
  ])('%s on a watch', (accept, answer) => {
    expect(outcome(accept, watch)).toBe(answer)
  })

  test.each<[string, string]>([
    ['application/yaml', 'yaml object v1'],
    ['application/*', 'json object v1'],
    ['application/vnd.kubernetes.protobuf', only(three)],
    ['application/vnd.kubernetes.protobuf,application/json', 'json object v1'],
    [`application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;${meta}`, 'protobuf metadata v1'],
    [`application/vnd.kubernetes.protobuf;as=Table;${meta}`, only(three)],
    ['text/plain', only(three)],
  ])('%s on a list of custom resources', (accept, answer) => {
    expect(outcome(accept, { ...list, custom: true })).toBe(answer)
  })
})

test.each([
  ['curl/8.5.0', undefined, true],
  ['Wget/1.2', undefined, true],
  ['Mozilla/5.0 (X11)', undefined, true],
  ['kubectl/v1.36', undefined, false],
  [undefined, undefined, false],
  ['curl/8.5.0', 'false', false],
  ['curl/8.5.0', '0', false],
  ['curl/8.5.0', 'x', false],
  ['curl/8.5.0', '', true],
  ['kubectl/v1.36', 'true', true],
  ['kubectl/v1.36', '1', true],
])('the client %s with pretty=%s is answered pretty: %s', (userAgent, pretty, expected) => {
  const options = { ...object, ...(userAgent ? { userAgent } : {}), ...(pretty === undefined ? {} : { pretty }) }
  expect(negotiate('application/json', options).pretty).toBe(expected)
  expect(negotiateStatus('application/json', options).pretty).toBe(expected)
})

test.each([
  [undefined, 'json', false],
  ['application/json', 'json', false],
  ['application/*', 'json', false],
  ['application/yaml', 'yaml', false],
  ['application/vnd.kubernetes.protobuf', 'protobuf', false],
  ['text/plain', 'json', true],
  [`application/json;as=Table;${meta}`, 'json', true],
  [`application/json;as=Table;${meta},application/json`, 'json', false],
])('a Status for %s is %s, pretty: %s', (accept, format, pretty) => {
  expect(negotiateStatus(accept)).toMatchObject({ format, pretty, view: 'object' })
})

test('a protobuf watch says that it is one', () => {
  expect(contentType(negotiate('application/vnd.kubernetes.protobuf', watch), true)).toBe(
    'application/vnd.kubernetes.protobuf;stream=watch',
  )
  expect(contentType(negotiate('application/json', watch), true)).toBe('application/json')
  expect(contentType(negotiate('application/yaml', list), false)).toBe('application/yaml')
})

test('whatever Accept holds, the answer is a representation or a StatusError', () => {
  const pieces = fc.constantFrom(
    'application/json',
    '*/*',
    ';',
    ',',
    'q=',
    '0.5',
    'as=Table',
    'v=v1',
    'g=meta.k8s.io',
    '=',
    '/',
    'sv=',
    '*',
  )
  const accepts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(accepts, fc.boolean(), fc.constantFrom('object', 'list', 'watch'), (accept, custom, shape) => {
      outcome(accept, { custom, shape })
      negotiateStatus(accept)
    }),
    { numRuns: 300 },
  )
})
