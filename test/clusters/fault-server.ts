import type { EventEmitter } from 'node:events'
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Issued } from './authority.ts'

/** One request as a test sees it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** How a test answers. */
export interface Answer {
  json(value: unknown, status?: number, headers?: Readonly<Record<string, string>>): void
  /** Begins an answer of lines; each call of the result sends bytes as they are. */
  stream(): { send(text: string): void; end(): void }
  /** Ends the request without an answer. */
  reset(): void
}

/** Answers requests with the test's handler; without an answer the request waits. HTTP/2 and 1.1 by ALPN. */
export interface FaultServer {
  readonly url: string
  readonly port: number
  readonly seen: readonly SeenRequest[]
  /** How many connections were accepted since the start. */
  readonly accepted: number
  handler: (request: SeenRequest, answer: Answer) => void
  /** Tells every HTTP/2 connection to go away; what is under way may end. */
  goAway(): void
  /** Cuts every connection. */
  cut(): void
  close(): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1. `http1` offers nothing newer; `clientCa` asks for client certificates. */
export async function startFaultServer(
  identity: Issued,
  options: { http1?: boolean; clientCa?: string; port?: number; streams?: number } = {},
): Promise<FaultServer> {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const seen: SeenRequest[] = []
  let accepted = 0
  const server = createSecureServer({
    ...identity,
    allowHTTP1: true,
    ...(options.http1 ? { ALPNProtocols: ['http/1.1'] } : {}),
    ...(options.clientCa ? { ca: options.clientCa, requestCert: true, rejectUnauthorized: true } : {}),
    settings: { maxConcurrentStreams: options.streams ?? 100 },
  })
  server.on('secureConnection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  server.on('tlsClientError', () => undefined)
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    for (const part of [request, response, request.socket] as EventEmitter[]) part.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url, 'https://server')
      const entry: SeenRequest = {
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      seen.push(entry)
      result.handler(entry, answerOn(request, response))
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const result: FaultServer = {
    url: `https://127.0.0.1:${port}`,
    port,
    seen,
    get accepted() {
      return accepted
    },
    handler: () => undefined,
    goAway: () => {
      for (const session of sessions) session.goaway()
    },
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return result
}

function answerOn(request: Http2ServerRequest, response: Http2ServerResponse): Answer {
  return {
    json(value, status = 200, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
    },
    stream() {
      response.writeHead(200, { 'content-type': 'application/json' })
      // An empty write sends the head.
      response.write('')
      return { send: (text) => void response.write(text), end: () => void response.end() }
    },
    reset() {
      if (request.httpVersionMajor === 2) response.stream.close(2)
      else request.socket.destroy()
    },
  }
}
