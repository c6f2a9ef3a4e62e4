import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FieldValidation } from '../../../apiservice/registry/context.ts'
import { decodeDocument, decodeObject } from '../../../apiservice/wire/decode.ts'
import { schemaOfKind, schemaOfType } from '../../../src/machinery/schema/facts.ts'
import { encodeProtobuf } from '../../../src/machinery/schema/protobuf.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

const json = 'application/json'
const yaml = 'application/yaml'
const protobuf = 'application/vnd.kubernetes.protobuf'

function configMap(
  body: string | Buffer,
  contentType: string | undefined = json,
  fieldValidation: FieldValidation = 'Warn',
) {
  const schema = schemaOfKind('', 'v1', 'ConfigMap')
  if (schema === undefined) throw new Error('ConfigMap has no schema')
  const expected = { group: '', version: 'v1', kind: 'ConfigMap' }
  return decodeObject(Buffer.from(body), { contentType, expected, schema, custom: false, fieldValidation })
}

const plainSchema: Schema = {
  type: 'object',
  properties: new Map<string, Schema>([
    [
      'spec',
      {
        type: 'object',
        properties: new Map<string, Schema>([
          ['l', { type: 'array', items: { type: 'object', properties: new Map([['x', { type: 'boolean' }]]) } }],
          ['any', { type: 'object', preserveUnknown: true }],
        ]),
      },
    ],
  ]),
}

function plain(body: string, contentType: string | undefined = json, fieldValidation: FieldValidation = 'Warn') {
  const expected = { group: 'wire.test', version: 'v1', kind: 'Plain' }
  return decodeObject(Buffer.from(body), { contentType, expected, schema: plainSchema, custom: true, fieldValidation })
}

