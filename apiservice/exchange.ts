import type { Socket } from 'node:net'

/** What a request brings, whatever HTTP version carried it. Header names are in lower case. */
export interface Exchange {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The TLS connection, for client certificates. */
  readonly socket: Socket
  readonly protocol: 'HTTP/1.1' | 'HTTP/2.0'
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal
  /** The whole body; throws RequestEntityTooLarge past the limit. */
  readBody(limitBytes: number): Promise<Buffer>
}

/** One header as text; the first where it was sent several times. `name` is in lower case. */
export function headerOf({ headers }: Exchange, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

/** Headers of a reply; a list is sent as several headers. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>

/**
 * What a handler returns. The server writes it: whole buffers at once, a stream chunk by chunk as the client reads. A stream may be
 * endless; it is told to stop by `return()` when the client goes away.
 */
export interface Reply {
  readonly code: number
  readonly headers: ReplyHeaders
  readonly body?: Buffer | AsyncIterable<Buffer>
}

/** Frees what a reply holds that nobody will read. A generator that never began does not know that it ended, so it begins first. */
export async function letGo({ body }: Reply): Promise<void> {
  if (body === undefined || Buffer.isBuffer(body)) return
  const chunks = body[Symbol.asyncIterator]()
  await chunks.next()
  await chunks.return?.()
}
