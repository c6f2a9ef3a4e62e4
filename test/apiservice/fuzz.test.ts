import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src/machinery/log.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { type Received, type Sent, send } from '../fixtures/send.ts'

/** Requests per property; more for a long hunt. */
const runs = Number(process.env['ENTREPOT_FUZZ_RUNS'] ?? '300')
const patienceMs = 5000

let hub: TestHub
const complaints: string[] = []
const complain = (fields: object, message: string) => {
  const error = 'err' in fields && fields.err instanceof Error ? fields.err.stack : ''
  complaints.push(`${message} ${JSON.stringify(fields)} ${error}`)
}
const log: Logger = { ...silentLogger, error: complain }

beforeAll(async () => {
  hub = await startTestHub({ log })
})
afterAll(() => hub?.dispose())
beforeEach(() => {
  complaints.length = 0
})

const namespaced = '/api/v1/namespaces/fuzz'
const odd = [
  '__proto__',
  'constructor',
  '',
  ' ',
  'a/b',
  '\u0000',
  '\u{1f600}',
  'ü',
  '..',
  '*',
  '$patch',
  '%',
  '~1',
  '-1',
  'x'.repeat(300),
]
const word = fc.oneof(
  fc.constantFrom(...odd),
  fc.constantFrom(
    'a',
    'base',
    'default',
    'kube-system',
    'v1',
    'apps',
    'watch',
    'status',
    'scale',
    'All',
    'true',
    'null',
    '0',
    '1',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

const collections = [
  `${namespaced}/configmaps`,
  `${namespaced}/secrets`,
  `${namespaced}/services`,
  `${namespaced}/pods`,
  `${namespaced}/events`,
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/fuzz/deployments',
  '/apis/batch/v1/namespaces/fuzz/cronjobs',
  '/apis/autoscaling/v2/namespaces/fuzz/horizontalpodautoscalers',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  '/apis/core.oam.dev/v1beta1/namespaces/fuzz/applications',
  '/apis/shipments.entrepot.dev/v1alpha1/namespaces/fuzz/shipments',
]
const path = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...collections), fc.constantFrom('', '/a', '/base', '/base/status', '/base/scale'))
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...collections), fc.array(word, { maxLength: 3 }))
      .map(([start, rest]) => [start, ...rest.map(encodeURIComponent)].join('/')),
  },
  {
    weight: 1,
    arbitrary: fc.array(word, { maxLength: 7 }).map((words) => `/${words.map(encodeURIComponent).join('/')}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/api',
      '/apis',
      '/openapi/v2',
      '/openapi/v3',
      '/version',
      '/readyz',
      '/metrics',
      '/apis/apps/v1',
      '/openapi/v3/apis/apps/v1',
      '/%zz',
      '/%e0%a4',
      '/.',
    ),
  },
)

// No `watch`: its end would be waited for.
const parameters = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'timeoutSeconds',
  'timeout',
  'pretty',
  'fieldManager',
  'fieldValidation',
  'force',
  'dryRun',
  'includeObject',
  'gracePeriodSeconds',
  'propagationPolicy',
  'orphanDependents',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'exact',
  'verbose',
]
const value = fc.oneof(
  word,
  fc.constantFrom(
    'a in (b',
    'a=b,!c',
    'metadata.name=base',
    'metadata.namespace!=x',
    'status.phase=x',
    'NotOlderThan',
    'Exact',
    'Strict',
    'Orphan',
    '1s',
    '-5',
    '1e9',
    '99999999999999999999',
    'None',
    'Object',
  ),
)
const query = fc
  .array(fc.tuple(fc.constantFrom(...parameters), value), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${encodeURIComponent(text.toWellFormed())}`).join('&'))

const media = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/apply-patch+cbor',
  'text/plain',
  '*/*',
  'constructor',
  '',
]
const mediaParameters = [
  '',
  ';as=Table;g=meta.k8s.io;v=v1',
  ';as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  ';as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  ';q=0',
  ';q=x',
  ';stream=watch',
  ';charset=utf-8',
  ';;=',
  ',',
  ', */*;q=0.1',
]
const mediaType = fc
  .tuple(fc.constantFrom(...media), fc.constantFrom(...mediaParameters))
  .map((parts) => parts.join(''))
