import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applicationResource } from '../../src/engine/application.ts'
import { fieldAt } from '../../src/machinery/object.ts'
import { parseYaml, printYaml } from '../../src/machinery/yaml.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { type Ran, run } from './command.ts'

let hub: TestHub
let member: TestHub
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-cluster-'))
  ;[hub, member] = await Promise.all([startTestHub(), startTestHub({ flags: ['--simulate-workloads'] })])
})

afterAll(async () => {
  await Promise.all([hub.dispose(), member.dispose()])
  await rm(folder, { recursive: true, force: true })
})

const entrepot = (...args: string[]): Promise<Ran> => run(args, { KUBECONFIG: hub.kubeconfig })
const secrets = { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true, singular: 'secret' }
const namespaces = { ...secrets, resource: 'namespaces', kind: 'Namespace', namespaced: false, singular: 'namespace' }

/** The member's kubeconfig with another user or another cluster in it. */
async function changed(change: { readonly user?: object; readonly cluster?: object }): Promise<string> {
  const { value } = parseYaml(await readFile(member.kubeconfig, 'utf8'))
  if (typeof value !== 'object') throw new Error('the kubeconfig is no object')
  const cluster = {
    server: member.url,
    'certificate-authority-data': fieldAt(value, 'clusters', 0, 'cluster', 'certificate-authority-data'),
  }
  const path = join(folder, `${Math.random()}.yaml`)
  const clusters = [{ name: 'entrepot', cluster: change.cluster ?? cluster }]
  const users = change.user === undefined ? {} : { users: [{ name: 'kubernetes-admin', user: change.user }] }
  await writeFile(path, printYaml({ ...value, clusters, ...users }))
  return path
}

test('a joined cluster is registered, listed with its labels, and detached again', async () => {
  const joined = await entrepot(
    'cluster',
    'join',
    member.kubeconfig,
    '--name',
    'north',
    '--labels',
    'region=north,tier=a',
  )
  expect(joined).toMatchObject({ code: 0, err: '' })
  expect(joined.out.split('\n')).toEqual([
    `Joined north at ${member.url} (v1.36.3+entrepot)`,
    'Ship to it with a topology policy: clusters: [north], or clusterLabelSelector: {region: "north"}. See all with: entrepot cluster list',
    '',
  ])
  const secret = await hub.hub.client.get(secrets, { namespace: 'vela-system', name: 'north' })
  expect(secret).toMatchObject({
    type: 'Opaque',
    metadata: {
      labels: { region: 'north', tier: 'a', 'cluster.core.oam.dev/cluster-credential-type': 'X509Certificate' },
    },
  })
  expect(Object.keys(Object(secret['data'])).sort()).toEqual(['ca.crt', 'endpoint', 'tls.crt', 'tls.key'])

  const listed = await entrepot('cluster', 'list')
  expect(listed.out).toMatch(
    /^CLUSTER +ALIAS +TYPE +ENDPOINT +VERSION +LABELS\nlocal +Internal +-\nnorth +X509Certificate +https:/,
  )
  expect(listed.out).toMatch(/region=north,tier=a$/m)
  const data = JSON.parse((await entrepot('cluster', 'list', '-o', 'json')).out)
  expect(data).toMatchObject([{ name: 'local' }, { name: 'north', endpoint: member.url, labels: { region: 'north' } }])
  expect(JSON.stringify(data)).not.toContain('PRIVATE KEY')

  expect(await entrepot('cluster', 'detach', 'north')).toMatchObject({ code: 0 })
  expect((await entrepot('cluster', 'list')).out).not.toMatch(/north/)
})

test('a cluster that is there already is replaced only on request', async () => {
  expect((await entrepot('cluster', 'join', member.kubeconfig, '--name', 'twice', '--labels', 'a=1')).code).toBe(0)
  const again = await entrepot('cluster', 'join', member.kubeconfig, '--name', 'twice')
  expect(again).toMatchObject({
    code: 1,
    err: 'Error: cluster twice already exists: --yes replaces it, --name gives another name\n',
  })
  const replaced = await entrepot('cluster', 'join', member.kubeconfig, '--name', 'twice', '--labels', 'a=2', '--yes')
  expect(replaced.out).toMatch(/^Replaced twice/)
  const secret = await hub.hub.client.get(secrets, { namespace: 'vela-system', name: 'twice' })
  expect(secret.metadata.labels).toMatchObject({ a: '2' })
  await entrepot('cluster', 'detach', 'twice')
})

test.each([
  { name: '', says: 'ClusterName cannot be empty' },
  { name: 'local', says: 'ClusterName cannot be `local`, it is reserved as the local cluster' },
  {
    name: 'Big Name',
    says: 'the cluster name "Big Name" cannot be used: a lowercase RFC 1123 subdomain must consist of',
  },
])('the name "$name" is refused', async ({ name, says }) => {
  const { code, err } = await entrepot('cluster', 'join', member.kubeconfig, '--name', name)
  expect(code).toBe(1)
  expect(err).toContain(`Error: ${says}`)
})

