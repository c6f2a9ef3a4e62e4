import { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Logger } from '../src/machinery/log.ts'
import { StatusError } from '../src/machinery/status-error.ts'
import { type Exchange, letGo, type Reply, type ReplyHeaders } from './exchange.ts'

/** Certificates and addresses of the listener. PEM texts. */
export interface ServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly cert: string
  readonly key: string
  /** Who signs client certificates. */
  readonly clientCa: string
  readonly dispatch: (exchange: Exchange) => Promise<Reply>
  readonly log: Logger
  /** A client that takes nothing for so long, while there is something to take, is let go with all that is held for it. A minute by default. */
  readonly stalledMs?: number
}

/** Streams that one HTTP/2 connection may have open, as kube-apiserver allows. */
const maxConcurrentStreams = 250
/** How long requests under way may take to finish when the server stops. */
const drainMs = 5000
/** How long connections may take to send what was answered. */
const flushMs = 1000
const defaultStalledMs = 60_000
/** Replies up to this size are left to the connection, which holds few of them. */
const smallReplyBytes = 64 * 1024
/** How long a silent connection may be silent before the kernel asks whether anybody is there. */
const keepAliveMs = 60_000

/**
 * The listener: TLS, HTTP/2 and 1.1 on one port, every request turned into an Exchange and every Reply into bytes. Knows no Kubernetes. It
 * uses HTTP/2 streams directly, because Node's request and response objects for HTTP/2 cost a third of the requests per second.
 */
export class ApiServer {
  readonly #options: ServerOptions
  readonly #stalledMs: number
  readonly #server: Http2SecureServer
  readonly #connections = new Set<Socket>()
  readonly #sessions = new Set<Http2Session>()
  readonly #stopping = new AbortController()
  #underWay = 0
  #drained: (() => void) | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.#stalledMs = options.stalledMs ?? defaultStalledMs
    this.#server = createSecureServer({
      allowHTTP1: true,
      cert: options.cert,
      key: options.key,
      ca: options.clientCa,
      requestCert: true,
      // Whoever has no certificate of ours may still show a token: the authenticator decides.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams, initialWindowSize: 1024 * 1024 },
      minVersion: 'TLSv1.2',
    })
    // A `request` listener makes Node build compatibility objects for HTTP/2 streams too; without this hook it serves HTTP/1.1 only.
    this.#server.removeAllListeners('newListener')
    this.#server.on('stream', (stream, headers) => void this.#onStream(stream as ServerHttp2Stream, headers))
    this.#server.on('request', (request: unknown, response: unknown) => {
      if (request instanceof IncomingMessage && response instanceof ServerResponse)
        void this.#onRequest(request, response)
    })
    this.#server.on('secureConnection', (socket: Socket) => this.#track(socket))
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      session.on('error', (error) => this.#connectionFailed(error))
    })
    this.#server.on('sessionError', (error) => this.#connectionFailed(error))
    this.#server.on('tlsClientError', (error) => this.#connectionFailed(error))
    // Nobody listens for upgrades, so Node hands them on as plain requests, and they get the plain answer of their path.
  }

  /** Starts to listen and returns the address. Rejects when the port is taken or the address is not ours. */
  listen(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: 1024 }, () => {
        this.#server.off('error', reject)
        this.#server.on('error', (error) => this.#connectionFailed(error))
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /** Takes no new connections, ends watches cleanly, lets requests under way finish for a while, then closes. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#stopping.abort()
    if (this.#underWay > 0) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve
      })
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
    }
    // What was answered last may still be on its way out: connections end when they have sent it, and at the latest after a second.
    for (const session of this.#sessions) session.close()
    for (const socket of this.#connections) if (!isHttp2(socket)) socket.destroySoon()
    const impatience = setTimeout(() => {
      for (const socket of this.#connections) socket.destroy()
    }, flushMs)
    await closed
    clearTimeout(impatience)
  }

  #track(socket: Socket): void {
    this.#connections.add(socket)
    socket.on('close', () => this.#connections.delete(socket))
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
  }

  #connectionFailed(error: unknown): void {
    this.#options.log.debug({ err: error }, 'a connection failed')
  }

  async #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const socket = socketOf(stream)
    // A client may be gone before its request is looked at.
    if (!socket) return
    const client = new Presence(this.#stopping.signal)
    stream.on('error', (error) => this.#connectionFailed(error))
    stream.on('close', () => client.leave())
    const exchange: Exchange = {
      method: headers[':method'] ?? 'GET',
      url: headers[':path'] ?? '/',
      headers,
      socket,
      protocol: 'HTTP/2.0',
      get signal() {
        return client.signal
      },
      readBody: (limitBytes) => readBody(stream, headers['content-length'], limitBytes),
    }
    await this.#serve(exchange, client, {
      start: (code, replyHeaders, endStream, length) => {
        if (stream.headersSent || stream.destroyed) return
        stream.respond(Object.assign(mutable(replyHeaders, length), { ':status': code }), { endStream })
      },
      stream,
      stalledMs: this.#stalledMs,
      // A client that still sends when the answer is complete is told to stop, not waited for.
      finish: () => {
        if (!stream.endAfterHeaders && !stream.readableEnded && !stream.destroyed)
          stream.close(constants.NGHTTP2_NO_ERROR)
      },
    })
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = new Presence(this.#stopping.signal)
    request.on('error', (error) => this.#connectionFailed(error))
    response.on('error', (error) => this.#connectionFailed(error))
    response.on('close', () => client.leave())
    const exchange: Exchange = {
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: request.headers,
      socket: request.socket,
      protocol: 'HTTP/1.1',
      get signal() {
        return client.signal
      },
      readBody: (limitBytes) => readBody(request, request.headers['content-length'], limitBytes),
    }
    await this.#serve(exchange, client, {
      start: (code, replyHeaders, _endStream, length) => {
        if (!response.headersSent) response.writeHead(code, mutable(replyHeaders, length))
      },
      stream: response,
      stalledMs: this.#stalledMs,
      finish: () => request.resume(),
    })
  }

  async #serve(exchange: Exchange, client: Presence, out: Outlet): Promise<void> {
    this.#underWay++
    try {
      const reply = await this.#options.dispatch(exchange)
      await send(exchange.method === 'HEAD' ? await withoutBody(reply) : reply, out, client)
    } catch (error) {
      // The head of the reply is out, so all that is left is to break off: clients must not take half for all.
      this.#options.log.error({ err: error, path: exchange.url.split('?')[0] }, 'a reply broke off')
      out.stream.destroy()
    } finally {
      this.#underWay--
      if (this.#underWay === 0) this.#drained?.()
    }
  }
}

function isHttp2(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === 'h2'
}

/**
 * Whether whoever asked is still there. Its signal is made for those who ask for one, because hardly any request does, and an AbortController
 * each, tied to the one that stops the server, costs a tenth of a get.
 */
class Presence {
  readonly #stopping: AbortSignal
  #controller: AbortController | undefined
  #signal: AbortSignal | undefined
  gone = false

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping
  }

  leave(): void {
    this.gone = true
    this.#controller?.abort()
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#controller = new AbortController()
      if (this.gone) this.#controller.abort()
      this.#signal = AbortSignal.any([this.#controller.signal, this.#stopping])
    }
    return this.#signal
  }
}

