import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, connect as dial } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect, type RemoteClientOptions, type RemoteCluster } from '../../src/clusters/remote-client.ts'
import type { ClusterTarget } from '../../src/clusters/target.ts'
import type { WatchEvent } from '../../src/machinery/client.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Authority, type Issued } from './authority.ts'
import { type Answer, type FaultServer, type SeenRequest, startFaultServer } from './fault-server.ts'

const configMaps: ResourceInfo = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  singular: 'configmap',
}
const key = { namespace: 'default', name: 'a' }
const object = (name: string, resourceVersion = '5') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, resourceVersion },
})
const line = (type: string, value: unknown): string => `${JSON.stringify({ type, object: value })}\n`

let authority: Authority
let identity: Issued
let server: FaultServer
const cleanups: (() => unknown)[] = []

beforeAll(async () => {
  authority = await Authority.create()
  identity = await authority.issue('server', { hosts: ['127.0.0.1', 'localhost'] })
})
beforeEach(async () => {
  server = await startFaultServer(identity)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await server.close()
})
afterAll(() => vi.restoreAllMocks())

function client(more: Partial<ClusterTarget> = {}, options: RemoteClientOptions = {}): RemoteCluster {
  const made = connect({ server: server.url, ca: authority.pem, token: 'secret-token', ...more }, options)
  cleanups.push(() => made.close())
  return made
}

async function errorOf(work: Promise<unknown>): Promise<StatusError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StatusError)
  return error as StatusError
}

async function collect(events: AsyncIterable<WatchEvent>): Promise<string[]> {
  const told: string[] = []
  for await (const { type, object: value } of events) told.push(`${type} ${value.metadata.name ?? ''}`.trim())
  return told
}

describe('what cannot be connected to', () => {
  test.each([
    { name: 'a port where nobody listens', target: { server: 'https://127.0.0.1:1' }, says: 'connection refused' },
    { name: 'a name that does not exist', target: { server: 'https://nobody.invalid' }, says: 'no such host|resolved' },
    { name: 'a server of another authority', target: { ca: 'other' }, says: 'signed by an unknown authority' },
    {
      name: 'a server that the system does not know',
      target: { ca: undefined },
      says: 'signed by an unknown authority',
    },
    { name: 'a certificate for another name', target: { serverName: 'elsewhere' }, says: 'for another name' },
  ])('is $name, and is told in words', async ({ target, says }) => {
    const other = await Authority.create('other')
    const { ca, ...rest } = { ca: authority.pem, ...target }
    const made = connect({ server: server.url, ...(ca && { ca: ca === 'other' ? other.pem : ca }), ...rest })
    cleanups.push(() => made.close())
    const error = await errorOf(made.get(configMaps, key))
    expect(error.reason).toBe('ServiceUnavailable')
    expect(error.message).toMatch(new RegExp(`^dial ${made.server}: .*(${says})`))
  })

  test('is a server whose certificate has expired', async () => {
    const expired = await startFaultServer(await authority.issue('x', { hosts: ['127.0.0.1'], expired: true }))
    cleanups.push(() => expired.close())
    const error = await errorOf(client({ server: expired.url }).get(configMaps, key))
    expect(error.message).toBe(`dial ${expired.url}: the certificate has expired`)
  })

  test('is a server that wants a client certificate from one that has none, but not from one that has', async () => {
    const strict = await startFaultServer(identity, { clientCa: authority.pem })
    cleanups.push(() => strict.close())
    strict.handler = (_request, answer) => answer.json(object('a'))
    const error = await errorOf(client({ server: strict.url }).get(configMaps, key))
    expect(error.message).toMatch(/^dial .*(certificate required|connection reset|connection was closed)/)
    const { cert, key: clientKey } = await authority.issue('admin')
    const known = client({ server: strict.url, clientCert: cert, clientKey })
    expect(await known.get(configMaps, key)).toEqual(object('a'))
  })

  test('is a server without TLS', async () => {
    const plain = createServer().listen(0, '127.0.0.1')
    cleanups.push(() => plain.close())
    await vi.waitFor(() => expect(plain.listening).toBe(true))
    const { port } = plain.address() as AddressInfo
    const error = await errorOf(client({ server: `https://127.0.0.1:${port}` }).get(configMaps, key))
    expect(error.message).toMatch(/does not speak TLS|TLS handshake failed|connection/)
  })

  test.each([
    { server: 'http://127.0.0.1:6443', says: 'must be reached over https' },
    { server: 'nonsense', says: 'is no URL' },
    { server: 'https://user:password@example.com', says: 'neither a user' },
    { server: 'https://169.254.169.254', says: 'link-local' },
    { server: 'https://[::ffff:169.254.169.254]', says: 'link-local' },
    { server: 'https://[fe80::1]', says: 'link-local' },
    { server: 'https://2852039166', says: 'link-local' },
    { server: 'https://100.100.100.200', says: 'metadata' },
  ])('refuses to be a client of $server', ({ server: url, says }) => {
    expect(() => connect({ server: url })).toThrow(says)
  })

  test.each([
    'https://127.0.0.1',
    'https://[::1]',
    'https://0.0.0.0',
    'https://[::ffff:127.0.0.1]',
  ])('refuses to be a client of %s where this machine is off limits', (url) =>
    expect(() => connect({ server: url }, { allowLoopback: false })).toThrow('loopback'))

  test('is a name that resolves to a refused address', async () => {
    const named = client({ server: `https://localhost:${server.port}` }, { allowLoopback: false })
    expect((await errorOf(named.get(configMaps, key))).message).toMatch(/localhost is refused: .* loopback address/)
    expect(server.accepted).toBe(0)
    server.handler = (_request, answer) => answer.json(object('a'))
    expect(await client({ server: `https://localhost:${server.port}` }).get(configMaps, key)).toEqual(object('a'))
  })

  test('is known by verification that no environment variable switches off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    cleanups.push(() => vi.unstubAllEnvs())
    const other = await Authority.create('other')
    expect((await errorOf(client({ ca: other.pem }).get(configMaps, key))).message).toMatch('unknown authority')
  })

  test('is let through only on request', async () => {
    const made = connect({ server: server.url, insecureSkipVerify: true })
    cleanups.push(() => made.close())
    server.handler = (_request, answer) => answer.json(object('a'))
    expect(await made.get(configMaps, key)).toEqual(object('a'))
  })
})

