import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseExec, targetFromSecret } from '../../src/clusters/cluster-secret.ts'
import { loadTarget } from '../../src/clusters/kubeconfig.ts'
import { connect } from '../../src/clusters/remote-client.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import { Authority } from './authority.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function secret(
  type: string | undefined,
  data: Record<string, string>,
  labels: Record<string, string> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'c',
      namespace: 'vela-system',
      labels: { ...(type && { 'cluster.core.oam.dev/cluster-credential-type': type }), ...labels },
    },
    data: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, base64(value)])),
  }
}

let folder: string
let authority: Authority
let server: FaultServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-credentials-'))
  authority = await Authority.create()
  server = await startFaultServer(await authority.issue('server', { hosts: ['127.0.0.1'] }))
  server.handler = ({ headers }, answer) => answer.json({ sent: headers.authorization })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

describe('the Secret of a cluster', () => {
  const endpoint = 'https://example.com:6443'

  test.each([
    {
      name: 'a certificate',
      from: secret('X509Certificate', { endpoint, 'ca.crt': 'CA', 'tls.crt': 'C', 'tls.key': 'K', token: 'ignored' }),
      target: { server: endpoint, ca: 'CA', clientCert: 'C', clientKey: 'K' },
    },
    {
      name: 'a token, with line ends around everything',
      from: secret('ServiceAccountToken', {
        endpoint: `${endpoint}\n`,
        ca: 'CA\n',
        token: 'T\n',
        'proxy-url': 'http://p\n',
      }),
      target: { server: endpoint, ca: 'CA', token: 'T', proxyUrl: 'http://p' },
    },
    {
      name: 'a plugin, without an authority',
      from: secret('Dynamic', { endpoint, exec: '{"command":"c","args":["a"],"env":[{"name":"N","value":"V"}]}' }),
      target: {
        server: endpoint,
        insecureSkipVerify: true,
        exec: { command: 'c', args: ['a'], env: [{ name: 'N', value: 'V' }] },
      },
    },
  ])('registers $name', ({ from, target }) => expect(targetFromSecret(from)).toEqual(target))

  test.each([
    { from: secret(undefined, { endpoint }), says: 'secret is not a valid cluster secret, no credential type found' },
    {
      from: secret('ServiceAccountToken', { token: 'T' }),
      says: 'secret is not a valid cluster secret, no credential type found',
    },
    { from: secret('Magic', { endpoint }), says: 'unrecognized secret credential type Magic' },
    { from: secret('Dynamic', { endpoint }), says: 'missing secret data key: exec' },
    { from: secret('Dynamic', { endpoint, exec: 'x' }), says: 'secret data key exec is no JSON' },
    { from: secret('X509Certificate', { endpoint, 'tls.crt': 'C' }), says: 'missing secret data key: tls.key' },
    {
      from: secret(
        'ServiceAccountToken',
        { endpoint, token: 'T' },
        { 'cluster.core.oam.dev/cluster-endpoint-type': 'ClusterProxy' },
      ),
      says: 'unrecognized secret endpoint type ClusterProxy',
    },
  ])('is refused: $says', ({ from, says }) => expect(() => targetFromSecret(from)).toThrow(says))

  test('never has its plugin repeated in an error', () => {
    expect(() => parseExec('{"token":"hunter2"')).toThrow(/^(?!.*hunter2)/)
  })
})

