import { randomInt } from 'node:crypto'
import type {
  ListOptions,
  ObjectClient,
  ObjectList,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../machinery/client.ts'
import { type Logger, silentLogger } from '../machinery/log.ts'
import { isObject, type KubeObject, keyOf, type ObjectKey } from '../machinery/object.ts'
import { apiVersionOf, pathOf, type ResourceInfo } from '../machinery/resource.ts'
import { hasReason, StatusError } from '../machinery/status-error.ts'
import { discover } from './discovery.ts'
import { answerFailure } from './failure.ts'
import type { ClusterTarget } from './target.ts'
import { Transport, type TransportObserver, type TransportReply, type TransportRequest } from './transport.ts'
import { isKubeObject, watchEvents } from './watch-stream.ts'

/** How a client behaves; every value has a default. */
export interface RemoteClientOptions {
  readonly log?: Logger
  /** From the call to the last byte of the answer, or to its head for a watch. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long a watch may be silent, bookmarks included, before it is taken for dead and ends. Default 3 minutes. */
  readonly watchIdleMs?: number
  readonly userAgent?: string
  /** Whether the server may be this machine itself. Default true. */
  readonly allowLoopback?: boolean
  /** Hears of every request how the connection fared. */
  readonly observe?: TransportObserver
}

/** The client of one cluster. Numbers are IEEE doubles as everywhere here: integers beyond 2^53 are rounded when they are read. */
export interface RemoteCluster extends ObjectClient {
  /** `https://host:port/prefix`, for messages. */
  readonly server: string
  /** One request as it is, and its answer as it is, errors of the server included; throws only when there is no answer. */
  request(request: TransportRequest): Promise<TransportReply>
  /** Ends watches at once, lets other requests end within a few seconds, and closes all connections. */
  close(): Promise<void>
}

const pageSize = 500
// Most pages have a hundredth of it; a page of the largest objects that Kubernetes stores would not fit, and is refused by name.
const pageLimitBytes = 256 * 2 ** 20
const watchLineLimitBytes = 16 * 2 ** 20
const discoveryMaxAgeMs = 600_000
// Kubernetes sends a bookmark a minute to a silent watch: three missing ones mean that nobody is there.
const defaultWatchIdleMs = 180_000

/** A client for the API server at `target`. Nothing is dialled before the first request. Throws BadRequest for a target that must not be. */
export function connect(target: ClusterTarget, options: RemoteClientOptions = {}): RemoteCluster {
  return new HttpCluster(target, options)
}

class HttpCluster implements RemoteCluster {
  readonly #transport: Transport
  readonly #log: Logger
  readonly #watchIdleMs: number
  #discovered: { readonly resources: readonly ResourceInfo[]; readonly atMs: number } | undefined
  #discovering: Promise<readonly ResourceInfo[]> | undefined

  constructor(target: ClusterTarget, options: RemoteClientOptions) {
    this.#log = options.log ?? silentLogger
    this.#watchIdleMs = options.watchIdleMs ?? defaultWatchIdleMs
    this.#transport = new Transport(target, {
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      userAgent: options.userAgent ?? 'entrepot',
      addresses: { loopback: options.allowLoopback ?? true },
      observe: options.observe ?? (() => undefined),
    })
  }

  get server(): string {
    return this.#transport.server
  }

  request(request: TransportRequest): Promise<TransportReply> {
    return this.#transport.send(request)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  async get(
    resource: ResourceInfo,
    key: ObjectKey,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<KubeObject> {
    return this.#object({ method: 'GET', path: itemPath(resource, key), ...signalOf(options) })
  }

  async list(resource: ResourceInfo, options: ListOptions = {}): Promise<ObjectList> {
    if (options.limit !== undefined || options.continue !== undefined) return this.#page(resource, options)
    try {
      return await this.#listInPages(resource, options)
    } catch (error) {
      // The snapshot was compacted between two pages. A list in one piece cannot expire.
      if (!hasReason(error, 'Expired')) throw error
      return this.#page(resource, options)
    }
  }

  async *watch(resource: ResourceInfo, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { signal } = options
    if (signal.aborted) return
    // A time of its own for each, so that watches that began together do not all end together.
    const timeoutSeconds = 300 + randomInt(300)
    let idle = false
    try {
      const stream = await this.#transport.open({
        method: 'GET',
        path: pathTo(resource, namespaceOf(options)),
        query: {
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion: options.resourceVersion,
          timeoutSeconds: String(timeoutSeconds),
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
        },
        signal,
      })
      const timer = setTimeout(() => {
        idle = true
        stream.cancel()
      }, this.#watchIdleMs)
      try {
        yield* watchEvents(refreshing(stream.body, timer), watchLineLimitBytes)
      } finally {
        clearTimeout(timer)
        stream.cancel()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!idle) throw error
      // The reader goes on from the last revision it saw, over a connection that works.
      this.#log.debug({ server: this.server, resource: resource.resource }, 'a silent watch was ended')
    }
  }

  async create(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const { namespace, name } = keyOf(object)
    // Only a subresource (a token, an eviction, a binding) is created under a name.
    const at = options.subresource === undefined ? {} : { name, subresource: options.subresource }
    return this.#object({
      method: 'POST',
      path: pathTo(resource, { namespace, ...at }),
      ...writeOf(options),
      ...json(object),
    })
  }

  async update(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#object({
      method: 'PUT',
      path: itemPath(resource, keyOf(object), options.subresource),
      ...writeOf(options),
      ...json(object),
    })
  }

  async apply(
    resource: ResourceInfo,
    object: KubeObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<KubeObject> {
    const write = writeOf(options)
    return this.#object({
      method: 'PATCH',
      path: itemPath(resource, keyOf(object), options.subresource),
      ...write,
      query: { ...write.query, force: options.force === true ? 'true' : undefined },
      // Every JSON document is YAML, and all versions of Kubernetes that have server-side apply know this media type.
      ...json(object, 'application/apply-patch+yaml'),
    })
  }

  async patch(resource: ResourceInfo, key: ObjectKey, patch: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#object({
      method: 'PATCH',
      path: itemPath(resource, key, options.subresource),
      ...writeOf(options),
      ...json(patch, 'application/merge-patch+json'),
    })
  }

  async remove(
    resource: ResourceInfo,
    key: ObjectKey,
    options: Parameters<ObjectClient['remove']>[2] = {},
  ): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds, dryRun } = options
    const preconditions = { uid, resourceVersion }
    await this.#answer({
      method: 'DELETE',
      path: itemPath(resource, key),
      ...signalOf(options),
      ...json({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions }),
        propagationPolicy,
        gracePeriodSeconds,
        dryRun: dryRun ? ['All'] : undefined,
      }),
    })
  }

  async resources(options: { readonly signal?: AbortSignal; readonly fresh?: boolean } = {}) {
    options.signal?.throwIfAborted()
    const known = this.#discovered
    const young = known !== undefined && performance.now() - known.atMs < discoveryMaxAgeMs
    if (young && options.fresh !== true) return known.resources
    // All who ask meanwhile share one answer; one of them giving up does not end it for the others.
    this.#discovering ??= this.#discover().finally(() => {
      this.#discovering = undefined
    })
    return await unlessAborted(this.#discovering, options.signal)
  }

  async #discover(): Promise<readonly ResourceInfo[]> {
    const resources = await discover(async (path, accept) =>
      parseJson(this.server, await this.#answer({ method: 'GET', path, headers: { accept } })),
    )
    this.#discovered = { resources, atMs: performance.now() }
    return resources
  }

  async #listInPages(resource: ResourceInfo, options: ListOptions): Promise<ObjectList> {
    const items: KubeObject[] = []
    let page = await this.#page(resource, { ...options, limit: pageSize })
    const { resourceVersion } = page
    items.push(...page.items)
    while (page.continue) {
      page = await this.#page(resource, { ...options, limit: pageSize, continue: page.continue })
      items.push(...page.items)
    }
    return { items, resourceVersion }
  }

  async #page(resource: ResourceInfo, options: ListOptions): Promise<ObjectList> {
    const reply = await this.#answer({
      method: 'GET',
      path: pathTo(resource, namespaceOf(options)),
      query: {
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        limit: options.limit === undefined ? undefined : String(options.limit),
        continue: options.continue,
      },
      limitBytes: pageLimitBytes,
      ...signalOf(options),
    })
    return listIn(this.server, parseJson(this.server, reply), resource)
  }

  async #object(request: TransportRequest): Promise<KubeObject> {
    const object = parseJson(this.server, await this.#answer(request))
    if (!isKubeObject(object)) throw StatusError.unavailable(`${this.server} answered with something that is no object`)
    return object
  }

  async #answer(request: TransportRequest): Promise<TransportReply> {
    const reply = await this.#transport.send(request)
    if (reply.status >= 200 && reply.status < 300) return reply
    throw answerFailure(this.server, reply)
  }
}