test.each([
  { labels: 'region', says: 'invalid label key-value pair region: must be key=value' },
  { labels: 'a=b=c', says: 'invalid label key-value pair a=b=c: must be key=value' },
  { labels: '-a=b', says: 'invalid label key-value pair -a=b: name part must consist of' },
  { labels: 'cluster.core.oam.dev/x=y', says: 'keys of cluster.core.oam.dev are kept for registrations' },
])('the labels $labels are refused', async ({ labels, says }) => {
  const { code, err } = await entrepot('cluster', 'join', member.kubeconfig, '--name', 'labelled', `--labels=${labels}`)
  expect(code).toBe(1)
  expect(err).toContain(says)
})

test.each([
  {
    name: 'does not answer',
    change: () => ({ cluster: { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true } }),
    says: /dial https:\/\/127\.0\.0\.1:1: connection refused/,
  },
  { name: 'does not know the credential', change: () => ({ user: { token: 'nobody' } }), says: /Unauthorized/ },
  {
    name: 'would not be verified',
    change: () => ({ cluster: { server: member.url } }),
    says: /has no certificate authority for broken/,
  },
  {
    name: 'has another authority',
    change: () => ({
      cluster: { server: member.url, 'certificate-authority-data': Buffer.from(hub.ca).toString('base64') },
    }),
    says: /unknown authority/,
  },
  {
    name: 'comes without a credential',
    change: () => ({ user: {} }),
    says: /neither a token nor a client certificate/,
  },
])('a cluster that $name is not registered', async ({ change, says }) => {
  const { code, err } = await entrepot('cluster', 'join', await changed(change()), '--name', 'broken')
  expect(code).toBe(1)
  expect(err).toMatch(says)
  await expect(hub.hub.client.get(secrets, { namespace: 'vela-system', name: 'broken' })).rejects.toMatchObject({
    reason: 'NotFound',
  })
})

test('the hub is not registered on itself', async () => {
  const { code, err } = await entrepot('cluster', 'join', hub.kubeconfig, '--name', 'self')
  expect({ code, err }).toEqual({
    code: 1,
    err: 'Error: that is the hub itself, which is a cluster already: its name is local\n',
  })
})

test('a kubeconfig that cannot be read is told in one line, without what is in it', async () => {
  const broken = join(folder, 'broken.yaml')
  await writeFile(broken, 'users:\n  - token: [secret\n  x')
  const { err } = await entrepot('cluster', 'join', broken)
  expect(err).toMatch(/^Error: .*broken\.yaml cannot be read: .+\n$/)
  expect(err).not.toContain('secret')
  expect((await entrepot('cluster', 'join', join(folder, 'none'))).err).toMatch(
    /none cannot be read: there is no such file\n$/,
  )
})

test('an unknown command is named, with those that there are', async () => {
  expect(await run(['clusters'])).toMatchObject({
    code: 2,
    err: "error: unknown command 'clusters'; there are up, demo, cluster, status, version\n",
  })
})

test('a Secret that is no cluster is neither replaced nor detached', async () => {
  const metadata = { name: 'other', namespace: 'vela-system' }
  await hub.hub.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata })
  const { err } = await entrepot('cluster', 'join', member.kubeconfig, '--name', 'other', '--yes')
  expect(err).toMatch(/the Secret vela-system\/other exists and is no cluster/)
  expect((await entrepot('cluster', 'detach', 'other')).err).toBe(
    'Error: no such cluster other: entrepot cluster list shows them\n',
  )
})

test('without a kubeconfig a command says what to do', async () => {
  const { code, err } = await run(['cluster', 'list'], { KUBECONFIG: undefined, HOME: folder })
  expect(code).toBe(1)
  expect(err).toMatch(/^Error: there is no kubeconfig: export KUBECONFIG=/)
})

test('status shows the phase of an Application and each of its copies', async () => {
  const { client } = hub.hub
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await client.create(namespaces, namespace('examples'))
  await member.hub.client.create(namespaces, namespace('examples'))
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'a', namespace: 'examples' },
    stringData: { k: 'v' },
  })
  await entrepot('cluster', 'join', member.kubeconfig, '--name', 'south')
  await client.create(applicationResource, {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name: 'app', namespace: 'examples' },
    spec: {
      components: [{ name: 'c', type: 'ref-objects', properties: { objects: [{ resource: 'secret', name: 'a' }] } }],
      policies: [{ name: 'p', type: 'topology', properties: { clusters: ['south'] } }],
    },
  })
  await expect
    .poll(async () => (await entrepot('status', 'app', '-n', 'examples')).out, { timeout: 20_000 })
    .toMatch(/is running/)
  expect((await entrepot('status', 'app', '-n', 'examples')).out).toMatch(
    /^examples\/app is running\n\nSERVICE +CLUSTER +HEALTHY +MESSAGE\nc +south +yes\n\nOBJECT +CLUSTER +STATE +SHIPPED +MESSAGE\nSecret examples\/a +south +Healthy +\d+s ago\n$/,
  )
  expect(JSON.parse((await entrepot('status', 'app', '-n', 'examples', '-o', 'json')).out)).toMatchObject({
    phase: 'running',
    isCurrent: true,
    problems: [],
    services: [{ name: 'c', cluster: 'south', healthy: true }],
    shipments: [{ object: 'Secret examples/a', cluster: 'south', state: 'Healthy' }],
  })
  expect((await entrepot('status', 'nothing', '-n', 'examples')).err).toBe(
    'Error: there is no Application nothing in the namespace examples: kubectl get applications -A shows all\n',
  )
})
