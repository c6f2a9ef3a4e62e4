import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { claimFolder, readPrivate, UnusableDataDir, writePrivate } from './data-dir.ts'
import type { Clock } from './machinery/clock.ts'
import { printYaml } from './machinery/yaml.ts'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Everything that proves who the hub is, and who its administrator is. All PEM. */
export interface Identity {
  /** The hub's own authority: issues the other two, and is what client certificates are checked against. */
  readonly ca: { readonly cert: string }
  readonly serving: KeyPair
  /** `kubernetes-admin` of `system:masters`. */
  readonly admin: KeyPair
  /** A P-256 private key (PKCS #8) that signs the tokens of service accounts. */
  readonly serviceAccountKey: string
  readonly kubeconfigPath: string
  /** Writes the administrator's kubeconfig for the hub at `url`, mode 0600, and gives its path. An unchanged file is left alone. */
  writeKubeconfig(url: string): Promise<string>
}

const day = 86_400_000
/** How long certificates are good for. They are renewed when a hub starts, so the rest must outlast a long run. */
const leafDays = 365
const leafRenewalDays = 120
const authorityDays = 3650
// An authority is renewed, with the same key, before a leaf could outlive it.
const authorityRenewalDays = 2 * leafDays
/** Certificates begin a little in the past, for clients whose clock is behind. */
const skewMs = 300_000

/**
 * The names under which pods and proxies of a cluster reach its API server, the first address of the usual service network, and this
 * machine (Kubernetes, “PKI certificates and requirements”).
 */
const ownNames = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  '10.0.0.1',
]

/**
 * Reads the hub's certificates and keys in `dataDir/pki`, and makes what is missing, damaged, close to its end, or, for the serving
 * certificate, made for other names than the usual ones and `hosts`. The authority stays the same for the life of the folder. Throws
 * UnusableDataDir when a folder or a key can be read by others, or when the authority is there only in part.
 */
export async function ensureIdentity(
  dataDir: string,
  { hosts, clock }: { readonly hosts: readonly string[]; readonly clock: Clock },
): Promise<Identity> {
  const folder = join(dataDir, 'pki')
  await claimFolder(dataDir)
  await claimFolder(folder)
  const now = clock.now()
  const names = [...new Set([...ownNames, hostname().toLowerCase(), ...hosts])]

  const authority = await ensureAuthority(folder, now)
  const serving = ensurePair(folder, 'serving', authority, now, { names })
  const admin = ensurePair(folder, 'admin', authority, now, { names: [] })
  const serviceAccountKey = ensureSigningKey(folder)
  const identity = {
    ca: { cert: authority.cert },
    serving: await serving,
    admin: await admin,
    serviceAccountKey: await serviceAccountKey,
    kubeconfigPath: join(dataDir, 'kubeconfig'),
  }
  return {
    ...identity,
    writeKubeconfig: async (url) => {
      const text = printYaml(kubeconfig(url, identity.ca.cert, identity.admin))
      if ((await readPrivate(identity.kubeconfigPath)) !== text) await writePrivate(identity.kubeconfigPath, text)
      return identity.kubeconfigPath
    },
  }
}

async function ensureAuthority(folder: string, now: number): Promise<KeyPair> {
  const paths = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') }
  const [cert, key] = await Promise.all([readPrivate(paths.cert), readPrivate(paths.key)])
  if (cert === undefined && key === undefined) {
    const { newKey, issueAuthority } = await import('./certificates.ts')
    const made = await newKey()
    const pair = { key: made, cert: await issueAuthority(made, validity(now, authorityDays)) }
    // The key first: a certificate without its key would be an authority in part.
    await writePrivate(paths.key, pair.key)
    await writePrivate(paths.cert, pair.cert)
    return pair
  }
  if (key === undefined) {
    throw new UnusableDataDir(`${paths.key} is missing: put it back, or remove ${folder} to begin with a new authority`)
  }
  const parsed = cert === undefined ? undefined : parsePair(cert, key)
  if (cert !== undefined && parsed === undefined) {
    throw new UnusableDataDir(
      `${paths.cert} and ${paths.key} do not belong together: put the right ones back, or remove ${folder} to begin with a new authority`,
    )
  }
  if (cert !== undefined && parsed !== undefined && parsed.validToDate.getTime() - now > authorityRenewalDays * day) {
    return { cert, key }
  }
  // The same key under the same name: whatever it has signed stays valid.
  const { issueAuthority } = await import('./certificates.ts')
  const renewed = await issueAuthority(key, validity(now, authorityDays))
  await writePrivate(paths.cert, renewed)
  return { cert: renewed, key }
}

async function ensurePair(
  folder: string,
  name: 'serving' | 'admin',
  authority: KeyPair,
  now: number,
  { names }: { readonly names: readonly string[] },
): Promise<KeyPair> {
  const paths = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  const [cert, key] = await Promise.all([readPrivate(paths.cert), readPrivate(paths.key)])
  if (cert !== undefined && key !== undefined) {
    const parsed = parsePair(cert, key)
    const isGood =
      parsed?.verify(new X509Certificate(authority.cert).publicKey) === true &&
      parsed.validToDate.getTime() - now > leafRenewalDays * day &&
      parsed.validFromDate.getTime() <= now &&
      isFor(parsed, names)
    if (isGood) return { cert, key }
  }
  const { newKey, issueServing, issueAdministrator } = await import('./certificates.ts')
  const made = await newKey()
  const issue = name === 'serving' ? issueServing : issueAdministrator
  const pair = { key: made, cert: await issue(made, authority, validity(now, leafDays), names) }
  await writePrivate(paths.key, pair.key)
  await writePrivate(paths.cert, pair.cert)
  return pair
}

async function ensureSigningKey(folder: string): Promise<string> {
  const path = join(folder, 'sa.key')
  const known = await readPrivate(path)
  if (known !== undefined) {
    try {
      createPrivateKey(known)
      return known
    } catch (error) {
      throw new UnusableDataDir(
        `${path} is no private key: put the right one back, or remove it, which ends the tokens of all service accounts`,
        error,
      )
    }
  }
  const { newKey } = await import('./certificates.ts')
  const made = await newKey()
  await writePrivate(path, made)
  return made
}

/** The certificate when it can be read and this is its key. */
function parsePair(cert: string, key: string): X509Certificate | undefined {
  try {
    const parsed = new X509Certificate(cert)
    return parsed.checkPrivateKey(createPrivateKey(key)) ? parsed : undefined
  } catch {
    return undefined // no PEM, or cut off
  }
}

/** Whether a certificate is for exactly these names and addresses. */
function isFor(cert: X509Certificate, names: readonly string[]): boolean {
  const listed = cert.subjectAltName?.split(', ') ?? []
  const has = (name: string) => (isIP(name) === 0 ? listed.includes(`DNS:${name}`) : cert.checkIP(name) !== undefined)
  return listed.length === names.length && names.every(has)
}

function validity(now: number, days: number): { readonly from: Date; readonly to: Date } {
  return { from: new Date(now - skewMs), to: new Date(now + days * day) }
}

function kubeconfig(server: string, ca: string, admin: KeyPair): unknown {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64')
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'entrepot', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'kubernetes-admin',
        user: { 'client-certificate-data': base64(admin.cert), 'client-key-data': base64(admin.key) },
      },
    ],
    contexts: [{ name: 'entrepot', context: { cluster: 'entrepot', user: 'kubernetes-admin' } }],
    'current-context': 'entrepot',
  }
}
