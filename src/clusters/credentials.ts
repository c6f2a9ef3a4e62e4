import { StatusError } from '../machinery/status-error.ts'
import type { ClusterTarget, ExecConfig } from './target.ts'

/** What proves who we are to one cluster. Certificates change the connection, a token only the requests on it. */
export interface Credential {
  readonly token?: string
  readonly clientCert?: string
  readonly clientKey?: string
}

/** Where the credential of one cluster comes from. */
export interface CredentialSource {
  /** The credential to use now. Throws Unauthorized when a plugin fails. */
  current(): Promise<Credential>
  /** The cluster refused the credential: do not offer the same again if there may be another. */
  refused(): void
}

// The library keeps what a plugin printed until it expires; asking it this often notices the expiry without work per request.
const recheckMs = 10_000

/** The credential that a target names, or the plugin that makes it. */
export function credentialsOf(target: ClusterTarget): CredentialSource {
  if (target.exec !== undefined) return new PluginCredentials(target.exec)
  const fixed: Credential = {
    ...(target.token === undefined ? {} : { token: target.token }),
    ...(target.clientCert === undefined ? {} : { clientCert: target.clientCert }),
    ...(target.clientKey === undefined ? {} : { clientKey: target.clientKey }),
  }
  return { current: async () => fixed, refused: () => undefined }
}

/** Runs a credential plugin by way of @kubernetes/client-node, one run at a time. */
class PluginCredentials implements CredentialSource {
  readonly #exec: ExecConfig
  #apply: Promise<() => Promise<Credential>> | undefined
  #running: Promise<Credential> | undefined
  #known: { readonly credential: Credential; readonly untilMs: number } | undefined

  constructor(exec: ExecConfig) {
    this.#exec = exec
  }

  async current(): Promise<Credential> {
    if (this.#known !== undefined && performance.now() < this.#known.untilMs) return this.#known.credential
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined
    })
    return await this.#running
  }

  refused(): void {
    this.#known = undefined
    this.#apply = undefined
  }

  async #ask(): Promise<Credential> {
    try {
      this.#apply ??= pluginRunner(this.#exec)
      const fresh = await (await this.#apply)()
      const before = this.#known?.credential
      const same =
        before?.token === fresh.token &&
        before?.clientCert === fresh.clientCert &&
        before?.clientKey === fresh.clientKey
      const credential = before !== undefined && same ? before : fresh
      this.#known = { credential, untilMs: performance.now() + recheckMs }
      return credential
    } catch (error) {
      this.#apply = undefined
      // The error stream is made for people. What the plugin printed otherwise may hold a token, and a parser would quote it.
      const unreadable = error instanceof SyntaxError || error instanceof TypeError
      const text = unreadable ? 'it printed no ExecCredential' : error instanceof Error ? error.message : String(error)
      throw new StatusError(
        401,
        'Unauthorized',
        `the credential plugin ${this.#exec.command} failed: ${text.trim().slice(0, 500)}`,
        {
          cause: error,
        },
      )
    }
  }
}

async function pluginRunner(exec: ExecConfig): Promise<() => Promise<Credential>> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'cluster', server: 'https://unused', skipTLSVerify: false },
    { name: 'user', exec },
  )
  return async () => {
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {}
    await config.applyToHTTPSOptions(options)
    return credentialIn(options)
  }
}

/** The credential among the request options that @kubernetes/client-node fills in. */
export function credentialIn(options: {
  readonly headers?: unknown
  readonly cert?: unknown
  readonly key?: unknown
}): Credential {
  const headers = new Map(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const bearer = /^Bearer (.+)$/.exec(String(headers.get('authorization') ?? ''))?.[1]
  const pem = (value: unknown): string | undefined =>
    typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString() : undefined
  const clientCert = pem(options.cert)
  const clientKey = pem(options.key)
  return {
    ...(bearer === undefined ? {} : { token: bearer }),
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
  }
}