const refusal = (decode: () => unknown): string => {
  try {
    decode()
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`
    throw error
  }
  return 'taken'
}

const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap):'
const noKind = `couldn't get version/kind; json parse error:`
const handled = 'cannot be handled as a ConfigMap:'
const scheme = 'in scheme "pkg/runtime/scheme.go:111"'
const meta = '"metadata":{"name":"a"}'

// The left sides were posted to kube-apiserver 1.36.3; the right sides are what it said.
describe('a body of a built-in kind', () => {
  test.each([
    ['', `${unrecognized} ${noKind} unexpected end of JSON input (<empty>)`],
    ['{', `${unrecognized} ${noKind} unexpected end of JSON input ({)`],
    ['{"a":1} {"b":2}', `${unrecognized} ${noKind} invalid character '{' after top-level value ({"a":1} {"b":2})`],
    [
      'garbage: [',
      `${unrecognized} ${noKind} invalid character 'g' looking for beginning of value (676172626167653a205b)`,
    ],
    [
      '[1]',
      `${unrecognized} ${noKind} json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b315d)`,
    ],
    [
      '{"apiVersion":1,"kind":"ConfigMap"}',
      `${unrecognized} ${noKind} json: cannot unmarshal number into Go struct field .apiVersion of type string ({"apiVersion":1,"kind":"Config ...)`,
    ],
    ['{"apiVersion":"a/b/c"}', `${unrecognized} unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})`],
    [
      '{"kind":"Secret"}',
      `Secret in version "v1" ${handled} converting (v1.Secret) to (core.ConfigMap): unknown conversion`,
    ],
    [
      '{"apiVersion":"apps/v1","kind":"Deployment"}',
      `Deployment in version "v1" ${handled} converting (v1.Deployment) to (core.ConfigMap): unknown conversion`,
    ],
    [
      '{"apiVersion":"v2","kind":"ConfigMap"}',
      `ConfigMap in version "v2" ${handled} no kind "ConfigMap" is registered for version "v2" ${scheme}`,
    ],
    [
      '{"apiVersion":"foo/v1"}',
      `ConfigMap in version "v1" ${handled} no kind "ConfigMap" is registered for version "foo/v1" ${scheme}`,
    ],
    ['{"kind":"Foo"}', `Foo in version "v1" ${handled} no kind "Foo" is registered for version "v1" ${scheme}`],
    [
      `{${meta},"data":{"a":1}}`,
      `ConfigMap in version "v1" ${handled} json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    ],
    [
      '{"metadata":{"generation":1e2}}',
      `ConfigMap in version "v1" ${handled} json: cannot unmarshal number 1e2 into Go struct field ObjectMeta.metadata.generation of type int64`,
    ],
    [
      '{"metadata":{"creationTimestamp":"x"}}',
      `ConfigMap in version "v1" ${handled} parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`,
    ],
  ])('%j is refused', (body, message) => {
    expect(refusal(() => configMap(body))).toBe(`400 ${message}`)
  })

  test.each([
    '{}',
    'null',
    '{"kind":"","apiVersion":""}',
    '{"kind":null}',
  ])('%s takes its kind from the URL', (body) => {
    expect(configMap(body)).toEqual({
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} },
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      warnings: [],
    })
  })

  const odd =
    '{"metadata":{"name":"a","bar":{"x":1,"x":2},"name":"b"},"Data":{"a":"b"},"foo":1,"data":{"x":"1","x":"2"},"foo":2}'
  const findings = [
    'unknown field "metadata.bar"',
    'duplicate field "metadata.name"',
    'unknown field "Data"',
    'unknown field "foo"',
    'duplicate field "data.x"',
  ]

  test('Warn reports unknown and repeated fields in the order of the document', () => {
    const { object, warnings } = configMap(odd)
    expect(warnings).toEqual(findings)
    expect(object).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'b' }, data: { x: '2' } })
  })

  test('Strict refuses them', () => {
    expect(refusal(() => configMap(odd, json, 'Strict'))).toBe(
      `400 ConfigMap in version "v1" ${handled} strict decoding error: ${findings.join(', ')}`,
    )
  })

  test('Ignore says nothing', () => {
    expect(configMap(odd, json, 'Ignore').warnings).toEqual([])
  })

  test('a wrong type is refused before unknown fields are', () => {
    expect(refusal(() => configMap('{"foo":1,"data":5}', json, 'Strict'))).toContain('of type map[string]string')
  })

  test('repeated objects are merged, as when Go decodes them', () => {
    const body = '{"metadata":{"name":"a"},"metadata":{"labels":{"a":"b"}},"data":{"a":"1"},"data":{"b":"2"}}'
    expect(configMap(body)).toMatchObject({
      object: { metadata: { name: 'a', labels: { a: 'b' } }, data: { a: '1', b: '2' } },
      warnings: ['duplicate field "metadata"', 'duplicate field "data"'],
    })
  })

  test('a thousand unknown fields make a hundred warnings', () => {
    const fields = Array.from({ length: 1000 }, (_, index) => `"f${index}":1`)
    expect(configMap(`{${fields.join(',')}}`).warnings).toHaveLength(100)
  })
})

describe('a YAML body', () => {
  test('is read like JSON with sorted fields', () => {
    expect(configMap('metadata: {name: a}\nfoo: 1\nbar: 1', yaml).warnings).toEqual([
      'unknown field "bar"',
      'unknown field "foo"',
    ])
    expect(configMap('metadata: {name: a}\ndata: {yes: "1"}', yaml).object['data']).toEqual({ true: '1' })
  })

  test('has its repeated keys reported by line, before anything else', () => {
    const body = 'metadata: {name: a}\ndata: {a: "5", a: "6"}\nfoo: 1'
    expect(configMap(body, yaml).warnings).toEqual(['line 2: key "a" already set in map', 'unknown field "foo"'])
    expect(refusal(() => configMap(body, yaml, 'Strict'))).toBe(
      `400 ConfigMap in version "v1" ${handled} strict decoding error: yaml: unmarshal errors:\n  line 2: key "a" already set in map, unknown field "foo"`,
    )
  })

  test.each([
    [
      'metadata: {name: a}\ndata: {a: 5}',
      `ConfigMap in version "v1" ${handled} json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    ],
    ['a: *x', `${unrecognized} yaml: unknown anchor 'x' referenced (613a202a78)`],
  ])('%j is refused', (body, message) => {
    expect(refusal(() => configMap(body, yaml))).toBe(`400 ${message}`)
  })
})

describe('a custom resource', () => {
  const head = `"apiVersion":"wire.test/v1","kind":"Plain",${meta}`

  test.each([
    [
      `{${meta}}`,
      `400 the object provided is unrecognized (must be of type Plain): Object 'Kind' is missing in '{${meta}}' ({${meta}})`,
    ],
    [
      'null',
      "400 the object provided is unrecognized (must be of type Plain): Object 'Kind' is missing in 'null' (6e756c6c)",
    ],
    ['{"kind":"Plain"}', '400 the API version in the data () does not match the expected API version (wire.test/v1)'],
    [
      '{"apiVersion":"wire.test/v2","kind":"Plain"}',
      '400 the API version in the data (wire.test/v2) does not match the expected API version (wire.test/v1)',
    ],
    [
      `{"apiVersion":"wire.test/v1","kind":"Other",${meta}}`,
      '422 Other.wire.test "a" is invalid: kind: Invalid value: "Other": must be Plain',
    ],
    [
      `{"apiVersion":"wire.test/v1","kind":"Plain","metadata":{"labels":{"a":5}}}`,
      '400 Plain in version "v1" cannot be handled as a Plain: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    ],
  ])('%s is refused', (body, message) => {
    expect(refusal(() => plain(body))).toBe(message)
  })

  test('has repeated fields reported first, wherever they are, then unknown ones', () => {
    const body = `{${head},"zed":1,"spec":{"zz":1,"l":[{"x":true,"y":2,"y":3}],"any":{"p":1,"p":2}}}`
    expect(plain(body).warnings).toEqual([
      'duplicate field "spec.l[0].y"',
      'duplicate field "spec.any.p"',
      'unknown field "spec.l[0].y"',
      'unknown field "spec.zz"',
      'unknown field "zed"',
    ])
  })

  test('keeps whole floats as the integers that they are', () => {
    expect(plain(`{${head},"spec":{"any":{"a":1.0,"b":1e3,"c":-0.0}}}`).object['spec']).toEqual({
      any: { a: 1, b: 1000, c: -0 },
    })
  })
})

describe('a protobuf body', () => {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { a: 'b' } }

  test('is read as the object that it holds', () => {
    expect(configMap(encodeProtobuf(object), protobuf)).toEqual({
      object,
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      warnings: [],
    })
  })

  test.each([
    [
      'with another magic',
      Buffer.from('abcd\n\0'),
      `${unrecognized} provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (616263640a00)`,
    ],
    [
      'of another kind',
      encodeProtobuf({ ...object, kind: 'Secret' }),
      `Secret in version "v1" ${handled} converting (v1.Secret) to (core.ConfigMap): unknown conversion`,
    ],
    [
      'that ends early',
      Buffer.from('6b3873000a0f0a0276311209436f6e6669674d617012050a090a0161', 'hex'),
      `ConfigMap in version "v1" ${handled} unexpected EOF`,
    ],
  ])('%s is refused', (_, body, message) => {
    expect(refusal(() => configMap(body, protobuf))).toBe(`400 ${message}`)
  })

  test('without a kind takes that of the URL', () => {
    const body = Buffer.from('6b3873000a0012050a030a01611a002200', 'hex')
    expect(configMap(body, protobuf).object).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } })
  })

  test('of a custom resource is no known format', () => {
    expect(refusal(() => plain('k8s\0', protobuf))).toMatch(/^415 the body of the request was in an unknown format/)
  })
})

