import { clusterLabels, credentialTypeLabel } from '../clusters/cluster-secret.ts'
import { credentialsOf } from '../clusters/credentials.ts'
import { connect } from '../clusters/remote-client.ts'
import type { ClusterTarget } from '../clusters/target.ts'
import type { ObjectClient } from '../machinery/client.ts'
import { labelValueText, qualifiedName, subdomainName } from '../machinery/names.ts'
import { fieldAt, type KubeObject } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { hasReason, StatusError } from '../machinery/status-error.ts'

/** Where clusters are registered: one Secret each. */
export const registrationNamespace = 'vela-system'

/** How the registrations are addressed. */
export const secrets: ResourceInfo = core('secrets', 'Secret', true)
const namespaces: ResourceInfo = core('namespaces', 'Namespace', false)

/** A cluster to register. */
export interface Candidate {
  readonly name: string
  readonly target: ClusterTarget
  readonly labels: Readonly<Record<string, string>>
}

/** A registered cluster as people see it; never its credential. */
export interface RegisteredCluster {
  readonly name: string
  readonly alias: string
  /** `X509Certificate`, `ServiceAccountToken`, `Dynamic`, or `Internal` for the hub itself. */
  readonly type: string
  readonly endpoint: string
  /** What the cluster said last; `''` when nothing is known. */
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
}

/** Throws BadRequest for a name that no cluster can have (KubeVela, `vela cluster join`). */
export function checkClusterName(name: string): void {
  if (name === '') throw StatusError.badRequest('ClusterName cannot be empty')
  if (name === 'local') {
    throw StatusError.badRequest('ClusterName cannot be `local`, it is reserved as the local cluster')
  }
  const [complaint] = subdomainName(name)
  if (complaint !== undefined)
    throw StatusError.badRequest(`the cluster name ${JSON.stringify(name)} cannot be used: ${complaint}`)
}

/** Reads `region=hangzhou,tier=a`. Throws BadRequest for what is no label, or one that registrations keep for themselves. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value, ...rest] = pair.split('=')
      const [complaint] =
        value === undefined || rest.length > 0
          ? ['must be key=value']
          : [...qualifiedName(key), ...labelValueText(value)]
      if (complaint !== undefined) throw StatusError.badRequest(`invalid label key-value pair ${pair}: ${complaint}`)
      if (key.startsWith('cluster.core.oam.dev/')) {
        throw StatusError.badRequest(
          `invalid label key-value pair ${pair}: keys of cluster.core.oam.dev are kept for registrations`,
        )
      }
      return [key, value ?? '']
    }),
  )
}

/**
 * Registers a cluster on the hub, after it has answered and taken the credential. A cluster of that name is replaced only if `mayReplace`
 * says so. Returns what the cluster says its version is. Throws StatusErrors in words for people.
 */
export async function register(
  hub: ObjectClient,
  { name, target, labels }: Candidate,
  mayReplace: () => Promise<boolean>,
): Promise<{ readonly version: string; readonly replaced: boolean }> {
  checkClusterName(name)
  const known = await find(hub, name)
  if (known) await checkReplaceable(known, mayReplace)
  const usable = await withLastingCredential(name, target)
  const { version, identity } = await ask(usable)
  if (identity !== undefined && identity === (await identityOf(hub))) {
    throw StatusError.badRequest('that is the hub itself, which is a cluster already: its name is local')
  }
  const secret = registrationOf({ name, target: usable, labels })
  if (known) {
    // An alias and what others noted stay; a change that somebody made meanwhile is not overwritten.
    const { annotations = {}, resourceVersion = '' } = known.metadata
    await hub.update(secrets, { ...secret, metadata: { ...secret.metadata, annotations, resourceVersion } })
  } else {
    await ensureNamespace(hub)
    await hub.create(secrets, secret)
  }
  return { version, replaced: known !== undefined }
}

/** The hub itself and all registered clusters, by name. */
export async function registeredClusters(hub: ObjectClient): Promise<readonly RegisteredCluster[]> {
  const options = { namespace: registrationNamespace, labelSelector: credentialTypeLabel }
  const { items } = await hub.list(secrets, options)
  const text = (secret: KubeObject, key: string) => {
    const value = fieldAt(secret, 'data', key)
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString().trim() : ''
  }
  const others = items.map((secret) => ({
    name: secret.metadata.name ?? '',
    alias: secret.metadata.annotations?.['cluster.core.oam.dev/cluster-alias'] ?? '',
    type: secret.metadata.labels?.[credentialTypeLabel] ?? '',
    endpoint: text(secret, 'endpoint'),
    version: versionIn(secret.metadata.annotations?.['cluster.core.oam.dev/cluster-version'] ?? ''),
    labels: withoutOwn(clusterLabels(secret)),
  }))
  const local = { name: 'local', alias: '', type: 'Internal', endpoint: '-', version: '', labels: {} }
  return [local, ...others.sort((a, b) => (a.name < b.name ? -1 : 1))]
}

