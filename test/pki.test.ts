import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../src/machinery/clock.ts'
import { parseYaml } from '../src/machinery/yaml.ts'
import { ensureIdentity } from '../src/pki.ts'

const folders: string[] = []
const day = 86_400_000
const onDay = (days: number) => ({ now: () => Date.now() + days * day })

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'entrepot-pki-'))
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true })
})

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('a first start makes a folder and keys that nobody else can read', async () => {
  const dataDir = join(await folder(), 'deep', 'data')
  const identity = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  await identity.writeKubeconfig('https://127.0.0.1:7443')
  expect(await modeOf(dataDir)).toBe('700')
  expect(await modeOf(join(dataDir, 'pki'))).toBe('700')
  expect(await modeOf(identity.kubeconfigPath)).toBe('600')
  const files = await readdir(join(dataDir, 'pki'))
  expect(files.sort()).toEqual(['admin.crt', 'admin.key', 'ca.crt', 'ca.key', 'sa.key', 'serving.crt', 'serving.key'])
  for (const file of files) expect(await modeOf(join(dataDir, 'pki', file))).toBe('600')
})

test('a second start finds everything as it was', async () => {
  const dataDir = await folder()
  const first = await ensureIdentity(dataDir, { hosts: ['hub.example.com'], clock: systemClock })
  const second = await ensureIdentity(dataDir, { hosts: ['hub.example.com'], clock: systemClock })
  const { writeKubeconfig: _first, ...before } = first
  expect(second).toMatchObject(before)
})

test('the certificates make a TLS connection in which both sides know each other', async () => {
  const identity = await ensureIdentity(await folder(), { hosts: [], clock: systemClock })
  const { cert, key } = identity.serving
  const server = createServer({ cert, key, ca: identity.ca.cert, requestCert: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost']) {
    const seen = new Promise<unknown>((resolve) =>
      server.once('secureConnection', (socket) => resolve([socket.authorized, socket.getPeerCertificate().subject])),
    )
    const socket = connect({ host, port, ...identity.admin, ca: identity.ca.cert })
    await new Promise((resolve, reject) => socket.once('secureConnect', () => resolve(true)).once('error', reject))
    expect(await seen).toEqual([true, { O: 'system:masters', CN: 'kubernetes-admin' }])
    socket.destroy()
  }
  server.close()
})

test('the serving certificate is for the names of a cluster, this machine, and those asked for', async () => {
  const { serving } = await ensureIdentity(await folder(), {
    hosts: ['hub.example.com', 'fd00::7'],
    clock: systemClock,
  })
  const certificate = new X509Certificate(serving.cert)
  for (const name of ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'hub.example.com']) {
    expect(certificate.checkHost(name)).toBe(name)
  }
  for (const address of ['127.0.0.1', '::1', '10.0.0.1', 'fd00::7']) expect(certificate.checkIP(address)).toBe(address)
  expect(certificate.checkHost('other.example.com')).toBeUndefined()
})

test.each([
  { name: 'other names', hosts: ['hub.example.com'], clock: systemClock, renewed: ['serving'] },
  { name: 'a date close to their end', hosts: [], clock: onDay(300), renewed: ['serving', 'admin'] },
  { name: 'a clock that goes wrong by a year', hosts: [], clock: onDay(-365), renewed: ['serving', 'admin'] },
  {
    name: 'a date close to the end of the authority',
    hosts: [],
    clock: onDay(3640),
    renewed: ['serving', 'admin', 'ca'],
  },
  { name: 'nothing new', hosts: [], clock: onDay(30), renewed: [] },
])('after $name, $renewed are renewed by the same authority', async ({ hosts, clock, renewed }) => {
  const dataDir = await folder()
  const before = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  const after = await ensureIdentity(dataDir, { hosts, clock })
  const changed = [
    ...(after.serving.cert === before.serving.cert ? [] : ['serving']),
    ...(after.admin.cert === before.admin.cert ? [] : ['admin']),
    ...(after.ca.cert === before.ca.cert ? [] : ['ca']),
  ]
  expect(changed).toEqual(renewed)
  const authority = new X509Certificate(after.ca.cert)
  expect(authority.publicKey.equals(new X509Certificate(before.ca.cert).publicKey)).toBe(true)
  for (const { cert } of [before.serving, before.admin, after.serving, after.admin]) {
    expect(new X509Certificate(cert).verify(authority.publicKey)).toBe(true)
  }
})

