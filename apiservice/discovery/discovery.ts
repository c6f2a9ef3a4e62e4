import { createHash } from 'node:crypto'
import { type Clock, systemClock } from '../../src/machinery/clock.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { Exchange, Reply } from '../exchange.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import { encodeObject } from '../wire/encode.ts'
import { contentType, negotiate, type Representation } from '../wire/negotiate.ts'
import { groupDiscoveryList } from './aggregated.ts'
import { type GroupPriorities, type ServedGroup, servedGroups } from './groups.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts'
import { OpenApi } from './openapi/openapi.ts'
import type { VersionInfo } from './version.ts'

/** What discovery tells clients about. */
export interface DiscoveryOptions {
  /** Every kind that is served now. Asked for when something is asked of discovery, and again after `changed`. */
  readonly definitions: () => readonly ResourceDefinition[]
  readonly version: VersionInfo
  /** `host:port` under which clients of any network reach the hub. */
  readonly serverAddress: () => string
  readonly groupPriorities: GroupPriorities
  /** For how long clients may keep a document. The machine's clock unless given. */
  readonly clock?: Clock
}

/** One answer, kept until kinds come or go. */
interface Page {
  readonly value: Record<string, unknown>
  readonly json: Buffer
}

const aggregatedParameters = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/**
 * Tells clients what is served: `/api`, `/apis` and what is below them, legacy and aggregated, `/version` and `/openapi`. Everything is made
 * when it is first asked for and then answered from memory; nothing here reads the store. Equal kinds give equal bytes and ETags, in every
 * process.
 */
export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #openApi: OpenApi
  readonly #pages = new Map<string, Page>()
  readonly #etags = new Map<string, string>()
  #groups: readonly ServedGroup[] | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
    const { version, clock = systemClock } = options
    this.#openApi = new OpenApi({ groups: () => this.#served(), version, clock })
  }

  /** Forgets every answer: call it when a kind has come, gone or changed. */
  changed(): void {
    this.#groups = undefined
    this.#pages.clear()
    this.#etags.clear()
    this.#openApi.changed()
  }

  /**
   * The answer to a GET, or undefined for a path that is not discovery's, an unknown group or version included. Throws NotAcceptable.
   * `path` is decoded and without the query.
   */
  reply(path: string, headers: Exchange['headers'], query: URLSearchParams): Reply | Promise<Reply> | undefined {
    if (path.startsWith('/openapi/')) return this.#openApi.reply(path, headers, query)
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    if (bare === '/version') return this.#versionReply()
    const aggregated = bare === '/api' || bare === '/apis' ? aggregatedAccept(text(headers['accept'])) : undefined
    if (aggregated !== undefined) return this.#aggregatedReply(bare, aggregated, headers, query)
    const page = this.#page(bare, () => this.#legacy(bare))
    if (page === undefined) return undefined
    const representation = representationOf(text(headers['accept']), headers, query)
    return {
      code: 200,
      headers: { 'content-type': contentType(representation, false) },
      body: bodyOf(page, representation),
    }
  }

  #served(): readonly ServedGroup[] {
    this.#groups ??= servedGroups(this.#options.definitions(), this.#options.groupPriorities)
    return this.#groups
  }

  #page(key: string, make: () => Record<string, unknown> | undefined): Page | undefined {
    const known = this.#pages.get(key)
    if (known !== undefined) return known
    const value = make()
    if (value === undefined) return undefined
    const made = { value, json: Buffer.from(`${JSON.stringify(value)}\n`) }
    this.#pages.set(key, made)
    return made
  }

  #legacy(path: string): Record<string, unknown> | undefined {
    const [prefix, ...rest] = path.slice(1).split('/')
    if (prefix === 'api') {
      const core = this.#group('')
      const [version] = rest
      if (core === undefined || rest.length > 1) return undefined
      return version === undefined ? apiVersions(core, this.#options.serverAddress()) : resourceList(core, version)
    }
    if (prefix !== 'apis' || rest.length > 2) return undefined
    const [name, version] = rest
    if (name === undefined) return apiGroupList(this.#served())
    const group = name === '' ? undefined : this.#group(name)
    if (group === undefined) return undefined
    return version === undefined ? apiGroup(group) : resourceList(group, version)
  }

  #group(name: string): ServedGroup | undefined {
    return this.#served().find((group) => group.name === name)
  }

  /** The core group stands in `/api`, all others in `/apis`. Clients see from the Content-Type that they got this form. */
  #aggregatedReply(path: string, accept: string, headers: Exchange['headers'], query: URLSearchParams): Reply {
    const page = this.#page(`aggregated ${path}`, () =>
      groupDiscoveryList(this.#served().filter(({ name }) => (name === '') === (path === '/api'))),
    )
    if (page === undefined) throw StatusError.noSuchResource()
    const etag = this.#etag(path, page)
    const shared = { etag, vary: 'Accept', 'cache-control': 'public' }
    if (text(headers['if-none-match']) === etag) return { code: 304, headers: shared }
    const representation = representationOf(accept, headers, query)
    const type = `${contentType(representation, false)};${aggregatedParameters}`
    return { code: 200, headers: { ...shared, 'content-type': type }, body: bodyOf(page, representation) }
  }

  /** Of the content alone, so that every encoding of it has the same tag. */
  #etag(path: string, page: Page): string {
    const known = this.#etags.get(path)
    if (known !== undefined) return known
    const { kind: _kind, apiVersion: _apiVersion, ...content } = page.value
    const etag = `"${createHash('sha512').update(JSON.stringify(content)).digest('hex').toUpperCase()}"`
    this.#etags.set(path, etag)
    return etag
  }

  /** Always indented JSON, whatever is asked for: it has no other form. */
  #versionReply(): Reply {
    const body = Buffer.from(JSON.stringify(this.#options.version, undefined, 2))
    return { code: 200, headers: { 'content-type': 'application/json' }, body }
  }
}