describe('requests', () => {
  test.each([
    {
      verb: 'get',
      call: (c: RemoteCluster) => c.get(configMaps, key),
      sent: 'GET /api/v1/namespaces/default/configmaps/a?',
    },
    {
      verb: 'create',
      call: (c: RemoteCluster) => c.create(configMaps, object('a'), { fieldManager: 'm', dryRun: true }),
      sent: 'POST /api/v1/namespaces/default/configmaps?fieldManager=m&dryRun=All',
    },
    {
      verb: 'update',
      call: (c: RemoteCluster) => c.update(configMaps, object('a'), { subresource: 'status' }),
      sent: 'PUT /api/v1/namespaces/default/configmaps/a/status?',
    },
    {
      verb: 'apply',
      call: (c: RemoteCluster) => c.apply(configMaps, object('a'), { fieldManager: 'm', force: true }),
      sent: 'PATCH /api/v1/namespaces/default/configmaps/a?fieldManager=m&force=true',
    },
    {
      verb: 'patch',
      call: (c: RemoteCluster) => c.patch(configMaps, key, { data: { x: null } }),
      sent: 'PATCH /api/v1/namespaces/default/configmaps/a?',
    },
    {
      verb: 'remove',
      call: (c: RemoteCluster) =>
        c.remove(configMaps, key, { uid: 'u', propagationPolicy: 'Foreground', dryRun: true }),
      sent: 'DELETE /api/v1/namespaces/default/configmaps/a?',
    },
  ])('$verb says what it means', async ({ verb, call, sent }) => {
    server.handler = (_request, answer) => answer.json(object('a'))
    await call(client())
    const [request] = server.seen
    expect(`${request?.method} ${request?.path}?${request?.query}`).toBe(sent)
    expect(request?.headers).toMatchObject({ authorization: 'Bearer secret-token', 'user-agent': 'entrepot' })
    if (verb === 'apply') expect(request?.headers['content-type']).toBe('application/apply-patch+yaml')
    if (verb === 'patch') expect(request?.headers['content-type']).toBe('application/merge-patch+json')
    if (verb === 'remove') {
      expect(JSON.parse(request?.body ?? '')).toEqual({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u' },
        propagationPolicy: 'Foreground',
        dryRun: ['All'],
      })
    }
  })

  test('keep the prefix of the server', async () => {
    server.handler = (_request, answer) => answer.json(object('a'))
    await client({ server: `${server.url}/k8s/clusters/c-1/` }).get(configMaps, key)
    expect(server.seen[0]?.path).toBe('/k8s/clusters/c-1/api/v1/namespaces/default/configmaps/a')
  })

  test('for one object never become one for all of them', async () => {
    const nameless = { namespace: 'default', name: '' }
    expect((await errorOf(client().remove(configMaps, nameless))).message).toBe('ConfigMap: name is required')
    expect((await errorOf(client().remove(configMaps, { namespace: '', name: 'a' }))).reason).toBe('BadRequest')
    for (const name of ['..', '.', 'a/b', '%2e%2e']) {
      const strange = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } }
      expect((await errorOf(client().update(configMaps, strange))).message).toMatch('cannot be a name in a path')
      expect((await errorOf(client().list(configMaps, { namespace: name }))).reason).toBe('BadRequest')
    }
    expect(server.seen).toEqual([])
  })

  test('bring unknown fields and the Status of a refusal back as they are', async () => {
    const strange = { ...object('a'), future: { deep: [1, { x: 'y' }] } }
    server.handler = (_request, answer) => answer.json(strange)
    expect(await client().get(configMaps, key)).toEqual(strange)
    const refusal = StatusError.conflict(configMaps, 'a').toStatus()
    server.handler = (_request, answer) => answer.json(refusal, 409)
    expect((await errorOf(client().update(configMaps, object('a')))).toStatus()).toEqual(refusal)
  })

  test.each([
    { status: 500, body: 'oops', reason: 'InternalError', says: 'answered 500: oops' },
    { status: 503, body: '<html>', reason: 'ServiceUnavailable', says: 'answered 503: <html>' },
    { status: 401, body: '', reason: 'Unauthorized', says: 'answered 401' },
    { status: 404, body: '{"kind":"Status"', reason: 'NotFound', says: 'answered 404' },
    { status: 502, body: 'bad gateway', reason: 'InternalError', says: 'answered 502: bad gateway' },
    { status: 200, body: 'hello', reason: 'ServiceUnavailable', says: 'something that is no JSON' },
    { status: 200, body: '[]', reason: 'ServiceUnavailable', says: 'something that is no object' },
  ])('make an error of an answer $status $body', async ({ status, body, reason, says }) => {
    server.handler = (_request, answer) => answer.json(body, status)
    const error = await errorOf(client().get(configMaps, key))
    expect(error.reason).toBe(reason)
    expect(error.message).toContain(says)
  })

  test.each([
    301, 302, 307, 308,
  ])('never follow a redirect (%i), not even to another place of their own', async (code) => {
    const trap = await startFaultServer(identity)
    cleanups.push(() => trap.close())
    server.handler = (_request, answer) => answer.json('', code, { location: `${trap.url}/api` })
    const error = await errorOf(client().get(configMaps, key))
    expect(error.message).toBe(`${server.url} answered with a redirect (${code}), which is never followed`)
    expect(trap.accepted).toBe(0)
    expect(server.seen).toHaveLength(1)
  })

  test('wait as told when the server is busy', async () => {
    const busy = StatusError.tooManyRequests('busy', 0).toStatus()
    server.handler = (_request, answer) =>
      server.seen.length < 3 ? answer.json(busy, 429, { 'retry-after': '0' }) : answer.json(object('a'))
    expect(await client().get(configMaps, key)).toEqual(object('a'))
    server.handler = (_request, answer) => answer.json(busy, 429, { 'retry-after': '60' })
    expect((await errorOf(client().get(configMaps, key))).reason).toBe('TooManyRequests')
  })

  test('end with Timeout when the answer does not come, or not to its end', async () => {
    const slow = client({}, { requestTimeoutMs: 100 })
    const error = await errorOf(slow.get(configMaps, key))
    expect(error.reason).toBe('Timeout')
    expect(error.message).toBe(`${server.url} did not answer GET /api/v1/namespaces/default/configmaps/a within 0.1 s`)
    server.handler = (_request, answer) => answer.stream().send('{"apiVersion":')
    expect((await errorOf(slow.get(configMaps, key))).reason).toBe('Timeout')
    server.handler = (_request, answer) => answer.json(object('a'))
    expect(await slow.get(configMaps, key)).toEqual(object('a'))
  })

  test('end with Timeout when the connection itself hangs', async () => {
    const mute = createTcpServer(() => undefined).listen(0, '127.0.0.1')
    cleanups.push(() => mute.close())
    await vi.waitFor(() => expect(mute.listening).toBe(true))
    const { port } = mute.address() as AddressInfo
    const error = await errorOf(
      client({ server: `https://127.0.0.1:${port}` }, { requestTimeoutMs: 200 }).get(configMaps, key),
    )
    expect(['Timeout', 'ServiceUnavailable']).toContain(error.reason)
  })

  test('end with the reason of whoever gives up on them', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    server.handler = () => controller.abort(reason)
    await expect(client().get(configMaps, key, { signal: controller.signal })).rejects.toBe(reason)
    await expect(client().get(configMaps, key, { signal: controller.signal })).rejects.toBe(reason)
  })

  test('refuse an answer that is too long', async () => {
    server.handler = (_request, answer) => answer.json({ x: 'y'.repeat(100_000) })
    const error = await errorOf(client().request({ method: 'GET', path: '/version', limitBytes: 1000 }))
    expect(error.reason).toBe('RequestEntityTooLarge')
  })

  test('are refused by a client that was closed', async () => {
    const made = client()
    await made.close()
    expect((await errorOf(made.get(configMaps, key))).message).toMatch('is closed')
  })
})

