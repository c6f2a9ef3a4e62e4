import { connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { send } from '../fixtures/send.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub?.dispose())

/** One HTTP/2 request with the administrator's certificate. */
function send2(
  method: string,
  path: string,
  body?: string,
): Promise<{ readonly code: number; readonly text: string; readonly headers: object }> {
  return new Promise((resolve, reject) => {
    const session = connect(hub.url, { ca: hub.ca, cert: hub.cert, key: hub.key })
    session.on('error', reject)
    const stream = session.request({
      ':method': method,
      ':path': path,
      ...(body ? { 'content-type': 'application/json' } : {}),
    })
    let text = ''
    let headers: Record<string, unknown> = {}
    stream.on('response', (answer) => {
      headers = answer
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    stream.on('error', reject)
    stream.on('end', () => {
      session.close()
      resolve({ code: Number(headers[':status']), text, headers })
    })
    stream.end(body)
  })
}

const maps = '/api/v1/namespaces/default/configmaps'

describe('HTTP/1.1 and HTTP/2', () => {
  test('answer the same', async () => {
    await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'same' }, data: { a: 'b' } } })
    const one = await send(hub, { method: 'GET', path: `${maps}/same` })
    const two = await send2('GET', `${maps}/same`)
    expect(two.text).toBe(one.text)
    expect(two.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  })

  test('take bodies and give errors over HTTP/2', async () => {
    expect((await send2('POST', maps, '{"metadata":{"name":"two"}}')).code).toBe(201)
    const refused = await send2('POST', maps, '{"metadata":{"name":"two"}}')
    expect(refused.code).toBe(409)
    expect(JSON.parse(refused.text)).toMatchObject({ kind: 'Status', reason: 'AlreadyExists' })
  })

  test('answer HEAD without a body', async () => {
    const answer = await send(hub, { method: 'HEAD', path: '/readyz' })
    expect(answer).toMatchObject({ code: 200, text: '' })
    expect((await send2('HEAD', '/readyz')).code).toBe(200)
  })

  test('answer 304 over HTTP/2 with its headers', async () => {
    const path = '/openapi/v3/api/v1'
    const first = await send(hub, { method: 'GET', path })
    const etag = String(first.headers['etag'])
    const session = connect(hub.url, { ca: hub.ca, cert: hub.cert, key: hub.key })
    const status = await new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, 'if-none-match': etag })
      stream.on('response', (headers) => resolve(headers[':status']))
      stream.on('error', reject)
      stream.end()
    })
    session.destroy()
    expect(status).toBe(304)
  })

  test('keep the audit id that a client sends, and give one otherwise', async () => {
    const kept = await send(hub, { method: 'GET', path: maps, headers: { 'audit-id': 'mine' } })
    expect(kept.headers['audit-id']).toBe('mine')
    expect((await send(hub, { method: 'GET', path: maps })).headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('limits', () => {
  test('a body over 3 MiB is refused, and the hub lives', async () => {
    const body = JSON.stringify({ metadata: { name: 'big' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } })
    const answer = await send(hub, { method: 'POST', path: maps, body })
    expect(answer.code).toBe(413)
    expect(JSON.parse(answer.text)).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    })
    expect((await send2('POST', maps, body)).code).toBe(413)
    expect((await send(hub, { method: 'GET', path: '/readyz' })).text).toBe('ok')
  })

  test('a body that is nested without end is refused', async () => {
    const body = `{"metadata":{"name":"deep"},"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`
    expect((await send(hub, { method: 'POST', path: maps, body })).code).toBe(400)
  })

  test('a JSON patch of more than 10,000 operations is refused', async () => {
    await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'patched' } } })
    const operations = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/metadata/name', value: 'patched' }))
    const headers = { 'content-type': 'application/json-patch+json' }
    const answer = await send(hub, { method: 'PATCH', path: `${maps}/patched`, body: operations, headers })
    expect(answer.code).toBe(413)
    expect(JSON.parse(answer.text)).toMatchObject({
      message: expect.stringContaining('The allowed maximum operations in a JSON patch is 10000, got 10001'),
    })
  })
})

test('a hub that stops ends its watches cleanly and comes back with its objects', async () => {
  await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'kept' } } })
  const watching = send(hub, { method: 'GET', path: `${maps}?watch=1&fieldSelector=metadata.name%3Dkept` }, 30_000)
  await expect
    .poll(async () => (await send(hub, { method: 'GET', path: '/metrics' })).text)
    .toMatch(/apiserver_request_total\{verb="WATCH"/)
  await hub.restart()
  expect(await watching).toMatchObject({ code: 200, text: expect.stringContaining('"name":"kept"') })
  expect((await send(hub, { method: 'GET', path: `${maps}/kept` })).code).toBe(200)
})

test('a watch goes on after a restart from where it was', async () => {
  const before = await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'resumed' } } })
  const { resourceVersion } = (JSON.parse(before.text) as { metadata: { resourceVersion: string } }).metadata
  await send(hub, { method: 'DELETE', path: `${maps}/resumed` })
  await hub.restart()
  const { text } = await send(hub, {
    method: 'GET',
    path: `${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dresumed&resourceVersion=${resourceVersion}`,
  })
  expect(JSON.parse(text)).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'resumed' } } })
})