/** Forgets a cluster; what was shipped there stays there. Throws NotFound when there is none of that name. */
export async function detach(hub: ObjectClient, name: string): Promise<void> {
  checkClusterName(name)
  const secret = await find(hub, name)
  if (secret?.metadata.labels?.[credentialTypeLabel] === undefined) throw noSuchCluster(name)
  const { uid } = secret.metadata
  await hub.remove(secrets, { namespace: registrationNamespace, name }, uid === undefined ? {} : { uid })
}

function noSuchCluster(name: string): StatusError {
  return new StatusError(404, 'NotFound', `no such cluster ${name}: entrepot cluster list shows them`)
}

async function find(hub: ObjectClient, name: string): Promise<KubeObject | undefined> {
  try {
    return await hub.get(secrets, { namespace: registrationNamespace, name })
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function checkReplaceable(known: KubeObject, mayReplace: () => Promise<boolean>): Promise<void> {
  const name = known.metadata.name ?? ''
  const type = known.metadata.labels?.[credentialTypeLabel]
  if (type === undefined) {
    throw StatusError.badRequest(
      `the Secret ${registrationNamespace}/${name} exists and is no cluster: choose another name`,
    )
  }
  if (type === 'Internal' || type === 'ManagedCluster') {
    throw StatusError.badRequest(`cannot override ${type} typed cluster`)
  }
  if (!(await mayReplace()))
    throw StatusError.badRequest(`cluster ${name} already exists: --yes replaces it, --name gives another name`)
}

/** Replaces a credential plugin by what it gives now, and refuses what a registration cannot hold. */
async function withLastingCredential(name: string, target: ClusterTarget): Promise<ClusterTarget> {
  const { exec, ...rest } = target
  const usable = exec === undefined ? target : { ...rest, ...(await credentialsOf(target).current()) }
  if (usable.serverName !== undefined) {
    throw StatusError.badRequest(
      `${name} is reached by another TLS server name (${usable.serverName}), which a registration cannot hold`,
    )
  }
  if (usable.ca === undefined && usable.insecureSkipVerify !== true) {
    throw StatusError.badRequest(
      `the kubeconfig has no certificate authority for ${name}, and a registration without one is not verified: add certificate-authority-data, or insecure-skip-tls-verify: true to go without`,
    )
  }
  const hasCertificate = usable.clientCert !== undefined && usable.clientKey !== undefined
  if (usable.token === undefined && !hasCertificate) {
    throw StatusError.badRequest(`the kubeconfig has neither a token nor a client certificate for ${name}`)
  }
  return usable
}

/** What a cluster that answers and knows the credential says about itself. */
async function ask(
  target: ClusterTarget,
): Promise<{ readonly version: string; readonly identity: string | undefined }> {
  const cluster = connect(target, { requestTimeoutMs: 10_000, userAgent: 'entrepot-cli' })
  try {
    // The version is for everyone, discovery only for those whom the cluster knows.
    await cluster.resources({ fresh: true })
    const { body } = await cluster.request({ method: 'GET', path: '/version' })
    return { version: versionIn(body), identity: await identityOf(cluster) }
  } finally {
    await cluster.close()
  }
}

/** The uid of kube-system, by which clusters are told apart; undefined where the credential may not read it. */
async function identityOf(cluster: ObjectClient): Promise<string | undefined> {
  try {
    return (await cluster.get(namespaces, { namespace: '', name: 'kube-system' })).metadata.uid
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

function versionIn(json: string): string {
  try {
    const version = fieldAt(JSON.parse(json), 'gitVersion')
    return typeof version === 'string' ? version : ''
  } catch {
    return '' // nobody wrote one, or it is none
  }
}

function registrationOf({ name, target, labels }: Candidate): KubeObject {
  const type = target.token === undefined ? 'X509Certificate' : 'ServiceAccountToken'
  const values = {
    endpoint: target.server,
    'ca.crt': target.insecureSkipVerify === true ? undefined : target.ca,
    'proxy-url': target.proxyUrl,
    ...(target.token === undefined
      ? { 'tls.crt': target.clientCert, 'tls.key': target.clientKey }
      : { token: target.token }),
  }
  const data = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, Buffer.from(value).toString('base64')] as const],
  )
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: registrationNamespace, labels: { ...labels, [credentialTypeLabel]: type } },
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
}

async function ensureNamespace(hub: ObjectClient): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: registrationNamespace } }
  try {
    await hub.create(namespaces, namespace)
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error
  }
}

function withoutOwn(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith('cluster.core.oam.dev/')))
}

function core(resource: string, kind: string, namespaced: boolean): ResourceInfo {
  return { group: '', version: 'v1', resource, kind, namespaced, singular: kind.toLowerCase() }
}
