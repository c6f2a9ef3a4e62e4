import { IncomingMessage, ServerResponse } from 'node:http'
import type { Express } from 'express'
import type { Exchange, Reply } from '../exchange.ts'
import type { UserInfo } from '../registry/context.ts'

/** The largest page that Express may answer here; its pages are small. */
const maxPageBytes = 16 * 1024 * 1024
const maxBodyBytes = 1024 * 1024

/** A request as Express sees it, with who sent it. */
export type WebRequest = IncomingMessage & { readonly user?: UserInfo }

/**
 * Lets Express answer an Exchange of any HTTP version. Express reads and writes Node's HTTP/1.1 objects and breaks on those of HTTP/2, so it
 * gets a pair that is connected to nothing, and what it wrote becomes the Reply.
 */
export function bridge(app: Express): (exchange: Exchange, user: UserInfo) => Promise<Reply> {
  return async (exchange, user) => {
    const request: WebRequest = Object.assign(new IncomingMessage(exchange.socket), { user })
    request.method = exchange.method
    request.url = exchange.url
    for (const [name, value] of Object.entries(exchange.headers)) {
      if (!name.startsWith(':') && value !== undefined)
        request.headers[name] = typeof value === 'string' ? value : [...value]
    }
    const body =
      exchange.method === 'GET' || exchange.method === 'HEAD' ? undefined : await exchange.readBody(maxBodyBytes)
    if (body && body.length > 0) request.push(body)
    request.push(null)
    return new Promise<Reply>((resolve) => {
      app(request, captured(request, resolve))
    })
  }
}

/**
 * A response that keeps what is written to it. The two methods are the object's own, because Express replaces the prototype of every response
 * with its own.
 */
function captured(request: IncomingMessage, done: (reply: Reply) => void): ServerResponse {
  const response = new ServerResponse(request)
  const chunks: Buffer[] = []
  let size = 0
  const write = (chunk: unknown, encoding?: unknown): boolean => {
    const text = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), text)
    size += bytes.length
    if (size > maxPageBytes) throw new Error('a page is larger than 16 MiB')
    chunks.push(bytes)
    return true
  }
  const end = (chunk?: unknown, encoding?: unknown): ServerResponse => {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') write(chunk, encoding)
    const headers: Record<string, string | readonly string[]> = {}
    for (const [name, value] of Object.entries(response.getHeaders())) {
      if (value !== undefined) headers[name] = typeof value === 'number' ? String(value) : value
    }
    done({ code: response.statusCode, headers, body: Buffer.concat(chunks) })
    return response
  }
  return Object.assign(response, { write, end }) as ServerResponse
}
