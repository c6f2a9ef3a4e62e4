import { setTimeout as sleep } from 'node:timers/promises'
import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import { StatusError } from '../machinery/status-error.ts'
import { type AddressRules, guardedLookup, refusedHost } from './addresses.ts'
import { type Credential, type CredentialSource, credentialsOf } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { answerFailure, connectionFailure } from './failure.ts'
import type { ClusterTarget } from './target.ts'

/** One request. `path` begins with `/` and is what follows the prefix of the server's URL; undefined query values are left out. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** From the call to the last byte, waiting for a free connection included. */
  readonly timeoutMs?: number
  /** A longer answer is refused with RequestEntityTooLarge. */
  readonly limitBytes?: number
}

/** A whole answer. Header names are lower-case; the first of several values counts. */
export interface TransportReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer whose body is still coming. Whoever gets one reads it to its end or calls `cancel`. */
export interface TransportStream {
  readonly body: AsyncIterable<Buffer>
  cancel(): void
}

/** Hears how requests fare: the failure of the connection, or undefined when the server answered, whatever it answered. */
export type TransportObserver = (failure: StatusError | undefined) => void

/** How a transport behaves; see `RemoteClientOptions`. */
export interface TransportOptions {
  readonly requestTimeoutMs: number
  readonly userAgent: string
  readonly addresses: AddressRules
  readonly observe: TransportObserver
}

interface Pools {
  readonly credential: Credential
  readonly requests: Dispatcher
  readonly watches: Dispatcher
}

const connectTimeoutMs = 10_000
// A server that does not answer a PING from one to the next is gone, however many streams believe otherwise. HTTP/1.1 has only TCP's own.
const pingIntervalMs = 5000
const keepAliveInitialDelay = 15_000
// Over HTTP/2 a connection carries up to 256 requests (the server's own limit may be lower) and a second one is opened only when the
// first is full; over HTTP/1.1 it carries one. Watches have connections of their own: they could otherwise fill all and starve requests.
const connectionsForRequests = 16
const connectionsForWatches = 256
const streamsPerConnection = 256
const mostPending = 10_000
const mostRetries = 5
const closeGraceMs = 5000
const defaultLimitBytes = 64 * 2 ** 20

/**
 * HTTPS to one API server: HTTP/2 where it is offered, verified by the registered authority, the credential on every request and
 * nowhere else, no redirects, every answer bounded in time and size. Throws StatusError only.
 */
export class Transport {
  readonly server: string
  readonly #target: ClusterTarget
  readonly #options: TransportOptions
  readonly #origin: string
  readonly #prefix: string
  readonly #credentials: CredentialSource
  readonly #streams = new Set<() => void>()
  #pools: Pools | undefined
  #pending = 0
  #closed = false

  /** Throws BadRequest for a target that cannot or must not be dialled. */
  constructor(target: ClusterTarget, options: TransportOptions) {
    const url = parseServer(target.server, options.addresses)
    if (target.proxyUrl !== undefined) parseProxy(target.proxyUrl, options.addresses)
    this.server = url.href.replace(/\/$/, '')
    this.#origin = url.origin
    this.#prefix = url.pathname.replace(/\/+$/, '')
    this.#target = target
    this.#options = options
    this.#credentials = credentialsOf(target)
  }

  /** Sends a request and reads the whole answer, whatever its code. Waits as told when the server says 429 with `Retry-After`. */
  async send(request: TransportRequest): Promise<TransportReply> {
    const timeoutMs = request.timeoutMs ?? this.#options.requestTimeoutMs
    const deadline = performance.now() + timeoutMs
    for (let retries = 0; ; retries++) {
      const reply = await this.#sendOnce(request, Math.max(1, deadline - performance.now()), timeoutMs)
      const waitMs = Number(reply.headers['retry-after'] ?? Number.NaN) * 1000
      if (reply.status !== 429 || !(waitMs >= 0) || retries >= mostRetries) return reply
      if (performance.now() + waitMs >= deadline) return reply
      await sleep(waitMs, undefined, request.signal && { signal: request.signal }).catch(() => undefined)
      request.signal?.throwIfAborted()
    }
  }

