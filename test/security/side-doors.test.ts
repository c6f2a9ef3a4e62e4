import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Endpoint } from '../fixtures/control-plane.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { send } from '../fixtures/send.ts'

// The class: unauthenticated side doors (kcp CVE-2026-39429, Karmada dashboard CVE-2025-62714, Argo CD CVE-2025-59531).
let hub: TestHub
let nobody: Endpoint

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-tokens-'))
  const tokens = join(folder, 'tokens.csv')
  await writeFile(tokens, 'secret-of-admin,ann,1,"system:masters,staff"\nsecret-of-bob,bob,2\n', { mode: 0o600 })
  hub = await startTestHub({ flags: ['--token-file', tokens] })
  nobody = { url: hub.url, ca: hub.ca, cert: '', key: '', kubeconfig: '' }
})
afterAll(() => hub?.dispose())

describe('without credentials', () => {
  test.each(['/healthz', '/livez', '/readyz', '/readyz/ping'])('%s answers', async (path) => {
    expect((await send(nobody, { method: 'GET', path })).code).toBe(200)
  })

  test.each([
    '/',
    '/api',
    '/apis',
    '/api/v1',
    '/apis/apps/v1',
    '/version',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/debug/pprof/',
    '/api/v1/namespaces',
    '/api/v1/namespaces/default',
    '/api/v1/secrets',
    '/apis/core.oam.dev/v1beta1/applications',
    '/apis/shipments.entrepot.dev/v1alpha1/shipments',
    '/api/v1/namespaces/none/pods/none',
    '/apis/unknown/v1/x',
    '/healthz/../metrics',
  ])('%s tells nothing', async (path) => {
    const { code, text } = await send(nobody, { method: 'GET', path })
    expect([400, 403]).toContain(code)
    expect(JSON.parse(text)).toMatchObject({ kind: 'Status', status: 'Failure' })
  })
})

describe('bearer tokens', () => {
  const as = (token: string) => ({ authorization: `Bearer ${token}` })

  test('of a master may do everything', async () => {
    expect((await send(nobody, { method: 'GET', path: '/api/v1/secrets', headers: as('secret-of-admin') })).code).toBe(
      200,
    )
  })

  test('of somebody else may do nothing, and the refusal names him', async () => {
    const { code, text } = await send(nobody, {
      method: 'GET',
      path: '/api/v1/namespaces/default/secrets',
      headers: as('secret-of-bob'),
    })
    expect(code).toBe(403)
    expect(JSON.parse(text)).toMatchObject({
      message:
        'secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" in the namespace "default"',
    })
  })

  test.each([
    'wrong',
    'secret-of-admi',
    'secret-of-admin2',
    'eyJhbGciOiJub25lIn0.e30.',
  ])('that nobody has is unauthorized: %s', async (token) => {
    const { code, text } = await send(nobody, { method: 'GET', path: '/readyz', headers: as(token) })
    expect(code).toBe(401)
    expect(JSON.parse(text)).toMatchObject({ reason: 'Unauthorized', message: 'Unauthorized' })
  })
})

// The class: identity headers (kcp GHSA-c7xh-gjv4-4jgv, Rancher CVE-2021-31999).
test.each([
  { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' },
  { 'impersonate-user': 'root', 'impersonate-group': 'system:masters' },
  { 'x-remote-user': 'root', connection: 'x-remote-user' },
])('identity headers from an ordinary client have no effect: %o', async (headers) => {
  expect((await send(nobody, { method: 'GET', path: '/api/v1/secrets', headers })).code).toBe(403)
})