interface Outlet {
  /** `length` is that of the body where it is known. */
  readonly start: (code: number, headers: ReplyHeaders, endStream: boolean, length?: number) => void
  readonly stream: ServerHttp2Stream | ServerResponse
  readonly stalledMs: number
  readonly finish: () => void
}

async function send(reply: Reply, out: Outlet, client: Presence): Promise<void> {
  const { code, headers, body } = reply
  if (body === undefined || Buffer.isBuffer(body)) {
    const length = code === 304 ? undefined : (body?.length ?? 0)
    out.start(code, headers, body === undefined || body.length === 0, length)
    if (body !== undefined && body.length > 0) {
      // In one piece: where HTTP/1.1 has a large reply in several, Node may drop the connection when the next request comes at once.
      if (body.length > smallReplyBytes) out.stream.setTimeout(out.stalledMs, () => out.stream.destroy())
      out.stream.end(body)
    } else if (!out.stream.writableEnded) out.stream.end()
    out.finish()
    return
  }
  out.start(code, headers, false)
  if ('flushHeaders' in out.stream) out.stream.flushHeaders()
  for await (const chunk of body) {
    if (client.gone) return
    if (!out.stream.write(chunk)) await taken(out, client)
  }
  out.stream.end()
  out.finish()
}

/** Resolves when the client has taken what was written, or has gone. One that takes nothing is made to go. */
function taken({ stream, stalledMs }: Outlet, client: Presence): Promise<void> {
  if (client.gone) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(patience)
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    const patience = setTimeout(() => stream.destroy(), stalledMs)
    stream.on('drain', done)
    stream.on('close', done)
  })
}

async function withoutBody(reply: Reply): Promise<Reply> {
  await letGo(reply)
  return { code: reply.code, headers: reply.headers }
}

/** The headers as Node wants them: its own to change. */
function mutable(headers: ReplyHeaders, length: number | undefined): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) all[name] = typeof value === 'string' ? value : [...value]
  if (length !== undefined) all['content-length'] = String(length)
  return all
}

/** The connection of a stream; undefined when either has ended. */
function socketOf(stream: ServerHttp2Stream): Socket | undefined {
  const { session } = stream
  if (!session || session.destroyed || stream.destroyed) return undefined
  // The session's socket is a proxy that forbids writing; reading the certificate through it is allowed.
  return session.socket as Socket
}

/** A request body up to a limit. Throws RequestEntityTooLarge past it, at once where Content-Length tells. */
function readBody(
  source: IncomingMessage | ServerHttp2Stream,
  contentLength: string | undefined,
  limitBytes: number,
): Promise<Buffer> {
  const tooLarge = () => StatusError.tooLarge(`Request entity too large: limit is ${limitBytes}`)
  const endedEarly = () => StatusError.badRequest('the request ended before its body did')
  if (contentLength !== undefined && Number(contentLength) > limitBytes) return Promise.reject(tooLarge())
  // Nothing more would ever be heard of it.
  if (source.destroyed) return Promise.reject(endedEarly())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    source.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limitBytes) {
        source.removeAllListeners('data')
        source.resume()
        reject(tooLarge())
        return
      }
      chunks.push(chunk)
    })
    let complete = false
    source.on('end', () => {
      complete = true
      resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks))
    })
    source.on('error', () => reject(endedEarly()))
    source.on('close', () => {
      if (!complete) reject(endedEarly())
    })
  })
}
