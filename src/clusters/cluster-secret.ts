import { fieldAt, isObject, type KubeObject } from '../machinery/object.ts'
import { StatusError } from '../machinery/status-error.ts'
import type { ClusterTarget, ExecConfig } from './target.ts'

/** The label whose presence makes a Secret a cluster; its value says what the Secret holds. */
export const credentialTypeLabel = 'cluster.core.oam.dev/cluster-credential-type'
const endpointTypeLabel = 'cluster.core.oam.dev/cluster-endpoint-type'
const ownPrefix = 'cluster.core.oam.dev/'
const controlPlaneLabel = 'cluster.core.oam.dev/control-plane'

/**
 * The labels that topologies match: those of the Secret without the registration's own, plus whether the cluster is the hub itself.
 * Without a Secret: those of `local`.
 */
export function clusterLabels(secret?: KubeObject): Readonly<Record<string, string>> {
  const own = Object.entries(secret?.metadata.labels ?? {}).filter(([label]) => !label.startsWith(ownPrefix))
  return { ...Object.fromEntries(own), [controlPlaneLabel]: secret === undefined ? 'true' : 'false' }
}

/**
 * What a cluster's Secret registers (KubeVela cluster-gateway, Secrets as cluster records). Without a CA the server's certificate is
 * not verified, as there; whoever uses the target says so aloud. Throws BadRequest with the gateway's texts for a record that is none.
 */
export function targetFromSecret(secret: KubeObject): ClusterTarget {
  const type = secret.metadata.labels?.[credentialTypeLabel]
  const endpointType = secret.metadata.labels?.[endpointTypeLabel] ?? 'Const'
  if (endpointType !== 'Const') {
    throw StatusError.badRequest(`unrecognized secret endpoint type ${endpointType}: only Const is reachable from here`)
  }
  const server = text(secret, 'endpoint')
  if (type === undefined || server === undefined) {
    throw StatusError.badRequest('secret is not a valid cluster secret, no credential type found')
  }
  const ca = text(secret, 'ca.crt') ?? text(secret, 'ca')
  const proxyUrl = text(secret, 'proxy-url')
  return {
    server,
    ...(ca === undefined ? { insecureSkipVerify: true } : { ca }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...credential(secret, type),
  }
}

function credential(secret: KubeObject, type: string): Partial<ClusterTarget> {
  switch (type) {
    case 'X509Certificate':
      return { clientCert: required(secret, 'tls.crt'), clientKey: required(secret, 'tls.key') }
    case 'ServiceAccountToken':
      return { token: required(secret, 'token') }
    case 'Dynamic':
      return { exec: parseExec(required(secret, 'exec')) }
    default:
      throw StatusError.badRequest(`unrecognized secret credential type ${type}`)
  }
}

function required(secret: KubeObject, key: string): string {
  const value = text(secret, key)
  if (value === undefined) throw StatusError.badRequest(`missing secret data key: ${key}`)
  return value
}

/** A value of `data`, decoded, without white space around it; undefined where there is nothing. */
function text(secret: KubeObject, key: string): string | undefined {
  const encoded = fieldAt(secret, 'data', key)
  if (typeof encoded !== 'string') return undefined
  const value = Buffer.from(encoded, 'base64').toString().trim()
  return value === '' ? undefined : value
}

/** A kubeconfig's `exec` section. Throws BadRequest when it names no command. The text itself is never repeated: it may hold secrets. */
export function parseExec(json: string): ExecConfig {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw StatusError.badRequest('secret data key exec is no JSON')
  }
  return execConfig(value)
}

/** The parts of an `exec` section that count, from a value that nobody has looked at yet. */
export function execConfig(value: unknown): ExecConfig {
  if (!isObject(value) || typeof value['command'] !== 'string' || value['command'] === '') {
    throw StatusError.badRequest('the exec section names no command')
  }
  const { apiVersion, command, args, env } = value
  const variables = (Array.isArray(env) ? env : []).flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['name'] === 'string'
      ? [{ name: entry['name'], value: String(entry['value'] ?? '') }]
      : [],
  )
  return {
    command,
    ...(typeof apiVersion === 'string' ? { apiVersion } : {}),
    ...(Array.isArray(args) ? { args: args.map(String) } : {}),
    ...(variables.length === 0 ? {} : { env: variables }),
  }
}
