import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock } from '../../../src/machinery/clock.ts'
import type { Exchange, Reply } from '../../exchange.ts'
import { takesGzip } from '../../wire/encode.ts'
import type { ServedGroup } from '../groups.ts'
import type { VersionInfo } from '../version.ts'
import { Descriptions } from './descriptions.ts'
import type { DocumentContext, OpenApiDocument } from './document.ts'
import { encodeSwagger } from './gnostic.ts'
import { type DocumentSource, documentSources } from './sources.ts'
import { SwaggerBuilder, type SwaggerDocument } from './swagger.ts'

/** What OpenAPI is made of. */
export interface OpenApiOptions {
  readonly groups: () => readonly ServedGroup[]
  readonly version: VersionInfo
  readonly clock: Clock
}

/** A document as it is sent. `hash` is the upper-case SHA-512 of the body. */
interface Written {
  readonly body: Buffer
  readonly hash: string
}

/** The one document of version 2, in the forms that are asked for. All forms have the hash of the JSON one. */
interface WrittenSwagger extends Written {
  readonly zipped: Buffer
  protobuf?: Buffer
}

interface Kept {
  readonly basis: readonly unknown[]
  readonly written: Promise<Written>
}

const documentPrefix = '/openapi/v3/'
const yearMs = 365 * 24 * 3_600_000
const compress = promisify(gzip)

const json = 'application/json'
const jsonRanges = ['', json, 'application/*', '*/*']