describe('a credential plugin', () => {
  const plugin = async (name: string, script: string) => {
    const path = join(folder, name)
    await writeFile(path, script)
    return { command: process.execPath, args: [path] }
  }
  const printing = (status: string): string =>
    `console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: ${status} }))`

  test('runs once for many requests, and again when the cluster refuses its token', async () => {
    const counter = join(folder, 'runs')
    const exec = await plugin(
      'token.mjs',
      `import { appendFileSync, readFileSync } from 'node:fs'
       appendFileSync(${JSON.stringify(counter)}, '.')
       ${printing(`{ token: 'token-' + readFileSync(${JSON.stringify(counter)}).length }`)}`,
    )
    const client = connect({ server: server.url, ca: authority.pem, exec })
    const ask = async () => JSON.parse((await client.request({ method: 'GET', path: '/' })).body)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill({ sent: 'Bearer token-1' }))
    const { handler } = server
    server.handler = (_request, answer) => answer.json('', 401)
    await client.request({ method: 'GET', path: '/' })
    server.handler = handler
    expect(await ask()).toEqual({ sent: 'Bearer token-2' })
    await client.close()
  })

  test('may give a certificate', async () => {
    const { cert, key } = await authority.issue('admin')
    const strict = await startFaultServer(await authority.issue('s', { hosts: ['127.0.0.1'] }), {
      clientCa: authority.pem,
    })
    strict.handler = (_request, answer) => answer.json({ known: true })
    const exec = await plugin(
      'certificate.mjs',
      printing(`{ clientCertificateData: ${JSON.stringify(cert)}, clientKeyData: ${JSON.stringify(key)} }`),
    )
    const client = connect({ server: strict.url, ca: authority.pem, exec })
    expect((await client.request({ method: 'GET', path: '/' })).status).toBe(200)
    await client.close()
    await strict.close()
  })

  test.each([
    { name: 'fails', script: 'console.error("please log in"); process.exit(1)', says: /failed: please log in$/ },
    { name: 'prints nonsense', script: 'console.log("token: hunter2")', says: /failed: it printed no ExecCredential$/ },
  ])('that $name is told to the user', async ({ name, script, says }) => {
    const client = connect({ server: server.url, ca: authority.pem, exec: await plugin(`${name}.mjs`, script) })
    const asked = client.request({ method: 'GET', path: '/' })
    await expect(asked).rejects.toMatchObject({ reason: 'Unauthorized', message: expect.stringMatching(says) })
    await client.close()
  })

  test('that hangs does not hang the request', async () => {
    const exec = await plugin('hangs.mjs', 'setTimeout(() => undefined, 3000)')
    const client = connect({ server: server.url, ca: authority.pem, exec }, { requestTimeoutMs: 200 })
    await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ reason: 'Timeout' })
    await client.close()
  })
})

describe('a kubeconfig', () => {
  const config = (user: object, more: { cluster?: object; currentContext?: string } = {}): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': more.currentContext ?? 'here',
      contexts: [
        { name: 'here', context: { cluster: 'c1', user: 'u1' } },
        { name: 'there', context: { cluster: 'c2', user: 'u1' } },
      ],
      clusters: [
        { name: 'c1', cluster: { server: 'https://one', 'certificate-authority': 'ca.pem', ...more.cluster } },
        { name: 'c2', cluster: { server: 'https://two', 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'u1', user }],
    })
  const file = async (text: string): Promise<string> => {
    await writeFile(join(folder, 'ca.pem'), 'CA')
    const path = join(folder, 'config')
    await writeFile(path, text)
    return path
  }

  test.each([
    { name: 'a token', user: { token: 'T' }, target: { token: 'T' } },
    {
      name: 'a certificate',
      user: { 'client-certificate-data': base64('C'), 'client-key-data': base64('K') },
      target: { clientCert: 'C', clientKey: 'K' },
    },
    {
      name: 'a plugin',
      user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'c', interactiveMode: 'Never' } },
      target: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'c' } },
    },
  ])('with $name gives a target', async ({ user, target }) => {
    const path = await file(config(user, { cluster: { 'tls-server-name': 'n', 'proxy-url': 'http://p' } }))
    expect(await loadTarget(path)).toEqual({
      name: 'c1',
      target: { server: 'https://one', ca: 'CA', serverName: 'n', proxyUrl: 'http://p', ...target },
    })
  })

  test('gives the cluster of another context', async () => {
    const path = await file(config({ token: 'T' }))
    expect(await loadTarget(path, 'there')).toEqual({
      name: 'c2',
      target: { server: 'https://two', insecureSkipVerify: true, token: 'T' },
    })
  })

  test.each([
    {
      name: 'an unknown context',
      text: config({}),
      context: 'nope',
      says: /has no context "nope"; it has here, there/,
    },
    { name: 'no current context', text: config({}, { currentContext: '' }), says: /choose one of here, there/ },
    { name: 'a password', text: config({ username: 'u', password: 'p' }), says: /no longer takes/ },
    { name: 'impersonation', text: config({ token: 'T', as: 'boss' }), says: /impersonates boss/ },
    { name: 'no YAML', text: '{', says: /cannot be read/ },
  ])('with $name is refused in words', async ({ text, context, says }) => {
    await expect(loadTarget(await file(text), context)).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringMatching(says),
    })
  })

  test('that is not there is refused in words', async () => {
    await expect(loadTarget(join(folder, 'absent'))).rejects.toMatchObject({
      message: expect.stringMatching('cannot be read'),
    })
  })
})
