import type { IncomingMessage, ServerResponse } from 'node:http'
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
import type { Exchange, Reply, ReplyHeaders } from './exchange.ts'

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
}

/** Streams that one HTTP/2 connection may have open, as kube-apiserver allows. */
const maxConcurrentStreams = 250
/** How long requests under way may take to finish when the server stops. */
const drainMs = 5000
/** How long connections may take to send what was answered. */
const flushMs = 1000

/**
 * The listener: TLS, HTTP/2 and 1.1 on one port, every request turned into an Exchange and every Reply into bytes. Knows no Kubernetes. It
 * uses HTTP/2 streams directly, because Node's request and response objects for HTTP/2 cost a third of the requests per second.
 */
export class ApiServer {
  readonly #options: ServerOptions
  readonly #server: Http2SecureServer
  readonly #connections = new Set<Socket>()
  readonly #sessions = new Set<Http2Session>()
  readonly #stopping = new AbortController()
  #underWay = 0
  #drained: (() => void) | undefined

  constructor(options: ServerOptions) {
    this.#options = options
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
    this.#server.on('request', (request, response) => void this.#onRequest(request as never, response as never))
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
  }

  #connectionFailed(error: unknown): void {
    this.#options.log.debug({ err: error }, 'a connection failed')
  }

  async #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const gone = new AbortController()
    stream.on('error', (error) => this.#connectionFailed(error))
    stream.on('close', () => gone.abort())
    const exchange: Exchange = {
      method: headers[':method'] ?? 'GET',
      url: headers[':path'] ?? '/',
      headers,
      socket: socketOf(stream),
      protocol: 'HTTP/2.0',
      signal: AbortSignal.any([gone.signal, this.#stopping.signal]),
      readBody: (limitBytes) => readBody(stream, headers['content-length'], limitBytes),
    }
    await this.#serve(exchange, gone.signal, {
      start: (code, replyHeaders, endStream) => {
        if (stream.headersSent || stream.destroyed) return
        stream.respond({ ':status': code, ...mutable(replyHeaders) }, { endStream })
      },
      stream,
      // A client that still sends when the answer is complete is told to stop, not waited for.
      finish: () => {
        if (!stream.endAfterHeaders && !stream.readableEnded && !stream.destroyed)
          stream.close(constants.NGHTTP2_NO_ERROR)
      },
    })
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    request.on('error', (error) => this.#connectionFailed(error))
    response.on('error', (error) => this.#connectionFailed(error))
    response.on('close', () => gone.abort())
    const exchange: Exchange = {
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: request.headers,
      socket: request.socket,
      protocol: 'HTTP/1.1',
      signal: AbortSignal.any([gone.signal, this.#stopping.signal]),
      readBody: (limitBytes) => readBody(request, request.headers['content-length'], limitBytes),
    }
    await this.#serve(exchange, gone.signal, {
      start: (code, replyHeaders) => {
        if (!response.headersSent) response.writeHead(code, mutable(replyHeaders))
      },
      stream: response,
      finish: () => request.resume(),
    })
  }

  async #serve(exchange: Exchange, gone: AbortSignal, out: Outlet): Promise<void> {
    this.#underWay++
    try {
      const reply = await this.#options.dispatch(exchange)
      await send(exchange.method === 'HEAD' ? withoutBody(reply) : reply, out, gone)
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

interface Outlet {
  readonly start: (code: number, headers: ReplyHeaders, endStream: boolean) => void
  readonly stream: ServerHttp2Stream | ServerResponse
  readonly finish: () => void
}

async function send(reply: Reply, out: Outlet, gone: AbortSignal): Promise<void> {
  const { code, headers, body } = reply
  if (body === undefined || Buffer.isBuffer(body)) {
    const length = { ...headers, 'content-length': String(body?.length ?? 0) }
    out.start(code, code === 304 ? headers : length, body === undefined || body.length === 0)
    if (body !== undefined && body.length > 0) out.stream.end(body)
    else if (!out.stream.writableEnded) out.stream.end()
    out.finish()
    return
  }
  out.start(code, headers, false)
  if ('flushHeaders' in out.stream) out.stream.flushHeaders()
  for await (const chunk of body) {
    if (gone.aborted) return
    if (!out.stream.write(chunk)) await drained(out.stream, gone)
  }
  out.stream.end()
  out.finish()
}

/** Resolves when the client has taken what was written, or has gone. */
function drained(stream: ServerHttp2Stream | ServerResponse, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    stream.on('drain', done)
    gone.addEventListener('abort', done)
  })
}

function withoutBody(reply: Reply): Reply {
  return { code: reply.code, headers: reply.headers }
}

function mutable(headers: ReplyHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  )
}

function socketOf(stream: ServerHttp2Stream): Socket {
  const { session } = stream
  if (!session) throw new Error('a stream without its session')
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
  if (contentLength !== undefined && Number(contentLength) > limitBytes) return Promise.reject(tooLarge())
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
    source.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)))
    source.on('error', reject)
    source.on('close', () => reject(StatusError.badRequest('the request ended before its body did')))
  })
}
