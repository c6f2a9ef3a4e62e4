import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiServer } from '../../apiservice/server.ts'
import { systemClock } from '../../src/machinery/clock.ts'
import { type Logger, silentLogger } from '../../src/machinery/log.ts'
import { ensureIdentity } from '../../src/pki.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { send } from '../fixtures/send.ts'

let hub: TestHub
const complaints: string[] = []
const complain = (fields: object, message: string) => complaints.push(`${message} ${JSON.stringify(fields)}`)
const log: Logger = { ...silentLogger, warn: complain, error: complain }
beforeAll(async () => {
  hub = await startTestHub({ log })
})
afterAll(() => hub?.dispose())

const maps = '/api/v1/namespaces/default/configmaps'
const json = { 'content-type': 'application/json' }

async function expectHealthy(): Promise<void> {
  expect(await send(hub, { method: 'GET', path: '/readyz' }, 2000)).toMatchObject({ code: 200, text: 'ok' })
  expect(complaints).toEqual([])
}

async function session(): Promise<ClientHttp2Session> {
  const opened = connect(hub.url, { ca: hub.ca, cert: hub.cert, key: hub.key })
  opened.on('error', () => undefined)
  await new Promise((resolve) => opened.once('remoteSettings', resolve))
  return opened
}

function codeOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.on('response', (headers) => resolve(Number(headers[':status'])))
    stream.on('error', reject)
    stream.resume()
  })
}