const printable = fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''))

const fieldNames = [
  'metadata',
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'fieldsV1',
  'f:data',
  'k:{"name":"a"}',
  'v:1',
  'resourceVersion',
  'uid',
  'generateName',
  'creationTimestamp',
  'spec',
  'status',
  'data',
  'stringData',
  'binaryData',
  'kind',
  'apiVersion',
  'template',
  'containers',
  'image',
  'ports',
  'containerPort',
  'port',
  'selector',
  'matchLabels',
  'matchExpressions',
  'replicas',
  'strategy',
  'schedule',
  'jobTemplate',
  'components',
  'type',
  'properties',
  'traits',
  'policies',
  'workflow',
  'steps',
  'rules',
  'verbs',
  'metrics',
  'volumes',
  'env',
  'valueFrom',
  'resources',
  'limits',
  '$patch',
  '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers',
  '$retainKeys',
  'op',
  'path',
  'from',
  'value',
  'items',
]

/** JSON that looks like an object of Kubernetes, with something wrong anywhere. */
const json = fc.letrec<{ readonly any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(
      word,
      fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e21, 'base', '80%', '1Gi', '2020-01-01T00:00:00Z'),
    ),
    fc.array(tie('any'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.oneof(word, fc.constantFrom(...fieldNames)), tie('any')), { maxLength: 4 })
      .map((fields) => Object.fromEntries(fields)),
  ),
})).any

const starts: Readonly<Record<string, unknown>>[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  },
  { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }], selector: { a: 'b' } } },
  {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    spec: { components: [{ name: 'x', type: 'k8s-objects', properties: { objects: [] } }] },
  },
]

/** A sound object in which one value, anywhere, is another. */
const damaged = fc
  .tuple(
    fc.constantFrom(...starts),
    fc.constantFrom('base', 'a', 'b'),
    fc.array(fc.nat({ max: 5 }), { maxLength: 7 }),
    fc.oneof(word, fc.constantFrom(...fieldNames)),
    json,
  )
  .map(([start, name, steps, field, wrong]) => {
    const object: Record<string, unknown> = structuredClone({ ...start, metadata: { name } })
    let at: object = object
    for (const step of steps) {
      const inner: unknown = Object.values(at)[step]
      if (typeof inner === 'object' && inner !== null) at = inner
    }
    Object.defineProperty(at, Array.isArray(at) ? '0' : field, {
      value: wrong,
      enumerable: true,
      configurable: true,
      writable: true,
    })
    return object
  })

const jsonPatch = fc.array(
  fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc
      .array(fc.oneof(word, fc.constantFrom(...fieldNames, '0', '-')), { maxLength: 4 })
      .map((steps) => steps.map((step) => `/${step}`).join('')),
    from: fc.constantFrom('/metadata', '/data/a', '', '/spec/template', '/metadata/labels'),
    value: json,
  }),
  { maxLength: 4 },
)
const text = fc.oneof(
  fc.oneof(damaged, json, jsonPatch).map((object) => JSON.stringify(object) ?? ''),
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '{"a":1}{',
    '&a [*a]',
    'a: *b',
    '? {}\n: x',
    '!!js/function x',
    '{"metadata":{"generation":1e400}}',
    '{"metadata":{"name":"\\ud800"}}',
    '---\n---\n',
    '\t',
  ),
)
/** A body with a few bytes changed, lost or doubled. */
const body = fc
  .tuple(text, fc.boolean(), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 2 })), { maxLength: 3 }))
  .map(([sound, envelope, changes]) => {
    const bytes = [
      ...Buffer.from(envelope ? `k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\x0c\n\n\n\x04base*\x02v1${sound}` : sound),
    ]
    for (const [where, byte, what] of changes) {
      const at = bytes.length === 0 ? 0 : where % bytes.length
      bytes.splice(at, what === 0 ? 0 : 1, ...(what === 2 ? [] : [byte]))
    }
    return Buffer.from(bytes)
  })