/** Asked for with an at sign or with a dot; answered with a dot, since an at sign is no token of a media type. */
const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const protobufRanges = [protobuf, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf']

/**
 * `/openapi/v3` as JSON and `/openapi/v2` as JSON or protobuf. A document is made when it is first asked for, kept as bytes, and made again
 * only when one of its own kinds changes. Version 3 has no protobuf form here: no known client asks for it alone.
 */
export class OpenApi {
  readonly #options: OpenApiOptions
  readonly #context: DocumentContext
  readonly #kept = new Map<string, Kept>()
  #sources: ReadonlyMap<string, DocumentSource> | undefined
  #swagger: Promise<WrittenSwagger> | undefined

  constructor(options: OpenApiOptions) {
    this.#options = options
    const { major, minor } = options.version
    this.#context = { release: `${major}.${minor}`, descriptions: new Descriptions() }
  }

  /** Kinds came or went. Documents of other group versions are kept. */
  changed(): void {
    this.#sources = undefined
    this.#swagger = undefined
  }

  /** The answer to a GET below `/openapi/`, or undefined where nothing is served. */
  reply(path: string, headers: Exchange['headers'], query: URLSearchParams): Promise<Reply> | undefined {
    if (path === '/openapi/v3') return this.#index()
    if (path === '/openapi/v2') return this.#swaggerReply(headers)
    if (path.startsWith(documentPrefix)) return this.#documentReply(path, headers, query)
    return undefined
  }

  /** Every document, with the hash that lets clients keep it for ever. */
  async #index(): Promise<Reply> {
    const paths: Record<string, { readonly serverRelativeURL: string }> = {}
    for (const path of this.#known().keys()) {
      const written = await this.#document(path)
      if (written) paths[path] = { serverRelativeURL: `${documentPrefix}${path}?hash=${written.hash}` }
    }
    // The type that kube-apiserver gives it.
    const type = { 'content-type': 'text/plain; charset=utf-8' }
    return { code: 200, headers: type, body: Buffer.from(JSON.stringify({ paths })) }
  }

  async #documentReply(path: string, headers: Exchange['headers'], query: URLSearchParams): Promise<Reply> {
    const written = await this.#document(path.slice(documentPrefix.length))
    if (written === undefined) return { code: 404, headers: {} }
    if (acceptedType(headers['accept'], [[json, jsonRanges]]) === undefined) {
      return { code: 406, headers: { vary: 'Accept' } }
    }
    const { body, hash } = written
    const etag = `"${hash}"`
    const shared = { etag, vary: 'Accept' }
    const asked = query.get('hash') ?? ''
    if (asked !== '' && asked !== hash) {
      return { code: 301, headers: { ...shared, location: `${path}?hash=${hash}` } }
    }
    const expires = new Date(this.#options.clock.now() + yearMs).toUTCString()
    const forever = asked === '' ? {} : { 'cache-control': 'public, immutable', expires }
    if (hasCopy(headers['if-none-match'], etag)) return { code: 304, headers: { ...shared, ...forever } }
    return { code: 200, headers: { ...shared, ...forever, 'content-type': 'application/json' }, body }
  }

  async #swaggerReply(headers: Exchange['headers']): Promise<Reply> {
    const vary = ['Accept-Encoding', 'Accept']
    const type = acceptedType(headers['accept'], [
      [json, jsonRanges],
      [protobuf, protobufRanges],
    ])
    if (type === undefined) return { code: 406, headers: { vary } }
    this.#swagger ??= this.#writeSwagger()
    const written = await this.#swagger
    const etag = `"${written.hash}"`
    if (hasCopy(headers['if-none-match'], etag)) return { code: 304, headers: { etag, vary } }
    const shared = { etag, vary, 'content-type': type }
    if (type === protobuf) {
      written.protobuf ??= encodeSwagger(JSON.parse(written.body.toString('utf8')) as SwaggerDocument)
      return { code: 200, headers: shared, body: written.protobuf }
    }
    if (!takesGzip(textOf(headers['accept-encoding']))) return { code: 200, headers: shared, body: written.body }
    return { code: 200, headers: { ...shared, 'content-encoding': 'gzip' }, body: written.zipped }
  }

  #known(): ReadonlyMap<string, DocumentSource> {
    if (this.#sources === undefined) {
      this.#sources = documentSources(this.#options.groups())
      for (const path of this.#kept.keys()) if (!this.#sources.has(path)) this.#kept.delete(path)
    }
    return this.#sources
  }

  #document(path: string): Promise<Written> | undefined {
    const source = this.#known().get(path)
    if (source === undefined) return undefined
    const kept = this.#kept.get(path)
    if (kept !== undefined && sameThings(kept.basis, source.basis)) return kept.written
    const written = source.build(this.#context).then(write)
    this.#kept.set(path, { basis: source.basis, written })
    // What could not be made is tried again by whoever asks next.
    written.catch(() => this.#kept.delete(path))
    return written
  }

  async #writeSwagger(): Promise<WrittenSwagger> {
    try {
      const builder = new SwaggerBuilder()
      for (const path of this.#known().keys()) {
        const written = await this.#document(path)
        if (written) builder.add(JSON.parse(written.body.toString('utf8')) as OpenApiDocument)
      }
      const written = write(builder.document({ title: 'Kubernetes', version: this.#context.release }))
      return { ...written, zipped: await compress(written.body) }
    } catch (error) {
      this.#swagger = undefined
      throw error
    }
  }
}

function write(document: object): Written {
  const body = Buffer.from(JSON.stringify(document))
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
}

function sameThings(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index])
}

const textOf = (header: string | readonly string[] | undefined): string =>
  typeof header === 'string' ? header : (header ?? []).join(',')

/** The first type of which the client, in the order of its header, wants a range; undefined when there is none. */
function acceptedType(
  accept: string | readonly string[] | undefined,
  served: readonly (readonly [type: string, ranges: readonly string[]])[],
): string | undefined {
  for (const clause of textOf(accept).split(',')) {
    const range = (clause.split(';', 1)[0] ?? '').trim()
    for (const [type, ranges] of served) if (ranges.includes(range)) return type
  }
  return undefined
}

/** Whether If-None-Match names this entity. Validators are compared weakly (RFC 9110, section 13.1.2). */
function hasCopy(header: string | readonly string[] | undefined, etag: string): boolean {
  return textOf(header)
    .split(',')
    .some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
