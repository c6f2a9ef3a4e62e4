import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect, type RemoteCluster } from '../../src/clusters/remote-client.ts'
import { Informer } from '../../src/machinery/informer.ts'
import { silentLogger } from '../../src/machinery/log.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Authority } from '../clusters/authority.ts'
import { type Answer, type FaultServer, type SeenRequest, startFaultServer } from '../clusters/fault-server.ts'
import { configMaps } from './scripted-client.ts'

let server: FaultServer
let client: RemoteCluster
let stop: AbortController
let running: Promise<void>
let informer: Informer

// What the server has: name → resourceVersion.
const things = new Map<string, number>()
let revision = 0
let faults: ((request: SeenRequest, answer: Answer) => boolean)[] = []
const streams = new Set<ReturnType<Answer['stream']>>()
let events: { readonly revision: number; readonly line: string }[] = []

const thing = (name: string, resourceVersion: number) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, resourceVersion: String(resourceVersion) },
})

function write(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string): void {
  revision++
  if (type === 'DELETED') things.delete(name)
  else things.set(name, revision)
  const line = `${JSON.stringify({ type, object: thing(name, revision) })}\n`
  events.push({ revision, line })
  for (const stream of streams) stream.send(line)
}

beforeEach(async () => {
  things.clear()
  revision = 100
  faults = []
  events = []
  streams.clear()
  const authority = await Authority.create()
  server = await startFaultServer(await authority.issue('s', { hosts: ['127.0.0.1'] }))
  server.handler = (request, answer) => {
    if (faults.shift()?.(request, answer)) return
    if (!request.query.has('watch')) {
      const items = [...things].map(([name, at]) => thing(name, at))
      answer.json({ kind: 'ConfigMapList', metadata: { resourceVersion: String(revision) }, items })
      return
    }
    const stream = answer.stream()
    const after = Number(request.query.get('resourceVersion'))
    for (const event of events) if (event.revision > after) stream.send(event.line)
    streams.add(stream)
  }
  client = connect({ server: server.url, ca: authority.pem }, { requestTimeoutMs: 300, watchIdleMs: 2000 })
  informer = new Informer({ client, resource: configMaps, log: silentLogger, backoff: { firstMs: 5, maxMs: 20 } })
  stop = new AbortController()
  write('ADDED', 'a')
  running = informer.run(stop.signal)
  await informer.whenSynced()
  await vi.waitFor(() => expect(streams.size).toBe(1))
})
afterEach(async () => {
  stop.abort()
  await running
  await client.close()
  await server.close()
})

const watching = (request: SeenRequest): boolean => request.query.has('watch')
const endStreams = (): void => {
  for (const stream of streams) stream.end()
  streams.clear()
}

test.each([
  {
    fault: 'the connection is cut',
    strike: () => {
      streams.clear()
      server.cut()
    },
    relists: false,
  },
  { fault: 'the server ends the watch', strike: endStreams, relists: false },
  {
    fault: 'the watch breaks off in the middle of a line',
    strike: () => {
      for (const stream of streams) stream.send('{"type":"ADD')
      endStreams()
    },
    relists: false,
  },
  {
    fault: 'the revision has expired',
    strike: () => {
      faults = [
        (request, answer) => {
          if (!watching(request)) return false
          answer.stream().send(`${JSON.stringify({ type: 'ERROR', object: StatusError.expired('old').toStatus() })}\n`)
          return true
        },
      ]
      endStreams()
    },
    relists: true,
  },
  {
    fault: 'the server answers 500 for a while',
    strike: () => {
      faults = Array.from({ length: 5 }, () => (_request: SeenRequest, answer: Answer) => {
        answer.json('oops', 500)
        return true
      })
      endStreams()
    },
    relists: false,
  },
  {
    fault: 'the server redirects for a while',
    strike: () => {
      faults = Array.from({ length: 3 }, () => (_request: SeenRequest, answer: Answer) => {
        answer.json('', 302, { location: 'https://example.com' })
        return true
      })
      endStreams()
    },
    relists: false,
  },
  {
    fault: 'the server stalls for a while',
    strike: () => {
      faults = [() => true, () => true]
      endStreams()
    },
    relists: false,
  },
])('an informer misses nothing when $fault', async ({ strike, relists }) => {
  const lists = (): number => server.seen.filter((request) => request.query.get('limit') === '500').length
  const told: string[] = []
  informer.onChange(({ name }, current) => told.push(`${name} ${current ? 'here' : 'gone'}`))
  strike()
  write('ADDED', 'b')
  write('DELETED', 'a')
  write('ADDED', 'c')
  await vi.waitFor(() => expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['b', 'c']), {
    timeout: 10_000,
  })
  expect([...told].sort()).toEqual(['a gone', 'b here', 'c here'])
  expect(lists()).toBe(relists ? 2 : 1)
  expect(informer.failure).toBeUndefined()
  write('MODIFIED', 'b')
  await vi.waitFor(() => expect(told).toHaveLength(4))
})
