import { describe, expect, test } from 'vitest'
import { parseJson } from '../../../src/machinery/json.ts'
import { conform } from '../../../src/machinery/schema/conform.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { maxObjectDepth } from '../../../src/machinery/schema/read-message.ts'
import { anySchema, type Schema } from '../../../src/machinery/schema/schema.ts'

function builtIn(group: string, kind: string, object: Record<string, unknown>) {
  const schema = schemaOfKind(group, 'v1', kind)
  if (schema === undefined) throw new Error(`${kind} has no schema`)
  return conform(object, { schema, custom: false })
}

const text = (object: Record<string, unknown>) => JSON.stringify(object)

// Each right side is what kube-apiserver 1.36.3 stores for the left one, before defaulting.
describe('conform gives built-in kinds the shape that Go gives them', () => {
  test('leaves out what is empty, and writes the structs that are always there', () => {
    const { object } = builtIn('apps', 'Deployment', {
      spec: { template: { spec: { containers: [{ name: 'c', image: '', env: [], ports: null }] } }, replicas: 0 },
      metadata: { labels: {}, name: 'a', creationTimestamp: null, generation: 0 },
    })
    expect(text(object)).toBe(
      '{"metadata":{"name":"a"},"spec":{"replicas":0,"selector":null,"template":{"metadata":{},"spec":{"containers":' +
        '[{"name":"c","resources":{}}]}},"strategy":{}},"status":{}}',
    )
  })

  test('has no empty lists: what must be written is null', () => {
    const { object } = builtIn('discovery.k8s.io', 'EndpointSlice', { addressType: 'IPv4', endpoints: [], ports: [] })
    expect(text(object)).toBe('{"metadata":{},"addressType":"IPv4","endpoints":null,"ports":null}')
  })

  test('tells an empty object behind a pointer from none', () => {
    const { object } = builtIn('', 'Pod', {
      spec: { containers: [], volumes: [{ name: 'a', emptyDir: {} }, { name: 'b' }], securityContext: {} },
    })
    expect(object['spec']).toEqual({
      containers: null,
      volumes: [{ name: 'a', emptyDir: {} }, { name: 'b' }],
      securityContext: {},
    })
  })

  test('prints quantities, times, ports and base64 in their one form', () => {
    const { object } = builtIn('', 'Pod', {
      metadata: { deletionTimestamp: '2020-01-02T03:04:05.9+01:00' },
      spec: {
        containers: [
          {
            name: 'c',
            resources: { limits: { memory: '1024Mi', cpu: 0.5 } },
            livenessProbe: { httpGet: {}, tcpSocket: { port: 'http' } },
          },
        ],
      },
    })
    expect(object).toMatchObject({
      metadata: { deletionTimestamp: '2020-01-02T02:04:05Z' },
      spec: {
        containers: [
          {
            resources: { limits: { cpu: '500m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 0 }, tcpSocket: { port: 'http' } },
          },
        ],
      },
    })
    expect(builtIn('', 'Secret', { data: { a: 'YQ=\n=', b: 'YR==', c: null, d: '' } }).object['data']).toEqual({
      a: 'YQ==',
      b: 'YQ==',
      c: '',
      d: '',
    })
  })

  test('rounds the amounts of a resource list up to a thousandth, and no others', () => {
    const { object } = builtIn('', 'Pod', {
      spec: {
        containers: [{ name: 'c', resources: { limits: { cpu: '1500u', memory: '1Gi' } } }],
        volumes: [{ name: 'v', emptyDir: { sizeLimit: '1500u' } }],
      },
    })
    expect(object).toMatchObject({
      spec: {
        containers: [{ resources: { limits: { cpu: '2m', memory: '1Gi' } } }],
        volumes: [{ emptyDir: { sizeLimit: '1500u' } }],
      },
    })
  })

  test('sorts maps and orders fields as the type declares them', () => {
    const { object } = builtIn('', 'ConfigMap', {
      data: { b: '1', a: '2', ['__proto__']: '3' },
      kind: 'ConfigMap',
      metadata: { labels: { z: '1', a: '2' }, name: 'a' },
      apiVersion: 'v1',
    })
    expect(text(object)).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","labels":{"a":"2","z":"1"}},"data":{"__proto__":"3","a":"2","b":"1"}}',
    )
  })

  test('gives null elements the zero of their type', () => {
    expect(builtIn('', 'ConfigMap', { data: { a: null } }).object['data']).toEqual({ a: '' })
    expect(builtIn('', 'ConfigMap', { metadata: { finalizers: ['a/b', null] } }).object['metadata']).toEqual({
      finalizers: ['a/b', ''],
    })
    expect(builtIn('', 'Pod', { spec: { containers: [null] } }).object['spec']).toEqual({
      containers: [{ name: '', resources: {} }],
    })
  })

  test('prunes unknown fields and says where they stood', () => {
    const { object, unknown } = builtIn('', 'Pod', {
      foo: 1,
      spec: { containers: [{ name: 'c', env: [{ name: 'A', valu: 'x' }], constructor: 1 }], toString: {} },
      metadata: { Name: 'a' },
    })
    expect(unknown).toEqual([
      'foo',
      'spec.containers[0].env[0].valu',
      'spec.containers[0].constructor',
      'spec.toString',
      'metadata.Name',
    ])
    expect(object['foo']).toBeUndefined()
  })

  test('keeps untyped fields as they are', () => {
    const data = { z: [1, { b: null, a: [] }], a: '' }
    expect(builtIn('apps', 'ControllerRevision', { data, revision: 1 }).object['data']).toEqual(data)
  })

  test('reads the three short forms inside JSON schemas', () => {
    const openAPIV3Schema = {
      additionalProperties: false,
      items: [{ type: 'string' }, {}],
      dependencies: { a: ['b'], c: { type: 'object' } },
      properties: {
        x: { additionalProperties: { type: 'string', unheardOf: 1 }, enum: [null, 1, 'a'], default: null },
      },
    }
    const { object, unknown } = builtIn('apiextensions.k8s.io', 'CustomResourceDefinition', {
      spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema } }] },
    })
    expect(unknown).toEqual([]) // Go reads inside these forms without a word
    expect(object).toMatchObject({
      spec: {
        versions: [
          {
            schema: {
              openAPIV3Schema: {
                additionalProperties: false,
                items: [{ type: 'string' }, {}],
                dependencies: { a: ['b'], c: { type: 'object' } },
                properties: { x: { additionalProperties: { type: 'string' }, enum: [null, 1, 'a'] } },
              },
            },
          },
        ],
      },
    })
  })

  test('shares nothing that is typed with its input, so that defaulting may change the result in place', () => {
    const input = { metadata: { labels: { a: 'b' } }, data: { a: 'b' } }
    const { object } = builtIn('', 'ConfigMap', input)
    const data = object['data'] as Record<string, string>
    data['a'] = 'changed'
    expect(input.data.a).toBe('b')
  })
})

