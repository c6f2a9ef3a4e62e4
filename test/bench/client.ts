import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { Endpoint } from '../fixtures/control-plane.ts'
import {
  FrameReader,
  flags,
  frame,
  frameTypes,
  headerBlock,
  initialWindowBytes,
  statusOf,
  windowBytes,
} from './frames.ts'

/** What the load client saw of one request. */
export interface Answer {
  readonly code: number
  readonly bytes: number
  /** In the pieces in which it came: nobody joins what nobody reads. */
  readonly chunks: readonly Buffer[]
}

/** The body of an answer as text of single bytes. */
export function textOf({ chunks }: Answer): string {
  return Buffer.concat(chunks).toString('latin1')
}

/** The continue token of a list; `''` at its end. It stands near one of the ends, so the middle is not searched. */
export function continueOf({ chunks }: Answer): string {
  const ends = [...chunks.slice(0, 3), ...chunks.slice(-3)].map((chunk) => chunk.toString('latin1'))
  const whole = ends.map((text) => text.slice(0, 2000) + text.slice(-2000)).join('')
  return /"continue":"([^"]+)"/.exec(whole)?.[1] ?? ''
}

interface Stream {
  code: number
  bytes: number
  readonly chunks: Buffer[]
  readonly onData: ((chunk: Buffer) => void) | undefined
  readonly onHeaders: (() => void) | undefined
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const headersOfJson = { accept: 'application/json', 'user-agent': 'bench/1' }

/**
 * A load client that writes HTTP/2 frames itself: client and server share two cores, and Node's own client would take as much of them as
 * the server. It knows only what these benches need, and is the same for every server.
 */
export class LoadClient {
  readonly #connections: readonly Connection[]
  #next = 0
  /** Answers of 400 and above, and streams that broke. */
  errors = 0

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections
  }

  static async open(endpoint: Endpoint, connections = 1): Promise<LoadClient> {
    return new LoadClient(await Promise.all(Array.from({ length: connections }, () => Connection.open(endpoint))))
  }

  async request(
    method: string,
    path: string,
    body?: Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    try {
      const answer = await this.#connection().request(method, path, body, headers)
      if (answer.code >= 400) this.errors++
      return answer
    } catch (error) {
      this.errors++
      throw error
    }
  }

  /** A request that has to succeed, for what a bench sets up. Rejects on any other answer but those that are allowed. */
  async prepare(method: string, path: string, body: Buffer | undefined, allowed: readonly number[]): Promise<Answer> {
    const answer = await this.#connection().request(method, path, body, {})
    if (answer.code < 300 || allowed.includes(answer.code)) return answer
    throw new Error(`${method} ${path} was answered ${answer.code}: ${textOf(answer).slice(0, 300)}`)
  }

  /** An endless GET; `onData` gets raw chunks. Resolves once the server has answered. */
  stream(path: string, onData: (chunk: Buffer) => void): Promise<void> {
    return this.#connection().stream(path, onData)
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }

  #connection(): Connection {
    const connection = this.#connections[this.#next++ % this.#connections.length]
    if (!connection) throw new Error('the load client has no connection')
    return connection
  }
}

class Connection {
  readonly #socket: TLSSocket
  readonly #authority: string
  readonly #streams = new Map<number, Stream>()
  readonly #reader = new FrameReader()
  /** Frames that go out together at the end of this turn of the event loop. */
  #outgoing: Buffer[] = []
  /** Requests that wait until the server takes more bytes. */
  readonly #waiting: { readonly id: number; readonly body: Buffer }[] = []
  #nextId = 1
  /** Bytes of bodies that the server takes now on the whole connection; streams are shorter than their own window. */
  #sendWindow = initialWindowBytes
  #received = 0

