import { readFile } from 'node:fs/promises'
import { StatusError } from '../machinery/status-error.ts'
import { execConfig } from './cluster-secret.ts'
import { credentialIn } from './credentials.ts'
import type { ClusterTarget } from './target.ts'

/**
 * The cluster that a kubeconfig file points to: by `context`, or by its current one; without `path` as kubectl finds it (KUBECONFIG,
 * then ~/.kube/config). `name` is the cluster's name in the file. Files that it names are read now; a credential plugin stays a plugin
 * and runs when the target is used; what other providers of tokens give is taken once. Throws BadRequest in words for people.
 */
export async function loadTarget(path?: string, context?: string): Promise<{ name: string; target: ClusterTarget }> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const source = path ?? 'the kubeconfig'
  try {
    if (path === undefined) config.loadFromDefault()
    else config.loadFromFile(path)
  } catch (error) {
    throw StatusError.badRequest(`${source} cannot be read: ${reasonOf(error)}`, error)
  }
  if (context !== undefined) config.setCurrentContext(context)
  const current = config.getCurrentContext()
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    const known = config.getContexts().map(({ name }) => name)
    throw StatusError.badRequest(
      current
        ? `${source} has no context ${JSON.stringify(current)}; it has ${known.length === 0 ? 'none' : known.join(', ')}`
        : `${source} has no current context; choose one of ${known.join(', ')}`,
    )
  }
  const user = config.getCurrentUser()
  if (user?.impersonateUser) {
    throw StatusError.badRequest(`${source} impersonates ${user.impersonateUser}: register a credential of that user`)
  }
  if (user?.username)
    throw StatusError.badRequest(`${source} has a user with a password, which Kubernetes no longer takes`)

  const ca = await pem(cluster.caData, cluster.caFile)
  const clientCert = await pem(user?.certData, user?.certFile)
  const clientKey = await pem(user?.keyData, user?.keyFile)
  const common: ClusterTarget = {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.skipTLSVerify ? { insecureSkipVerify: true } : {}),
    ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
    ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }),
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
  }
  if (user?.exec) return { name: cluster.name, target: { ...common, exec: execConfig(user.exec) } }
  if (!user?.authProvider) {
    return { name: cluster.name, target: { ...common, ...(user?.token ? { token: user.token } : {}) } }
  }
  const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {}
  await config.applyToHTTPSOptions(options)
  return { name: cluster.name, target: { ...common, ...credentialIn(options) } }
}

/** One line: the parser of YAML goes on with an excerpt, which may show a credential. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'this user may not read it'
  if (code === 'EISDIR') return 'it is a folder'
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

/** Inline data (base64 of PEM) before a file, as kubectl has it. */
async function pem(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString()
  if (!file) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw StatusError.badRequest(`${file}, named by the kubeconfig, cannot be read`, error)
  }
}