  /** Sends a request whose answer comes bit by bit. The timeout ends with the answer's head; an error answer is read and thrown. */
  async open(request: TransportRequest): Promise<TransportStream> {
    const timeoutMs = request.timeoutMs ?? this.#options.requestTimeoutMs
    const limit = new Deadline(request.signal, timeoutMs, () => this.#late(request, timeoutMs))
    const cancel = (): void => {
      this.#streams.delete(cancel)
      limit.abort(StatusError.unavailable('the stream was cancelled'))
      limit.end()
    }
    try {
      const { statusCode, headers, body } = await this.#dispatch('watches', request, limit)
      if (statusCode !== 200) {
        throw answerFailure(this.server, await this.#reply(statusCode, headers, body, request))
      }
      limit.disarm()
      // Errors of the body reach whoever reads it; without a listener, one that comes before the reading would end the process.
      body.on('error', () => undefined)
      this.#streams.add(cancel)
      return { body: this.#chunks(body, limit), cancel }
    } catch (error) {
      const failure = this.#explain(error, limit)
      limit.end()
      throw failure
    }
  }

  /** Ends streams at once, lets requests that are under way end within a few seconds, and refuses new ones. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of [...this.#streams]) cancel()
    const pools = this.#pools
    this.#pools = undefined
    if (pools !== undefined) await retire(pools)
  }

  async #sendOnce(request: TransportRequest, remainingMs: number, timeoutMs: number): Promise<TransportReply> {
    const limit = new Deadline(request.signal, remainingMs, () => this.#late(request, timeoutMs))
    try {
      const { statusCode, headers, body } = await this.#dispatch('requests', request, limit)
      return await this.#reply(statusCode, headers, body, request)
    } catch (error) {
      throw this.#explain(error, limit)
    } finally {
      limit.end()
    }
  }

  async #dispatch(
    kind: 'requests' | 'watches',
    request: TransportRequest,
    limit: Deadline,
  ): Promise<Dispatcher.ResponseData> {
    if (this.#closed) throw StatusError.unavailable(`the client of ${this.server} is closed`)
    if (this.#pending >= mostPending) {
      throw StatusError.tooManyRequests(`${mostPending} requests to ${this.server} are under way`, 1)
    }
    this.#pending++
    try {
      const credential = await limit.race(this.#credentials.current())
      const response = await this.#poolsFor(credential)[kind].request({
        origin: this.#origin,
        path: this.#prefix + pathWithQuery(request),
        method: request.method,
        headers: {
          accept: 'application/json',
          'user-agent': this.#options.userAgent,
          ...request.headers,
          ...(credential.token === undefined ? {} : { authorization: `Bearer ${credential.token}` }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal: limit.signal,
        // The deadline bounds requests and the reader of a stream its silence; a second clock would only disagree.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      this.#options.observe(undefined)
      if (response.statusCode === 401) this.#credentials.refused()
      return response
    } finally {
      this.#pending--
    }
  }

  async #reply(
    status: number,
    rawHeaders: Dispatcher.ResponseData['headers'],
    body: Dispatcher.ResponseData['body'],
    request: TransportRequest,
  ): Promise<TransportReply & { readonly retryAfterSeconds?: number }> {
    const limitBytes = request.limitBytes ?? defaultLimitBytes
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) throw new Error('a body is read as bytes')
      bytes += chunk.length
      // Leaving the loop destroys the body, and with it the stream or connection that would bring the rest.
      if (bytes > limitBytes) {
        throw StatusError.tooLarge(`the answer of ${this.server} to ${request.path} is longer than ${limitBytes} bytes`)
      }
      chunks.push(chunk)
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(rawHeaders)) {
      const first = Array.isArray(value) ? value[0] : value
      if (first !== undefined) headers[name.toLowerCase()] = first
    }
    const seconds = Number(headers['retry-after'] ?? Number.NaN)
    return {
      status,
      headers,
      body: Buffer.concat(chunks, bytes).toString(),
      ...(Number.isInteger(seconds) ? { retryAfterSeconds: seconds } : {}),
    }
  }

  #poolsFor(credential: Credential): Pools {
    const before = this.#pools
    if (
      before?.credential.clientCert === credential.clientCert &&
      before?.credential.clientKey === credential.clientKey
    ) {
      if (before !== undefined) return before
    }
    const pools: Pools = {
      credential,
      requests: this.#connect(credential, connectionsForRequests),
      watches: this.#connect(credential, connectionsForWatches),
    }
    this.#pools = pools
    // A renewed certificate needs new connections; what runs on the old ones may end there.
    if (before !== undefined) void retire(before)
    return pools
  }

  #connect(credential: Credential, connections: number): Dispatcher {
    const { ca, serverName, insecureSkipVerify, proxyUrl } = this.#target
    const lookup = guardedLookup(this.#options.addresses)
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(credential.clientCert === undefined ? {} : { cert: credential.clientCert }),
      ...(credential.clientKey === undefined ? {} : { key: credential.clientKey }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      // Said outright, so that no environment variable can switch verification off.
      rejectUnauthorized: insecureSkipVerify !== true,
      preferH2: true,
      keepAliveInitialDelay,
    }
    const connectTimeout = Math.min(connectTimeoutMs, this.#options.requestTimeoutMs)
    const common = {
      connections,
      allowH2: true,
      connectTimeout,
      h2Options: { pingInterval: pingIntervalMs, maxConcurrentStreams: streamsPerConnection },
    }
    if (proxyUrl === undefined) return new Pool(this.#origin, { ...common, connect: { ...tls, lookup } })
    return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: tls, proxyTls: { lookup } })
  }

  async *#chunks(body: Dispatcher.ResponseData['body'], limit: Deadline): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) {
        if (!Buffer.isBuffer(chunk)) throw new Error('a body is read as bytes')
        yield chunk
      }
    } catch (error) {
      throw this.#explain(error, limit)
    }
  }

  #late(request: TransportRequest, timeoutMs: number): StatusError {
    return StatusError.timeout(
      `${this.server} did not answer ${request.method} ${request.path} within ${timeoutMs / 1000} s`,
    )
  }

  /** The StatusError for what went wrong; the caller's own abort stays what it is. */
  #explain(error: unknown, limit: Deadline): unknown {
    if (limit.callerAborted) return limit.signal.reason
    const failure = limit.passed ?? connectionFailure(this.server, error)
    const isOurs = error instanceof StatusError && limit.passed === undefined
    if (!isOurs) this.#options.observe(failure)
    return failure
  }
}

async function retire(pools: Pools): Promise<void> {
  const all = [pools.requests, pools.watches]
  const closed = Promise.all(all.map((pool) => pool.close().catch(() => undefined)))
  const grace = new AbortController()
  const late = sleep(closeGraceMs, undefined, { signal: grace.signal, ref: false }).catch(() => undefined)
  await Promise.race([closed, late])
  grace.abort()
  await Promise.all(all.map((pool) => pool.destroy().catch(() => undefined)))
}

function parseServer(server: string, addresses: AddressRules): URL {
  const url = URL.parse(server.trim())
  if (url === null) throw StatusError.badRequest(`the server ${JSON.stringify(server)} is no URL`)
  if (url.protocol !== 'https:') throw StatusError.badRequest(`the server ${url.origin} must be reached over https`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw StatusError.badRequest('the URL of a server has neither a user nor a query nor a fragment')
  }
  const refused = refusedHost(url.hostname, addresses)
  if (refused !== undefined) throw StatusError.badRequest(`the server ${url.origin} is refused: ${refused}`)
  return url
}

function parseProxy(proxyUrl: string, addresses: AddressRules): void {
  const url = URL.parse(proxyUrl)
  if (url === null || !['http:', 'https:', 'socks5:'].includes(url.protocol)) {
    throw StatusError.badRequest('the proxy must be an http, https or socks5 URL')
  }
  const refused = refusedHost(url.hostname, addresses)
  if (refused !== undefined) throw StatusError.badRequest(`the proxy ${url.host} is refused: ${refused}`)
}

function pathWithQuery({ path, query }: TransportRequest): string {
  const pairs = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) pairs.append(name, value)
  return pairs.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${pairs}`
}