describe('conform refuses what does not fit, in the words of Go', () => {
  const into = (field: string, type: string, what = 'string') =>
    `json: cannot unmarshal ${what} into Go struct field ${field} of type ${type}`

  test.each([
    ['metadata', { metadata: 'x' }, into('Pod.metadata', 'v1.ObjectMeta')],
    ['a list', { spec: { containers: {} } }, into('PodSpec.spec.containers', '[]v1.Container', 'object')],
    ['a list element', { spec: { containers: ['x'] } }, into('PodSpec.spec.containers', 'v1.Container')],
    ['a map', { spec: { nodeSelector: [] } }, into('PodSpec.spec.nodeSelector', 'map[string]string', 'array')],
    ['a resource list', { spec: { overhead: 'x' } }, into('PodSpec.spec.overhead', 'v1.ResourceList')],
    ['a map value', { metadata: { labels: { a: true } } }, into('ObjectMeta.metadata.labels', 'string', 'bool')],
    ['a boolean', { spec: { hostNetwork: 'yes' } }, into('PodSpec.spec.hostNetwork', 'bool')],
    [
      'an integer',
      { spec: { containers: [{ ports: [{ containerPort: 80000000000 }] }] } },
      into('ContainerPort.spec.containers.ports.containerPort', 'int32', 'number 80000000000'),
    ],
    [
      'a port, through the struct that is embedded on the way',
      { spec: { containers: [{ livenessProbe: { tcpSocket: { port: 1.5 } } }] } },
      into('TCPSocketAction.spec.containers.livenessProbe.ProbeHandler.tcpSocket.port', 'int32', 'number 1.5'),
    ],
    [
      'a time',
      { metadata: { creationTimestamp: 5 } },
      into('ObjectMeta.metadata.creationTimestamp', 'string', 'number'),
    ],
    ['a quantity', { spec: { overhead: { cpu: true } } }, /^quantities must match the regular expression/],
  ])('%s', (_, object, message) => {
    expect(() => builtIn('', 'Pod', object)).toThrow(message)
  })

  test.each([
    ['###', 0],
    ['YQ', 0],
    ['YWJj*', 4],
    ['YWJjYQ=', 7],
    ['YWJj==', 4],
    ['YQ==YQ==', 4],
    ['==', 0],
  ])('base64 %s at byte %i', (data, at) => {
    expect(() => builtIn('', 'ConfigMap', { binaryData: { a: data } })).toThrow(
      `illegal base64 data at input byte ${at}`,
    )
  })

  test('an integer that is written with a fraction', () => {
    const { value, notes } = parseJson('{"value":80.0}', { numbers: true })
    const schema = schemaOfKind('scheduling.k8s.io', 'v1', 'PriorityClass')
    if (schema === undefined) throw new Error('PriorityClass has no schema')
    const object = value as Record<string, unknown>
    expect(() => conform(object, { schema, custom: false, notes })).toThrow(
      'number 80.0 into Go struct field PriorityClass.value',
    )
    expect(conform(object, { schema, custom: false }).object['value']).toBe(80)
  })

  test('nesting beyond the limit', () => {
    const definition = (depth: number) => {
      let schema: Record<string, unknown> = {}
      for (let level = 0; level < depth; level++) schema = { not: schema }
      return { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } }
    }
    const kind = 'CustomResourceDefinition'
    expect(builtIn('apiextensions.k8s.io', kind, definition(maxObjectDepth - 10)).unknown).toEqual([])
    expect(() => builtIn('apiextensions.k8s.io', kind, definition(50_000))).toThrow('exceeded max depth')
  })
})

