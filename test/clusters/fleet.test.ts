import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type FleetOptions, type OpenFleet, openFleet } from '../../src/clusters/fleet.ts'
import type { Logger } from '../../src/machinery/log.ts'
import { silentLogger } from '../../src/machinery/log.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'
import { ScriptedClient } from '../machinery/scripted-client.ts'
import { Authority } from './authority.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'

const pods: ResourceInfo = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  singular: 'pod',
}
const cleanups: (() => unknown)[] = []
let authority: Authority

beforeAll(async () => {
  authority = await Authority.create()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 })

/** A member that is ready, says its version, and lists no pods. */
async function startMember(port?: number): Promise<FaultServer> {
  const server = await startFaultServer(await authority.issue('member', { hosts: ['127.0.0.1'] }), port ? { port } : {})
  cleanups.push(() => server.close())
  server.handler = ({ path }, answer) => {
    if (path === '/version') answer.json({ major: '1', minor: '36', gitVersion: 'v1.36.3', platform: 'linux/amd64' })
    else if (path === '/readyz') answer.json('ok')
    else answer.json({ metadata: { resourceVersion: '1' }, items: [] })
  }
  return server
}

function registration(
  name: string,
  data: Record<string, string>,
  more: Partial<KubeObject['metadata']> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      namespace: 'vela-system',
      name,
      ...more,
      labels: { 'cluster.core.oam.dev/cluster-credential-type': 'ServiceAccountToken', ...more.labels },
    },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}

const recordOf = (name: string, member: FaultServer, token = `token-of-${name}`) =>
  registration(name, { endpoint: `${member.url}\n`, 'ca.crt': authority.pem, token })

function open(hub: ScriptedClient, more: Partial<FleetOptions> = {}): OpenFleet & { readonly told: string[] } {
  const controller = new AbortController()
  const fleet = openFleet({ hub, log: silentLogger, probeIntervalMs: 50, signal: controller.signal, ...more })
  cleanups.push(() => fleet.close())
  const told: string[] = []
  fleet.onChange((name) => told.push(`${name} ${fleet.get(name)?.reachable ?? 'gone'}`))
  return Object.assign(fleet, { told })
}