  static async open(endpoint: Endpoint): Promise<Connection> {
    const { hostname, port, host } = new URL(endpoint.url)
    const { ca, cert, key } = endpoint
    const socket = connect({ host: hostname, port: Number(port), ca, cert, key, ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    return new Connection(socket, host)
  }

  private constructor(socket: TLSSocket, authority: string) {
    this.#socket = socket
    this.#authority = authority
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#break(error))
    socket.on('close', () => this.#break(new Error('the server closed the connection')))
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    // No table for headers, so that a status can be read by itself, and windows that are never in the way.
    const settings = Buffer.alloc(18)
    settings.writeUInt16BE(1, 0)
    settings.writeUInt32BE(0, 2)
    settings.writeUInt16BE(2, 6)
    settings.writeUInt32BE(0, 8)
    settings.writeUInt16BE(4, 12)
    settings.writeUInt32BE(windowBytes, 14)
    socket.write(frame(frameTypes.settings, 0, 0, settings))
    this.#open(windowBytes - initialWindowBytes)
  }

  request(
    method: string,
    path: string,
    body: Buffer | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = { code: 0, bytes: 0, chunks: [], onData: undefined, onHeaders: undefined, resolve, reject }
      this.#begin(stream, method, path, body, headers)
    })
  }

  stream(path: string, onData: (chunk: Buffer) => void): Promise<void> {
    return new Promise((onHeaders, reject) => {
      const stream = { code: 0, bytes: 0, chunks: [], onData, onHeaders, resolve: () => {}, reject }
      this.#begin(stream, 'GET', path, undefined, {})
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #begin(
    stream: Stream,
    method: string,
    path: string,
    body: Buffer | undefined,
    headers: Readonly<Record<string, string>>,
  ): void {
    const id = this.#nextId
    this.#nextId += 2
    this.#streams.set(id, stream)
    const block = headerBlock({
      ':method': method,
      ':scheme': 'https',
      ':authority': this.#authority,
      ':path': path,
      ...headersOfJson,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    })
    const ends = body === undefined ? flags.endStream : 0
    this.#send(frame(frameTypes.headers, flags.endHeaders | ends, id, block))
    if (body === undefined) return
    this.#waiting.push({ id, body })
    this.#sendBodies()
  }

  #sendBodies(): void {
    for (let next = this.#waiting[0]; next && next.body.length <= this.#sendWindow; next = this.#waiting[0]) {
      this.#sendWindow -= next.body.length
      this.#send(frame(frameTypes.data, flags.endStream, next.id, next.body))
      this.#waiting.shift()
    }
  }

  #send(bytes: Buffer): void {
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush())
    this.#outgoing.push(bytes)
  }

  #flush(): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(this.#outgoing))
    this.#outgoing = []
  }

  #open(bytes: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(bytes)
    this.#send(frame(frameTypes.windowUpdate, 0, 0, payload))
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk)
    for (let next = this.#reader.next(); next; next = this.#reader.next()) {
      const { type, flags: set, id, payload } = next
      if (type === frameTypes.data) this.#onData(id, set, payload)
      else if (type === frameTypes.headers) this.#onHeaders(id, set, payload)
      else if (type === frameTypes.settings && (set & flags.ack) === 0)
        this.#send(frame(frameTypes.settings, flags.ack, 0, Buffer.alloc(0)))
      else if (type === frameTypes.ping && (set & flags.ack) === 0)
        this.#send(frame(frameTypes.ping, flags.ack, 0, payload))
      else if (type === frameTypes.windowUpdate && id === 0) {
        this.#sendWindow += payload.readUInt32BE()
        this.#sendBodies()
      } else if (type === frameTypes.goAway) this.#break(new Error('the server ends the connection'))
      else if (type === frameTypes.reset) this.#onReset(id, payload)
    }
  }

  #onHeaders(id: number, set: number, payload: Buffer): void {
    const stream = this.#streams.get(id)
    if (!stream) return
    // Trailers have no status.
    if (stream.code === 0) stream.code = statusOf(payload)
    if (stream.onHeaders !== undefined) {
      if (stream.code === 200) stream.onHeaders()
      else stream.reject(new Error(`a stream was answered ${stream.code}`))
    }
    if ((set & flags.endStream) !== 0) this.#end(id, stream)
  }

  #onData(id: number, set: number, payload: Buffer): void {
    this.#received += payload.length
    if (this.#received > windowBytes / 2) {
      this.#open(this.#received)
      this.#received = 0
    }
    const stream = this.#streams.get(id)
    if (!stream) return
    stream.bytes += payload.length
    if (stream.onData !== undefined) stream.onData(payload)
    else stream.chunks.push(payload)
    if ((set & flags.endStream) !== 0) this.#end(id, stream)
  }

  /** A server that has answered may reset what the client did not have to send. */
  #onReset(id: number, payload: Buffer): void {
    const stream = this.#streams.get(id)
    this.#streams.delete(id)
    stream?.reject(new Error(`a stream was reset with code ${payload.readUInt32BE()}`))
  }

  #end(id: number, stream: Stream): void {
    this.#streams.delete(id)
    stream.resolve(stream)
  }

  #break(error: Error): void {
    for (const stream of this.#streams.values()) stream.reject(error)
    this.#streams.clear()
  }
}

/** Runs a task over and over in so many loops for a time; resolves with how often, and how long it took. */
export async function repeatedly(
  loops: number,
  seconds: number,
  task: (loop: number) => Promise<unknown>,
): Promise<{ readonly done: number; readonly seconds: number }> {
  const started = performance.now()
  const ends = started + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: loops }, async (_, loop) => {
      while (performance.now() < ends) {
        await task(loop)
        done++
      }
    }),
  )
  return { done, seconds: (performance.now() - started) / 1000 }
}