const request: fc.Arbitrary<Sent> = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
    path,
    query,
    accept: fc.option(mediaType),
    contentType: fc.option(mediaType),
    ifNoneMatch: fc.option(printable),
    userAgent: fc.option(printable),
    encoding: fc.option(fc.constantFrom('gzip', 'gzip;q=0', '*', 'br')),
    body,
  })
  .map(({ method, path: where, query: asked, accept, contentType, ifNoneMatch, userAgent, encoding, body: bytes }) => ({
    method,
    // Two slashes at the start would name another host.
    path: `${where.replace(/^\/+/, '/')}?${asked}`,
    headers: {
      ...(accept === null ? {} : { accept }),
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(ifNoneMatch === null ? {} : { 'if-none-match': ifNoneMatch }),
      ...(userAgent === null ? {} : { 'user-agent': userAgent }),
      ...(encoding === null ? {} : { 'accept-encoding': encoding }),
    },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: bytes }),
  }))

/** Patches and writes that are nearly right get further than the rest. */
const nearly: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({ kind: fc.constantFrom(0, 1, 2, 3), object: damaged, put: fc.boolean() }).map(({ kind, object, put }) => ({
    method: put ? 'PUT' : 'POST',
    path: put ? `${homes[kind]}/base` : (homes[kind] ?? ''),
    body: { ...object, ...identity(kind) },
  })),
  fc
    .record({
      kind: fc.constantFrom(0, 1, 2, 3),
      type: fc.constantFrom('merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml', 'json-patch+json'),
      object: damaged,
      operations: jsonPatch,
      force: fc.boolean(),
    })
    .map(({ kind, type, object, operations, force }) => ({
      method: 'PATCH',
      path: `${homes[kind]}/base?fieldManager=fuzz${type === 'apply-patch+yaml' ? `&force=${force}` : ''}`,
      headers: { 'content-type': `application/${type}` },
      body: JSON.stringify(type === 'json-patch+json' ? operations : { ...object, ...identity(kind) }),
    })),
)
const homes = [collections[0], collections[6], collections[2], collections[11]]
const identity = (kind: number) => ({ apiVersion: starts[kind]?.['apiVersion'], kind: starts[kind]?.['kind'] })

function judge({ code, text: answer, headers }: Received, sent: Sent): void {
  const type = String(headers['content-type'] ?? '')
  expect(code).toBeGreaterThanOrEqual(200)
  if (code < 400 || sent.method === 'HEAD') return
  if (type.startsWith('text/plain')) {
    expect(code).toBe(404)
    return
  }
  if (!type.startsWith('application/json')) return
  const status = JSON.parse(answer) as Record<string, unknown>
  expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code })
  // kube-apiserver, too, answers some mistakes of a client with 500, but gives no reason then.
  expect(status['reason']).not.toBe('InternalError')
}

async function prepare(): Promise<void> {
  await send(hub, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'fuzz' } } })
  for (const [index, start] of starts.entries()) {
    await send(hub, { method: 'POST', path: homes[index] ?? '', body: { ...start, metadata: { name: 'base' } } })
  }
}

test.each([
  { what: 'requests that are anything', requests: request },
  { what: 'writes that are nearly right', requests: nearly },
])(
  '$what get a sound answer soon, and never meet a bug',
  async ({ requests }) => {
    await prepare()
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        judge(await send(hub, sent, patienceMs), sent)
        expect(complaints.splice(0)).toEqual([])
      }),
      { numRuns: runs, interruptAfterTimeLimit: runs * 200, markInterruptAsFailure: true },
    )
    expect(await send(hub, { method: 'GET', path: '/readyz' }, 2000)).toMatchObject({ code: 200, text: 'ok' })
  },
  Math.max(60_000, runs * 400),
)