describe('conform prunes custom resources by their structure', () => {
  const schema: Schema = {
    type: 'object',
    properties: new Map<string, Schema>([
      ['apiVersion', { type: 'string' }],
      ['kind', { type: 'string' }],
      ['metadata', { type: 'object' }],
      [
        'spec',
        {
          type: 'object',
          properties: new Map<string, Schema>([
            ['a', { type: 'string' }],
            ['withDefault', { type: 'string', default: 'x' }],
            ['nullable', { type: 'string', nullable: true }],
            ['list', { type: 'array', items: { type: 'object', properties: new Map([['x', { type: 'boolean' }]]) } }],
            ['map', { type: 'object', values: { type: 'string' } }],
            ['open', { type: 'object', preserveUnknown: true, properties: new Map([['known', { type: 'object' }]]) }],
            ['any', anySchema],
            ['embedded', { type: 'object', embedded: true, preserveUnknown: true }],
          ]),
        },
      ],
    ]),
  }
  const custom = (object: Record<string, unknown>) => conform(object, { schema, custom: true })
  const plain = { apiVersion: 'g/v1', kind: 'Plain' }

  test('and reports unknown fields in the order of kube-apiserver', () => {
    const { object, unknown } = custom({
      ...plain,
      spec: {
        zz: 1,
        list: [{ y: 1, x: true }],
        embedded: { kind: 'X', apiVersion: 'v1', metadata: { foo: 1, name: 'q' }, more: 1 },
        open: { extra: { b: 1, a: [] }, known: { gone: 1 } },
      },
      metadata: { zfoo: 1, name: 'a' },
      abc: 1,
    })
    expect(unknown).toEqual([
      'metadata.zfoo',
      'abc',
      'spec.list[0].y',
      'spec.open.known.gone',
      'spec.zz',
      'spec.embedded.metadata.foo',
    ])
    expect(text(object)).toBe(
      '{"apiVersion":"g/v1","kind":"Plain","metadata":{"name":"a"},"spec":{"embedded":{"apiVersion":"v1","kind":"X","metadata":' +
        '{"name":"q"},"more":1},"list":[{"x":true}],"open":{"extra":{"a":[],"b":1},"known":{}}}}',
    )
  })

  test('and drops nulls that have no place, leaving the others to defaulting and validation', () => {
    const { object } = custom({
      ...plain,
      spec: { a: null, withDefault: null, nullable: null, any: null, map: { x: null, y: '1' }, list: [null] },
    })
    expect(object['spec']).toEqual({ withDefault: null, nullable: null, any: null, map: { y: '1' }, list: [null] })
  })

  test('and leaves types to validation', () => {
    const spec = { a: 5, list: 'x', map: [1], any: { deep: [1, 'x'] } }
    expect(custom({ ...plain, spec }).object['spec']).toEqual(spec)
  })

  test('but not those of metadata', () => {
    expect(() => custom({ ...plain, metadata: { labels: { a: 5 } } })).toThrow(
      'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    )
    expect(() => custom({ ...plain, metadata: 'x' })).toThrow(
      'json: cannot unmarshal string into Go value of type v1.ObjectMeta',
    )
    expect(() => custom({ ...plain, spec: { embedded: { metadata: { name: 5 } } } })).toThrow(
      'spec.embedded.metadata: Invalid value: {"name":5}: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    )
  })

  test('and refuses what is nested too deeply', () => {
    const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown
    expect(custom({ ...plain, spec: { any: nested(maxObjectDepth - 2) } }).unknown).toEqual([])
    expect(() => custom({ ...plain, spec: { any: nested(50_000) } })).toThrow('exceeded max depth')
  })
})