function resourceList(group: ServedGroup, version: string): Record<string, unknown> | undefined {
  const served = group.versions.find((candidate) => candidate.version === version)
  return served === undefined ? undefined : apiResourceList(group.name, served)
}

function bodyOf(page: Page, representation: Representation): Buffer {
  if (representation.format === 'json' && !representation.pretty) return page.json
  // The two lists of the core group do not say their version in JSON; an object of protobuf has to.
  const value = representation.format === 'protobuf' ? { apiVersion: 'v1', ...page.value } : page.value
  return encodeObject(value, representation)
}

function representationOf(
  accept: string | undefined,
  headers: Exchange['headers'],
  query: URLSearchParams,
): Representation {
  const pretty = query.get('pretty')
  const userAgent = text(headers['user-agent'])
  const representation = negotiate(accept, {
    custom: false,
    shape: 'object',
    ...(pretty === null ? {} : { pretty }),
    ...(userAgent === undefined ? {} : { userAgent }),
  })
  if (representation.view === 'object') return representation
  throw StatusError.notAcceptable(
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )
}

/**
 * What is left of an Accept header when only the clauses that ask for the aggregated form count, without the parameters that say so.
 * Undefined when there is none: kube-apiserver prefers this form wherever it is mentioned, whatever the weights.
 */
function aggregatedAccept(accept: string | undefined): string | undefined {
  if (accept === undefined || !accept.includes('APIGroupDiscoveryList')) return undefined
  const clauses: string[] = []
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim())
    const wanted = new Map(parameters.map(splitParameter))
    const aggregated =
      wanted.get('as') === 'APIGroupDiscoveryList' &&
      wanted.get('g') === 'apidiscovery.k8s.io' &&
      wanted.get('v') === 'v2'
    if (!aggregated) continue
    const others = parameters.filter((parameter) => !transformParameters.has(splitParameter(parameter)[0]))
    clauses.push([type, ...others].join(';'))
  }
  return clauses.length === 0 ? undefined : clauses.join(',')
}

const transformParameters = new Set(['as', 'g', 'v', 'profile'])

function splitParameter(parameter: string): [name: string, value: string] {
  const equals = parameter.indexOf('=')
  return equals === -1 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)]
}

function text(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(',')
}