function itemPath(resource: ResourceInfo, key: ObjectKey, subresource?: string): string {
  // Without its name, or its namespace, the path would be that of a collection, and the request would do something else entirely.
  if (key.name === '') throw StatusError.badRequest(`${resource.kind}: name is required`)
  if (resource.namespaced && key.namespace === '') {
    throw StatusError.badRequest('an empty namespace may not be set when a resource name is provided')
  }
  return pathTo(resource, { ...key, ...(subresource === undefined ? {} : { subresource }) })
}

/** `pathOf`, for names that stay one segment: a name such as `..` would lead to what nobody asked for or authorised. */
function pathTo(resource: ResourceInfo, at: Parameters<typeof pathOf>[1] & object): string {
  for (const segment of [at.namespace, at.name]) {
    if (segment === '.' || segment === '..' || /[/%]/.test(segment ?? '')) {
      throw StatusError.badRequest(`${JSON.stringify(segment)} cannot be a name in a path`)
    }
  }
  return pathOf(resource, at)
}

function namespaceOf(options: { readonly namespace?: string }): { readonly namespace?: string } {
  return options.namespace === undefined ? {} : { namespace: options.namespace }
}

function signalOf(options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal }
}

function writeOf(options: WriteOptions): Pick<TransportRequest, 'query' | 'signal'> {
  return {
    query: { fieldManager: options.fieldManager, dryRun: options.dryRun ? 'All' : undefined },
    ...signalOf(options),
  }
}

