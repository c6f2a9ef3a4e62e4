import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../src/clusters/remote-client.ts'
import { qualified } from '../../src/machinery/resource.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Authority } from './authority.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'

let authority: Authority
let server: FaultServer

beforeAll(async () => {
  authority = await Authority.create()
  server = await startFaultServer(await authority.issue('server', { hosts: ['127.0.0.1'] }))
})
afterAll(() => server.close())

const client = () => connect({ server: server.url, ca: authority.pem })
const verbs = ['get', 'list']

const aggregated: Record<string, unknown> = {
  '/api': {
    kind: 'APIGroupDiscoveryList',
    items: [
      {
        metadata: {},
        versions: [
          {
            version: 'v1',
            resources: [
              {
                resource: 'pods',
                responseKind: { kind: 'Pod' },
                scope: 'Namespaced',
                singularResource: 'pod',
                shortNames: ['po'],
                verbs,
                subresources: [{ subresource: 'log', responseKind: { kind: 'Pod' }, verbs }],
              },
              { resource: '../secrets', responseKind: { kind: 'Evil' }, scope: 'Namespaced', verbs },
            ],
          },
        ],
      },
    ],
  },
  '/apis': {
    kind: 'APIGroupDiscoveryList',
    items: [
      {
        metadata: { name: 'apps' },
        versions: ['v1', 'v1beta1'].map((version) => ({
          version,
          resources: [{ resource: 'deployments', responseKind: { kind: 'Deployment' }, scope: 'Namespaced', verbs }],
        })),
      },
      { metadata: { name: 'broken.example.com' }, versions: [{ version: 'v1', freshness: 'Stale' }] },
    ],
  },
}

const legacy: Record<string, unknown> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      {
        name: 'apps',
        versions: [{ groupVersion: 'apps/v1beta1' }, { groupVersion: 'apps/v1' }],
        preferredVersion: { groupVersion: 'apps/v1' },
      },
      { name: 'broken.example.com', versions: [{ groupVersion: 'broken.example.com/v1' }] },
    ],
  },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: 'pod', kind: 'Pod', namespaced: true, verbs, shortNames: ['po'] },
      { name: 'pods/log', singularName: '', kind: 'Pod', namespaced: true, verbs },
    ],
  },
  ...Object.fromEntries(
    ['v1', 'v1beta1'].map((version) => [
      `/apis/apps/${version}`,
      {
        kind: 'APIResourceList',
        groupVersion: `apps/${version}`,
        resources: [{ name: 'deployments', singularName: 'deployment', kind: 'Deployment', namespaced: true, verbs }],
      },
    ]),
  ),
}

function serve(documents: Record<string, unknown>): void {
  server.handler = ({ path }, answer) => {
    const document = documents[path]
    if (document === undefined) answer.json(StatusError.unavailable('the extension server is down').toStatus(), 503)
    else answer.json(document)
  }
}

describe('discovery', () => {
  beforeEach(() => serve(aggregated))

  test.each([
    { name: 'aggregated', documents: aggregated },
    { name: 'legacy', documents: legacy },
  ])('reads $name documents, preferred versions first, a broken group left out', async ({ documents }) => {
    serve(documents)
    const resources = await client().resources()
    expect(resources.map((resource) => `${qualified(resource)}/${resource.version}`)).toEqual([
      'pods/v1',
      'deployments.apps/v1',
      'deployments.apps/v1beta1',
    ])
    expect(resources[0]).toEqual({
      group: '',
      version: 'v1',
      resource: 'pods',
      kind: 'Pod',
      namespaced: true,
      singular: 'pod',
      shortNames: ['po'],
      verbs,
    })
    expect(resources[1]).toMatchObject({ singular: 'deployment' })
  })

  test('is asked once by many, again only when asked to be fresh, and an impatient one leaves the others alone', async () => {
    const one = client()
    const before = server.seen.length
    const impatient = new AbortController()
    const all = Promise.all(Array.from({ length: 20 }, () => one.resources()))
    const left = one.resources({ signal: impatient.signal })
    impatient.abort(new Error('too long'))
    await expect(left).rejects.toThrow('too long')
    await all
    await one.resources()
    expect(server.seen.length - before).toBe(2)
    expect(server.seen.at(-1)?.headers.accept).toMatch(/^application\/json;g=apidiscovery.k8s.io;v=v2;/)
    await one.resources({ fresh: true })
    expect(server.seen.length - before).toBe(4)
  })

  test('that failed is tried again by the next who asks', async () => {
    const one = client()
    serve({})
    await expect(one.resources()).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    serve(aggregated)
    expect(await one.resources()).toHaveLength(3)
  })
})