describe('the timeout of a request', () => {
  test.each([
    ['abc', 'time: invalid duration "abc"'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['1..2s', 'time: missing unit in duration "1..2s"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
    ['9999999999h', 'time: invalid duration "9999999999h"'],
    ['-', 'time: invalid duration "-"'],
  ])('that is no duration is refused, whatever the request would have met: %s', async (timeout, problem) => {
    const answer = await send(hub, { method: 'GET', path: `/api/v1/namespaces/none?timeout=${timeout}` })
    expect(answer.code).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({
      message: `invalid timeout specified in the request URL - ${problem}`,
    })
    await expectHealthy()
  })

  test('that is no duration leaves nothing written', async () => {
    const body = { metadata: { name: 'untimely' } }
    expect((await send(hub, { method: 'POST', path: `${maps}?timeout=soon`, body })).code).toBe(400)
    expect((await send(hub, { method: 'GET', path: `${maps}/untimely` })).code).toBe(404)
  })

  test.each(['', '0', '0s', '-1s', '.5s', '1.s', '90s', '1h'])('may be %o', async (timeout) => {
    expect((await send(hub, { method: 'GET', path: `${maps}?timeout=${timeout}` })).code).toBe(200)
  })
})

test.each([
  maps,
  '/api/v1/pods',
  '/api/v1/pods?watch=1',
  '/api/v1/namespaces/default',
])('HEAD of %s is refused', async (path) => {
  expect((await send(hub, { method: 'HEAD', path })).code).toBe(405)
})

describe('a client that sends half a body and waits', () => {
  test.each([
    [maps, 504],
    ['/readyz', 504],
  ])('is answered at its deadline: %s', async (path, code) => {
    const client = await session()
    const stream = client.request({ ':method': 'POST', ':path': `${path}?timeout=300ms`, ...json })
    stream.write('{"metadata":')
    expect(await codeOf(stream)).toBe(code)
    client.destroy()
    await expectHealthy()
  })

  test('is answered at its deadline over HTTP/1.1', async () => {
    const { hostname, port } = new URL(hub.url)
    const socket = connectTls({ host: hostname, port: Number(port), ca: hub.ca, cert: hub.cert, key: hub.key })
    socket.write(
      `POST ${maps}?timeout=300ms HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"meta`,
    )
    const text = await new Promise((resolve) => socket.once('data', (bytes: Buffer) => resolve(bytes.toString())))
    socket.destroy()
    expect(text).toMatch(/^HTTP\/1\.1 504 /)
    await expectHealthy()
  })
})

describe('a client that takes its requests back', () => {
  test.each(['GET', 'POST'])('as fast as it sends them: 5,000 %ss', async (method) => {
    for (let round = 0; round < 20; round++) {
      const client = await session()
      for (let one = 0; one < 250; one++) {
        const stream = client.request({ ':method': method, ':path': maps, ...json }, { endStream: method === 'GET' })
        stream.on('error', () => undefined)
        stream.close(8)
      }
      // The connection breaks while requests are on their way.
      if (round % 2 === 0) await new Promise<void>((resolve) => client.ping(() => resolve()))
      client.destroy()
    }
    await expectHealthy()
    await expect.poll(async () => inFlight()).toBe(0)
  })
})

async function inFlight(): Promise<number> {
  const { text } = await send(hub, { method: 'GET', path: '/metrics' })
  const values = [...text.matchAll(/^apiserver_current_inflight_requests\S* (\d+)$/gm)]
  // The one that asks is under way itself.
  return values.reduce((sum, [, value]) => sum + Number(value), 0) - 1
}

describe('a client that never reads', () => {
  test('keeps its place among the lists until it goes', async () => {
    const data = { text: 'x'.repeat(900_000) }
    for (let one = 0; one < 4; one++) {
      await send(hub, { method: 'POST', path: maps, body: { metadata: { name: `large-${one}` }, data } })
    }
    const client = await session()
    const stream = client.request({ ':path': maps })
    stream.pause()
    await new Promise((resolve) => stream.once('response', resolve))
    expect(await inFlight()).toBe(1)
    client.destroy()
    await expect.poll(async () => inFlight()).toBe(0)
  })

  test('takes the place of other lists, but neither of writes nor of probes', async () => {
    const clients = [await session(), await session()]
    const answers = await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: 230 }, () => {
          const stream = client.request({ ':path': maps })
          stream.on('error', () => undefined)
          stream.pause()
          return new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve))
        }),
      ),
    )
    const refused = answers.filter((headers) => headers[':status'] === 429)
    expect(refused).toHaveLength(60)
    expect(refused[0]).toMatchObject({ 'retry-after': '1' })
    expect((await send(hub, { method: 'GET', path: maps })).code).toBe(429)
    for (const path of ['/readyz', '/livez', '/healthz', '/readyz/ping']) {
      expect((await send(hub, { method: 'GET', path })).code).toBe(200)
    }
    expect((await send(hub, { method: 'POST', path: maps, body: { metadata: { generateName: 'w-' } } })).code).toBe(201)
    for (const client of clients) client.destroy()
    await expect.poll(async () => (await send(hub, { method: 'GET', path: `${maps}?limit=1` })).code).toBe(200)
  })

  test.each([
    { body: 'one buffer', make: () => Buffer.alloc(8 * 1024 * 1024) },
    { body: 'a stream', make: () => endless() },
  ])('is let go when it has taken nothing for as long as the server has patience: $body', async ({ make }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'entrepot-stalled-'))
    const { serving, ca } = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
    const server = new ApiServer({
      host: '127.0.0.1',
      port: 0,
      ...serving,
      clientCa: ca.cert,
      dispatch: async () => ({ code: 200, headers: {}, body: make() }),
      log,
      stalledMs: 200,
    })
    const { port } = await server.listen()
    const client = connect(`https://127.0.0.1:${port}`, { ca: await readFile(join(dataDir, 'pki', 'ca.crt')) })
    const stream = client.request({ ':path': '/' })
    stream.on('error', () => undefined)
    stream.pause()
    const reset = new Promise((resolve) => stream.once('close', resolve))
    await new Promise((resolve) => stream.once('response', resolve))
    await expect.poll(() => stream.closed || stream.destroyed, { timeout: 5000 }).toBe(true)
    stream.resume()
    await reset
    client.destroy()
    await server.close()
    await rm(dataDir, { recursive: true, force: true })
  })
})

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024)
}