describe('the fleet', () => {
  test('always has the hub itself as local, first, and no cluster of that name beside it', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    for (const name of ['local', 'zebra', 'ape']) hub.set(recordOf(name, member))
    const fleet = open(hub)
    await fleet.whenSynced()
    expect(fleet.list().map(({ name }) => name)).toEqual(['local', 'ape', 'zebra'])
    expect(fleet.get('local')).toMatchObject({
      client: hub,
      reachable: true,
      labels: { 'cluster.core.oam.dev/control-plane': 'true' },
    })
    expect(fleet.get('nobody')).toBeUndefined()
  })

  test('reaches a registered cluster with its own token, and notes its version', async () => {
    const hub = new ScriptedClient()
    const fleet = open(hub)
    await fleet.whenSynced()
    const member = await startMember()
    hub.set(recordOf('east', member))
    await eventually(() => expect(fleet.told).toEqual(['east false', 'east true']))
    const note = 'cluster.core.oam.dev/cluster-version'
    await eventually(() =>
      expect(JSON.parse(hub.objects.get('vela-system/east')?.metadata.annotations?.[note] ?? '{}')).toEqual({
        major: '1',
        minor: '36',
        gitVersion: 'v1.36.3',
        platform: 'linux/amd64',
      }),
    )
    expect(await fleet.get('east')?.client.list(pods)).toEqual({ items: [], resourceVersion: '1' })
    // The note changed the Secret, and that is no reason for another client or another word about it.
    expect(fleet.told).toEqual(['east false', 'east true'])
    expect(new Set(member.seen.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer token-of-east']))
  })

  test('never shows the credential of one cluster to another', async () => {
    const hub = new ScriptedClient()
    const [one, two] = [await startMember(), await startMember()]
    hub.set(recordOf('one', one))
    hub.set(recordOf('two', two))
    const fleet = open(hub)
    await eventually(() => expect(fleet.list().every(({ reachable }) => reachable)).toBe(true))
    // One of them tries to send our requests to the other.
    const answerWell = one.handler
    one.handler = (request, answer) =>
      request.path === '/api/v1/pods'
        ? answer.json('', 307, { location: `${two.url}${request.path}` })
        : answerWell(request, answer)
    await expect(fleet.get('one')?.client.list(pods)).rejects.toThrow('never followed')
    await fleet.get('two')?.client.list(pods)
    for (const [member, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      expect(new Set(member.seen.map(({ headers }) => headers.authorization))).toEqual(
        new Set([`Bearer token-of-${name}`]),
      )
    }
  })

  test('takes a broken registration for a cluster that cannot be reached, and mends it when the Secret is mended', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    hub.set(registration('bad', { token: 't' }))
    hub.set(registration('metadata', { endpoint: 'https://169.254.169.254', token: 't' }))
    hub.set(recordOf('good', member))
    const fleet = open(hub)
    await eventually(() => expect(fleet.get('good')?.reachable).toBe(true))
    const message = 'secret is not a valid cluster secret, no credential type found'
    expect(fleet.get('bad')).toMatchObject({ reachable: false, message })
    await expect(fleet.get('bad')?.client.list(pods)).rejects.toMatchObject({ reason: 'ServiceUnavailable', message })
    expect(fleet.get('metadata')?.message).toMatch('link-local')
    hub.set(recordOf('bad', member))
    await eventually(() => expect(fleet.get('bad')?.reachable).toBe(true))
    expect(fleet.get('bad')?.message).toBeUndefined()
  })

  test('runs no credential plugin unless the hub allows it', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    const exec = JSON.stringify({
      command: process.execPath,
      args: ['-e', 'console.log(JSON.stringify({kind:"ExecCredential",status:{token:"from-plugin"}}))'],
    })
    hub.set(
      registration(
        'dynamic',
        { endpoint: member.url, 'ca.crt': authority.pem, exec },
        { labels: { 'cluster.core.oam.dev/cluster-credential-type': 'Dynamic' } },
      ),
    )
    const strict = open(hub)
    await strict.whenSynced()
    expect(strict.get('dynamic')?.message).toMatch('switched off')
    const lenient = open(hub, { allowExec: true })
    await eventually(() => expect(lenient.get('dynamic')?.reachable).toBe(true))
    expect(member.seen[0]?.headers.authorization).toBe('Bearer from-plugin')
  })

  test('says aloud that a certificate is not verified', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    const warnings: string[] = []
    const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) }
    hub.set(registration('lax', { endpoint: member.url, token: 't' }))
    const fleet = open(hub, { log })
    await eventually(() => expect(fleet.get('lax')?.reachable).toBe(true))
    expect(fleet.get('lax')?.message).toMatch('not verified')
    expect(warnings).toContain(
      'the certificate of the cluster is not verified, because its registration holds no ca.crt',
    )
  })

  test('follows labels without touching the client, and renews the client when the credential changes', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    hub.set(recordOf('east', member))
    const fleet = open(hub)
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
    const before = fleet.get('east')?.client
    const record = recordOf('east', member)
    hub.set({ ...record, metadata: { ...record.metadata, labels: { ...record.metadata.labels, region: 'eu' } } })
    await eventually(() =>
      expect(fleet.get('east')?.labels).toEqual({ region: 'eu', 'cluster.core.oam.dev/control-plane': 'false' }),
    )
    expect(fleet.get('east')?.client).toBe(before)
    fleet.told.length = 0
    hub.set(recordOf('east', member, 'new-token'))
    await eventually(() => expect(fleet.get('east')?.client).not.toBe(before))
    await fleet.get('east')?.client.list(pods)
    expect(member.seen.at(-1)?.headers.authorization).toBe('Bearer new-token')
    expect(fleet.told.every((line) => line === 'east true')).toBe(true)
    await expect(before?.list(pods)).rejects.toThrow('is closed')
  })

  test('forgets a detached cluster and closes its client', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    hub.set(recordOf('east', member))
    const fleet = open(hub)
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
    const client = fleet.get('east')?.client
    hub.delete('east', 'vela-system')
    await eventually(() => expect(fleet.told.at(-1)).toBe('east gone'))
    expect(fleet.list().map(({ name }) => name)).toEqual(['local'])
    await expect(client?.list(pods)).rejects.toThrow('is closed')
  })

  test('notices that a cluster is gone as soon as a request fails, and that it is back', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    hub.set(recordOf('east', member))
    // So rarely that the probes alone would notice nothing during this test.
    const fleet = open(hub, { probeIntervalMs: 20_000 })
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
    await member.close()
    await expect(fleet.get('east')?.client.list(pods)).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(false))
    expect(fleet.get('east')?.message).toBe(`dial ${member.url}: connection refused`)
    await startMember(member.port)
    await fleet.get('east')?.client.list(pods)
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
    expect(fleet.told).toEqual(['east false', 'east true', 'east false', 'east true'])
  })

  test.each([
    { name: 'is not ready', status: 500, body: '[-]etcd failed', message: /answered 500: \[-\]etcd failed/ },
    { name: 'does not take the credential', status: 401, body: '', message: /answered 401/ },
    { name: 'sends us elsewhere', status: 302, body: '', message: /redirect/ },
  ])('does not count on a cluster that $name', async ({ status, body, message }) => {
    const hub = new ScriptedClient()
    const member = await startMember()
    member.handler = (_request, answer) => answer.json(body, status)
    hub.set(recordOf('east', member))
    const fleet = open(hub)
    await eventually(() => expect(fleet.get('east')?.message).toMatch(message))
    expect(fleet.get('east')?.reachable).toBe(false)
  })

  test('counts on a cluster that keeps its health from ordinary users', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    member.handler = (_request, answer) => answer.json('', 403)
    hub.set(recordOf('east', member))
    const fleet = open(hub)
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
  })

  test('ends with the signal it was given', async () => {
    const hub = new ScriptedClient()
    const member = await startMember()
    hub.set(recordOf('east', member))
    const controller = new AbortController()
    const fleet = open(hub, { signal: controller.signal })
    await eventually(() => expect(fleet.get('east')?.reachable).toBe(true))
    const client = fleet.get('east')?.client
    controller.abort()
    await fleet.close()
    await expect(client?.list(pods)).rejects.toThrow('is closed')
  })
})