const unknownFormat =
  '415 the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf'

test.each([
  [undefined, 'taken'],
  ['', 'taken'],
  ['application/json; charset=utf-8', 'taken'],
  ['APPLICATION/JSON', 'taken'],
  ['text/plain', unknownFormat],
  ['application/json;;', unknownFormat],
  ['application/merge-patch+json', unknownFormat],
  ['application/cbor', unknownFormat],
])('Content-Type %j', (contentType, answer) => {
  expect(refusal(() => configMap('{}', contentType ?? undefined))).toBe(answer)
})

test('other kinds may be read by the same schema', () => {
  const options = {
    contentType: json,
    expected: { group: '', version: 'v1', kind: 'DeleteOptions' },
    alsoAccepts: [{ group: 'apps', version: 'v1', kind: 'DeleteOptions' }],
    schema: schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'),
    custom: false,
    fieldValidation: 'Ignore',
  } as const
  const body = Buffer.from('{"apiVersion":"apps/v1","kind":"DeleteOptions","propagationPolicy":"Orphan","what":1}')
  expect(decodeObject(body, options)).toMatchObject({
    kind: { group: 'apps', version: 'v1', kind: 'DeleteOptions' },
    object: { propagationPolicy: 'Orphan' },
  })
  expect(refusal(() => decodeObject(Buffer.from('{"kind":"Pod","apiVersion":"v1"}'), options))).toMatch(
    /^400 Pod in version "v1"/,
  )
})