function json(body: unknown, type = 'application/json'): Pick<TransportRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': type }, body: JSON.stringify(body) }
}

function parseJson(server: string, reply: TransportReply): unknown {
  try {
    return JSON.parse(reply.body)
  } catch (error) {
    throw StatusError.unavailable(`${server} answered with something that is no JSON`, error)
  }
}

function listIn(server: string, list: unknown, resource: ResourceInfo): ObjectList {
  const metadata = isObject(list) ? list['metadata'] : undefined
  if (!isObject(list) || !isObject(metadata)) {
    throw StatusError.unavailable(`${server} answered with something that is no list`)
  }
  // The items of built-in kinds come without these two, and an empty list may be null.
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  const entries: readonly unknown[] = Array.isArray(list['items']) ? list['items'] : []
  const items = entries.flatMap((entry): KubeObject[] => {
    const object: unknown = isObject(entry) ? { ...type, ...entry } : entry
    return isKubeObject(object) ? [object] : []
  })
  if (items.length !== entries.length) throw StatusError.unavailable(`${server} listed something that is no object`)
  const token = metadata['continue']
  return {
    items,
    resourceVersion: String(metadata['resourceVersion'] ?? ''),
    ...(typeof token === 'string' && token !== '' ? { continue: token } : {}),
  }
}

async function* refreshing(chunks: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    timer.refresh()
    yield chunk
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