test.each(['serving.crt', 'serving.key', 'admin.crt', 'admin.key'])('a damaged %s is replaced', async (file) => {
  const dataDir = await folder()
  const before = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  const path = join(dataDir, 'pki', file)
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100))
  const after = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  expect(after.ca.cert).toBe(before.ca.cert)
  expect(new X509Certificate(after.serving.cert).verify(new X509Certificate(after.ca.cert).publicKey)).toBe(true)
  expect(new X509Certificate(after.admin.cert).verify(new X509Certificate(after.ca.cert).publicKey)).toBe(true)
})

test.each([
  { name: 'the data directory', path: [], mode: 0o755, says: /can be read by others \(mode 755\).*chmod 700/ },
  { name: 'the folder of keys', path: ['pki'], mode: 0o750, says: /pki can be read by others \(mode 750\).*chmod 700/ },
  { name: 'a key', path: ['pki', 'ca.key'], mode: 0o640, says: /ca\.key can be read by others.*chmod 600/ },
])('$name that others can read is refused with the command that helps', async ({ path, mode, says }) => {
  const dataDir = await folder()
  await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  await chmod(join(dataDir, ...path), mode)
  await expect(ensureIdentity(dataDir, { hosts: [], clock: systemClock })).rejects.toThrow(says)
})

test.each([
  { name: 'its key', prepare: (pki: string) => rm(join(pki, 'ca.key')), says: /ca\.key is missing: put it back/ },
  {
    name: 'its own key',
    prepare: async (pki: string) => writeFile(join(pki, 'ca.key'), await readFile(join(pki, 'sa.key'))),
    says: /do not belong together/,
  },
])('an authority without $name is refused, never replaced', async ({ prepare, says }) => {
  const dataDir = await folder()
  await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  await prepare(join(dataDir, 'pki'))
  await expect(ensureIdentity(dataDir, { hosts: [], clock: systemClock })).rejects.toThrow(says)
})

test('a start that died between key and certificate of the authority is finished by the next one', async () => {
  const dataDir = await folder()
  const { admin } = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  await rm(join(dataDir, 'pki', 'ca.crt'))
  const { ca } = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  expect(new X509Certificate(admin.cert).verify(new X509Certificate(ca.cert).publicKey)).toBe(true)
})

test('a file in the place of the data directory is named as such', async () => {
  const path = join(await folder(), 'file')
  await writeFile(path, '')
  await expect(ensureIdentity(path, { hosts: [], clock: systemClock })).rejects.toThrow(/is no folder: choose another/)
  await expect(ensureIdentity(join(path, 'below'), { hosts: [], clock: systemClock })).rejects.toThrow(/is no folder/)
})

test('the kubeconfig holds all that a client needs, and an unchanged one is not written again', async () => {
  const dataDir = await folder()
  await mkdir(dataDir, { recursive: true })
  const identity = await ensureIdentity(dataDir, { hosts: [], clock: systemClock })
  const path = await identity.writeKubeconfig('https://127.0.0.1:7443')
  const { ino } = await stat(path)
  expect(parseYaml(await readFile(path, 'utf8')).value).toMatchObject({
    'current-context': 'entrepot',
    clusters: [
      {
        cluster: {
          server: 'https://127.0.0.1:7443',
          'certificate-authority-data': Buffer.from(identity.ca.cert).toString('base64'),
        },
      },
    ],
    users: [{ user: { 'client-key-data': Buffer.from(identity.admin.key).toString('base64') } }],
  })
  await identity.writeKubeconfig('https://127.0.0.1:7443')
  expect((await stat(path)).ino).toBe(ino)
  await identity.writeKubeconfig('https://127.0.0.1:7444')
  expect((await stat(path)).ino).not.toBe(ino)
})