test.each([
  ['[{"op":"add"}]', 'application/json-patch+json', [{ op: 'add' }]],
  ['null', 'application/merge-patch+json', null],
  ['a: yes', 'application/apply-patch+yaml', { a: true }],
  ['{"a":"x"}', undefined, { a: 'x' }],
])('a document %s of %s', (body, contentType, value) => {
  expect(decodeDocument(Buffer.from(body), contentType)).toEqual(value)
})

test('a document may be nested as deep as an object, and no deeper', () => {
  const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
  expect(refusal(() => decodeDocument(nested(1000), json))).toBe('taken')
  expect(refusal(() => decodeDocument(nested(1001), json))).toBe('400 exceeded max depth')
  expect(refusal(() => decodeDocument(nested(1001), yaml))).toBe('400 yaml: line 1: exceeded max depth of 1000')
})

test('whatever the body, the answer is an object or a StatusError', () => {
  const keys = fc.constantFrom(
    'kind',
    'apiVersion',
    'metadata',
    'data',
    'name',
    'labels',
    '__proto__',
    'binaryData',
    'managedFields',
  )
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(null, true, 1, 1.5, 'v1', 'ConfigMap', 'a', ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  })).value
  const bodies = fc.oneof(
    values.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes])),
  )
  fc.assert(
    fc.property(bodies, fc.constantFrom(json, yaml, protobuf), fc.boolean(), (body, contentType, custom) => {
      refusal(() => (custom ? plain(body.toString(), contentType) : configMap(body, contentType)))
    }),
    { numRuns: 1000 },
  )
})

test('three mebibytes of anything are answered in seconds', () => {
  const size = 3 * 1024 * 1024
  const bodies = [
    '{"a":'.repeat(size / 5),
    '"'.repeat(size),
    '\\'.repeat(size),
    '['.repeat(size),
    `{"data":{${'"a":"b",'.repeat(size / 8)}"a":"b"}}`,
    '- '.repeat(size / 2),
    '&a '.repeat(size / 3),
    '1'.repeat(size),
    `[${'"\\\\",'.repeat(size / 5)}1]`,
  ]
  for (const body of bodies) {
    for (const contentType of [json, yaml]) {
      const started = performance.now()
      refusal(() => configMap(body, contentType))
      expect([body.slice(0, 8), contentType, performance.now() - started < 10_000]).toEqual([
        body.slice(0, 8),
        contentType,
        true,
      ])
    }
  }
})
