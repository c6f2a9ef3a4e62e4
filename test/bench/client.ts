import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Endpoint } from '../fixtures/control-plane.ts'

/** What the load client saw of one request. */
export interface Answer {
  readonly code: number
  readonly bytes: number
  readonly body: Buffer
}

/** A load client: a few HTTP/2 connections, as thin as Node allows, the same for every server. */
export class LoadClient {
  readonly #sessions: readonly ClientHttp2Session[]
  #next = 0
  errors = 0

  private constructor(sessions: readonly ClientHttp2Session[]) {
    this.#sessions = sessions
  }

  static async open(endpoint: Endpoint, connections = 1): Promise<LoadClient> {
    const sessions = await Promise.all(
      Array.from(
        { length: connections },
        () =>
          new Promise<ClientHttp2Session>((resolve, reject) => {
            const session = connect(endpoint.url, {
              ca: endpoint.ca,
              cert: endpoint.cert,
              key: endpoint.key,
              settings: { initialWindowSize: 4 * 1024 * 1024 },
            })
            session.once('error', reject)
            session.once('connect', () => {
              session.setLocalWindowSize(16 * 1024 * 1024)
              resolve(session)
            })
          }),
      ),
    )
    return new LoadClient(sessions)
  }

  request(
    method: string,
    path: string,
    body?: Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#open(method, path, headers, body)
      const chunks: Buffer[] = []
      let bytes = 0
      let code = 0
      stream.on('response', (answer) => {
        code = Number(answer[constants.HTTP2_HEADER_STATUS])
      })
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
      })
      stream.on('end', () => {
        if (code >= 400) this.errors++
        resolve({ code, bytes, body: Buffer.concat(chunks) })
      })
      stream.on('error', (error) => {
        this.errors++
        reject(error)
      })
    })
  }

  /** An endless GET; `onData` gets raw chunks. Resolves with how to end it once the server has answered. */
  stream(path: string, onData: (chunk: Buffer) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const stream = this.#open('GET', path, {}, undefined)
      stream.on('response', () => resolve(() => stream.close(constants.NGHTTP2_CANCEL)))
      stream.on('data', onData)
      stream.on('error', reject)
    })
  }

  close(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #open(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): ClientHttp2Stream {
    const session = this.#sessions[this.#next++ % this.#sessions.length]
    if (!session) throw new Error('the load client has no connection')
    const stream = session.request(
      {
        ':method': method,
        ':path': path,
        accept: 'application/json',
        'user-agent': 'bench/1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      { endStream: body === undefined },
    )
    if (body !== undefined) stream.end(body)
    return stream
  }
}

/** Runs a task over and over in so many loops for a time; resolves with operations per second. */
export async function perSecond(
  loops: number,
  seconds: number,
  task: (loop: number) => Promise<unknown>,
): Promise<number> {
  const ends = performance.now() + seconds * 1000
  let done = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: loops }, async (_, loop) => {
      while (performance.now() < ends) {
        await task(loop)
        done++
      }
    }),
  )
  return (done * 1000) / (performance.now() - started)
}