describe.each([{ http1: false }, { http1: true }])('connections, with http1 only: $http1', ({ http1 }) => {
  beforeEach(async () => {
    await server.close()
    server = await startFaultServer(identity, { http1 })
  })

  test('are few for many requests at once', async () => {
    server.handler = (request, answer) => {
      // Nobody is answered before all have come as far as they can.
      setTimeout(() => answer.json(object(request.path.split('/').at(-1) ?? '')), 5)
    }
    const made = client()
    const names = Array.from({ length: 300 }, (_, index) => `n${index}`)
    const got = await Promise.all(names.map((name) => made.get(configMaps, { namespace: 'default', name })))
    expect(got.map(({ metadata }) => metadata.name)).toEqual(names)
    // 100 streams to a connection over HTTP/2.
    expect(server.accepted).toBeLessThanOrEqual(http1 ? 16 : 4)
  })

  test('that break fail what was on them, and the next request has a new one', async () => {
    const made = client()
    server.handler = () => server.cut()
    const error = await errorOf(made.get(configMaps, key))
    expect(error.reason).toBe('ServiceUnavailable')
    expect(error.message).toMatch(/^dial .*(reset|closed|ended)/)
    server.handler = (_request, answer) => answer.json(object('a'))
    expect(await made.get(configMaps, key)).toEqual(object('a'))
  })

  test('lose one request without losing the others', async () => {
    const made = client()
    server.handler = (request, answer) =>
      request.path.endsWith('bad') ? answer.reset() : setTimeout(() => answer.json(object('a')), 20)
    const [bad, ...good] = await Promise.allSettled(
      ['bad', 'a', 'b', 'c'].map((name) => made.get(configMaps, { namespace: 'default', name })),
    )
    expect(bad?.status).toBe('rejected')
    expect(good.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  })

  test('survive a server that asks them to go away, without failing a request', async () => {
    const made = client()
    let answered = 0
    server.handler = (_request, answer) => {
      if (++answered % 20 === 0) server.goAway()
      setTimeout(() => answer.json(object('a')), 2)
    }
    const results: PromiseSettledResult<unknown>[] = []
    for (let round = 0; round < 10; round++) {
      results.push(...(await Promise.allSettled(Array.from({ length: 30 }, () => made.get(configMaps, key)))))
    }
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
    if (!http1) expect(server.accepted).toBeGreaterThan(5)
  })

  test('of watches do not keep requests waiting', async () => {
    const made = client()
    const controller = new AbortController()
    server.handler = (request, answer) => (request.query.has('watch') ? void answer.stream() : answer.json(object('a')))
    const watches = Array.from({ length: 60 }, () =>
      collect(made.watch(configMaps, { resourceVersion: '1', signal: controller.signal })),
    )
    await vi.waitFor(() => expect(server.seen).toHaveLength(60))
    expect(await made.get(configMaps, key)).toEqual(object('a'))
    expect(server.accepted).toBeLessThanOrEqual(http1 ? 61 : 2)
    controller.abort()
    expect(await Promise.all(watches)).toEqual(watches.map(() => []))
  })
})

describe('a list', () => {
  const items = Array.from({ length: 1100 }, (_, index) => ({ metadata: { namespace: 'default', name: `n${index}` } }))
  const page = (request: SeenRequest, answer: Answer): void => {
    const from = Number(request.query.get('continue') ?? '0')
    const to = from + Number(request.query.get('limit') ?? items.length)
    const metadata = { resourceVersion: '77', ...(to < items.length ? { continue: String(to) } : {}) }
    answer.json({ kind: 'ConfigMapList', apiVersion: 'v1', metadata, items: items.slice(from, to) })
  }

  test('comes in pages, and its items say what they are', async () => {
    server.handler = page
    const list = await client().list(configMaps, { labelSelector: 'a=b' })
    expect(list.items).toHaveLength(1100)
    expect(list.items[0]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', ...items[0] })
    expect(list).toMatchObject({ resourceVersion: '77' })
    expect(server.seen.map(({ query }) => query.toString())).toEqual([
      'labelSelector=a%3Db&limit=500',
      'labelSelector=a%3Db&limit=500&continue=500',
      'labelSelector=a%3Db&limit=500&continue=1000',
    ])
  })

  test('is one page for whoever asks for pages', async () => {
    server.handler = page
    const list = await client().list(configMaps, { namespace: 'default', limit: 10 })
    expect(list.items).toHaveLength(10)
    expect(list.continue).toBe('10')
  })

  test('begins anew in one piece when its pages expire on the way', async () => {
    server.handler = (request, answer) =>
      request.query.has('continue')
        ? answer.json(StatusError.expired('too old').toStatus(), 410)
        : page(request, answer)
    expect((await client().list(configMaps)).items).toHaveLength(1100)
  })

  test('that is empty may be null', async () => {
    server.handler = (_request, answer) => answer.json({ metadata: { resourceVersion: '1' }, items: null })
    expect(await client().list(configMaps)).toEqual({ items: [], resourceVersion: '1' })
  })

  test('with a broken item is no list', async () => {
    server.handler = (_request, answer) => answer.json({ metadata: { resourceVersion: '1' }, items: ['x'] })
    expect((await errorOf(client().list(configMaps))).message).toMatch('something that is no object')
  })
})

describe('a watch', () => {
  const watch = (signal = new AbortController().signal, options: RemoteClientOptions = {}) =>
    client({}, options).watch(configMaps, { namespace: 'default', resourceVersion: '5', labelSelector: 'a', signal })

  test('asks for bookmarks and gives every event, however the bytes are cut', async () => {
    const text =
      line('ADDED', object('a')) +
      line('MODIFIED', { ...object('ü'), data: { x: 'é\n€' } }) +
      line('BOOKMARK', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: '9' } }) +
      line('DELETED', object('a'))
    server.handler = async (_request, answer) => {
      const stream = answer.stream()
      for (let at = 0; at < text.length; at += 7) {
        stream.send(text.slice(at, at + 7))
        if (at % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      stream.end()
    }
    expect(await collect(watch())).toEqual(['ADDED a', 'MODIFIED ü', 'BOOKMARK', 'DELETED a'])
    expect(server.seen[0]?.query.toString()).toMatch(
      /^watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=[345]\d\d&labelSelector=a$/,
    )
  })

  test.each([
    { how: 'an ERROR frame', send: (answer: Answer) => answer.stream().send(line('ERROR', gone('Expired'))) },
    {
      how: 'an ERROR frame that says Gone',
      send: (answer: Answer) => answer.stream().send(line('ERROR', gone('Gone'))),
    },
    { how: 'an answer 410', send: (answer: Answer) => answer.json(gone('Gone'), 410) },
  ])('is Expired after $how', async ({ send }) => {
    server.handler = (_request, answer) => send(answer)
    expect((await errorOf(collect(watch()))).reason).toBe('Expired')
  })

  test.each([
    { how: 'half a line', text: '{"type":"ADD', says: 'in the middle of an event' },
    { how: 'no JSON', text: 'hello\n', says: 'no JSON' },
    { how: 'an unknown type', text: line('SHOUTED', object('a')), says: 'no event' },
    { how: 'no object', text: line('ADDED', 'a'), says: 'no event' },
    { how: 'an error that is no Status', text: line('ERROR', 'a'), says: 'no Status' },
    { how: 'a line without end', text: 'x'.repeat(17 * 2 ** 20), says: 'more than' },
  ])('fails on $how after giving what came before', async ({ text, says }) => {
    server.handler = (_request, answer) => {
      const stream = answer.stream()
      stream.send(line('ADDED', object('a')))
      stream.send(text)
      stream.end()
    }
    const told: string[] = []
    const error = await errorOf(
      (async () => {
        for await (const { type } of watch()) told.push(type)
      })(),
    )
    expect(told).toEqual(['ADDED'])
    expect(error.reason).toBe('ServiceUnavailable')
    expect(error.message).toContain(says)
  })

  test('fails when its connection breaks', async () => {
    server.handler = (_request, answer) => {
      answer.stream().send(line('ADDED', object('a')))
      setTimeout(() => server.cut(), 20)
    }
    expect((await errorOf(collect(watch()))).message).toMatch(/^dial /)
  })

  test('ends quietly when it has been silent for too long', async () => {
    server.handler = (_request, answer) => answer.stream().send(line('ADDED', object('a')))
    expect(await collect(watch(undefined, { watchIdleMs: 50 }))).toEqual(['ADDED a'])
  })

  test('ends quietly when its reader leaves or its signal aborts, and the server sees that', async () => {
    const controller = new AbortController()
    server.handler = (_request, answer) => answer.stream().send(line('ADDED', object('a')) + line('ADDED', object('b')))
    for await (const event of watch()) {
      expect(event.type).toBe('ADDED')
      break
    }
    const told = collect(watch(controller.signal))
    await vi.waitFor(() => expect(server.seen).toHaveLength(2))
    controller.abort()
    expect((await told).length).toBeLessThanOrEqual(2)
    expect(await collect(watch(controller.signal))).toEqual([])
  })

  test('ends when its client is closed', async () => {
    server.handler = (_request, answer) => answer.stream().send(line('ADDED', object('a')))
    const made = client()
    const told = errorOf(
      collect(made.watch(configMaps, { resourceVersion: '5', signal: new AbortController().signal })),
    )
    await vi.waitFor(() => expect(server.seen).toHaveLength(1))
    await made.close()
    expect((await told).reason).toBe('ServiceUnavailable')
  })

  function gone(reason: string) {
    return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: 'too old', code: 410 }
  }
})

describe('through a proxy', () => {
  test('the cluster is reached by a tunnel, verified as ever', async () => {
    const tunnels: string[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(`${request.url} ${request.headers.authorization ?? 'no token'}`)
      const onward = dial(server.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      onward.on('error', () => socket.destroy()).pipe(socket)
      socket.on('error', () => onward.destroy()).pipe(onward)
    })
    proxy.listen(0, '127.0.0.1')
    await vi.waitFor(() => expect(proxy.listening).toBe(true))
    cleanups.push(() => proxy.close())
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    server.handler = (_request, answer) => answer.json(object('a'))
    const made = client({ proxyUrl })
    expect(await made.get(configMaps, key)).toEqual(object('a'))
    expect(await made.get(configMaps, key)).toEqual(object('a'))
    expect(tunnels).toEqual([`127.0.0.1:${server.port} no token`])
    const other = await Authority.create('other')
    expect((await errorOf(client({ proxyUrl, ca: other.pem }).get(configMaps, key))).message).toMatch(
      'unknown authority',
    )
  })

  test('that must not be dialled nothing is reached', () => {
    expect(() => connect({ server: server.url, proxyUrl: 'http://169.254.169.254:80' })).toThrow('link-local')
    expect(() => connect({ server: server.url, proxyUrl: 'ftp://example.com' })).toThrow('http, https or socks5')
  })
})
