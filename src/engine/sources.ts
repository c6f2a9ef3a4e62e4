import type { Clock } from '../machinery/clock.ts'
import type { Cluster, Fleet } from '../machinery/fleet.ts'
import type { Informer } from '../machinery/informer.ts'
import type { Logger } from '../machinery/log.ts'
import { type KubeObject, keyOf, type ObjectKey, printKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { cleanSource, refusalToCopy } from './clean.ts'
import type { Piece, Reference } from './components/component.ts'
import { Discovery } from './discovery.ts'
import { resolveResource } from './kinds.ts'
import { keyOfResource, Watches } from './watches.ts'

/** A source cannot be used; the message is complete. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** What became of reading a reference. `waiting`: whoever asked is told through `onStale` when there is news. */
export type Loaded =
  | { readonly state: 'ready'; readonly pieces: readonly Piece[]; readonly resource: ResourceInfo }
  | { readonly state: 'waiting' }
  | { readonly state: 'failed'; readonly error: Error }

interface Origin {
  readonly client: Cluster['client']
  readonly discovery: Discovery
  readonly watches: Watches
}

interface Use {
  readonly cluster: string
  readonly resource: ResourceInfo
  /** `namespace/name`, or `namespace/*` for a selector. */
  readonly what: string
}

const readTimeoutMs = 10_000

/**
 * The objects that applications refer to, on the hub and in clusters: followed by one informer per (cluster, kind) in use, so that a
 * change of a source reaches its copies by itself. Knows which applications use what.
 */
export class Sources {
  readonly #fleet: Fleet
  readonly #clock: Clock
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #onStale: (application: string) => void
  readonly #origins = new Map<string, Origin>()
  readonly #clustersOf = new Map<string, ReadonlySet<string>>()
  readonly #usesOf = new Map<string, ReadonlyMap<string, Use>>()
  readonly #users = new Map<string, Set<string>>()
  readonly #usersOfKind = new Map<string, Set<string>>()

  constructor(options: {
    readonly fleet: Fleet
    readonly clock: Clock
    readonly log: Logger
    readonly signal: AbortSignal
    /** An application, as `namespace/name`, should render again. */
    readonly onStale: (application: string) => void
  }) {
    this.#fleet = options.fleet
    this.#clock = options.clock
    this.#log = options.log
    this.#signal = options.signal
    this.#onStale = options.onStale
  }

  /** Reads everything that an application refers to, and remembers that it does. Answers in the order asked. */
  async load(
    application: ObjectKey,
    references: readonly Reference[],
    signal: AbortSignal,
  ): Promise<readonly Loaded[]> {
    const user = printKey(application)
    const uses = new Map<string, Use>()
    this.#clustersOf.set(user, new Set(references.map(({ cluster }) => cluster)))
    const loading = references.map((reference) => this.#load(user, reference, uses, signal))
    this.#setUses(user, uses)
    return Promise.all(loading)
  }

  /** An application is gone. */
  release(application: string): void {
    this.#clustersOf.delete(application)
    this.#setUses(application, new Map())
  }

  /** Whether a source exists; undefined when that is not known at present. */
  exists(cluster: string, resource: ResourceInfo, key: ObjectKey): boolean | undefined {
    const informer = this.#origins.get(cluster)?.watches.find(resource)
    return informer?.synced ? informer.get(key) !== undefined : undefined
  }

  /** The fleet says that something about a cluster is different: its users look again. */
  clusterChanged(name: string): void {
    const cluster = this.#fleet.get(name)
    const origin = this.#origins.get(name)
    if (origin && cluster?.client !== origin.client) {
      origin.watches.close()
      this.#origins.delete(name)
    } else if (origin && cluster?.reachable) {
      origin.watches.restart(cluster.client)
    }
    for (const [user, clusters] of this.#clustersOf) if (clusters.has(name)) this.#onStale(user)
  }

  close(): void {
    for (const { watches } of this.#origins.values()) watches.close()
    this.#origins.clear()
  }

  async #load(user: string, reference: Reference, uses: Map<string, Use>, signal: AbortSignal): Promise<Loaded> {
    const cluster = this.#fleet.get(reference.cluster)
    if (!cluster) return failed(`no such cluster ${reference.cluster}`)
    const origin = this.#originOf(cluster)
    const found = origin.discovery.lookup((resources) => resolveResource(resources, reference))
    if (found.state === 'waiting') {
      void found.settled.then(() => this.#onStale(user))
      // A cluster known to be away need not be waited for to say so.
      return isHopeless(cluster) ? failed(unreachable(cluster)) : { state: 'waiting' }
    }
    if (found.state === 'failed') {
      return isHopeless(cluster) ? failed(unreachable(cluster), found.error) : { state: 'failed', error: found.error }
    }
    const resource = found.value
    if (!resource.namespaced && !reference.clusterScoped) {
      return failed("cannot refer to cluster-scoped objects from within the application's namespace")
    }
    const namespace = resource.namespaced ? reference.namespace : ''
    const use = { cluster: cluster.name, resource, what: printUse(namespace, reference) }
    uses.set(keyOfUse(use), use)
    const informer = origin.watches.ensure(resource)
    if (!informer.synced) {
      if (isHopeless(cluster)) return failed(unreachable(cluster))
      return informer.failure ? failed(informer.failure.message, informer.failure) : { state: 'waiting' }
    }
    try {
      const objects = await this.#select(cluster, informer, resource, namespace, reference, signal)
      return { state: 'ready', resource, pieces: objects.map((object) => pieceOf(cluster.name, resource, object)) }
    } catch (error) {
      return { state: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  async #select(
    cluster: Cluster,
    informer: Informer,
    resource: ResourceInfo,
    namespace: string,
    { by }: Reference,
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    if ('labels' in by) {
      const wanted = Object.entries(by.labels)
      return informer
        .list(namespace)
        .filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value))
        .filter((object) => refusalToCopy(object) === undefined)
        .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    }
    const key = { namespace, name: by.name }
    const what = `${resource.kind} ${printKey(key)}`
    try {
      // Two watches of one server are not in step: before an object is called missing, the server is asked.
      const object =
        informer.get(key) ??
        (await cluster.client.get(resource, key, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)]),
        }))
      // A cluster answers for what it was asked, and for nothing else.
      if (printKey(keyOf(object)) !== printKey(key)) throw new SourceError(`${what} was answered with another object`)
      const refusal = refusalToCopy(object)
      if (refusal) throw new SourceError(`${what} cannot be copied: ${refusal}`)
      return [object]
    } catch (error) {
      if (error instanceof SourceError || !(error instanceof Error)) throw error
      throw new SourceError(`failed to load ref object ${what}: ${error.message}`, { cause: error })
    }
  }

  #originOf(cluster: Cluster): Origin {
    const known = this.#origins.get(cluster.name)
    if (known) return known
    const users = (key: string) => this.#users.get(key) ?? []
    const origin: Origin = {
      client: cluster.client,
      discovery: new Discovery(cluster.client, this.#clock, this.#signal),
      watches: new Watches({
        client: cluster.client,
        clock: this.#clock,
        log: this.#log,
        transform: withoutBookkeeping,
        onChange: (resource, { namespace, name }) => {
          const kind = `${cluster.name}|${keyOfResource(resource)}`
          for (const user of users(`${kind}|${namespace}/${name}`)) this.#onStale(user)
          for (const user of users(`${kind}|${namespace}/*`)) this.#onStale(user)
        },
        onSynced: (resource) => {
          for (const user of this.#usersOfKind.get(`${cluster.name}|${keyOfResource(resource)}`) ?? [])
            this.#onStale(user)
        },
      }),
    }
    this.#origins.set(cluster.name, origin)
    return origin
  }

  #setUses(user: string, uses: ReadonlyMap<string, Use>): void {
    const before = this.#usesOf.get(user) ?? new Map<string, Use>()
    if (uses.size === 0) this.#usesOf.delete(user)
    else this.#usesOf.set(user, uses)
    for (const [key, use] of uses) {
      add(this.#users, key, user)
      add(this.#usersOfKind, kindOfUse(use), user)
    }
    const kinds = new Set([...uses.values()].map(kindOfUse))
    for (const [key, use] of before) {
      if (!uses.has(key)) remove(this.#users, key, user)
      const kind = kindOfUse(use)
      if (!kinds.has(kind) && remove(this.#usersOfKind, kind, user)) {
        this.#origins.get(use.cluster)?.watches.drop(use.resource)
      }
    }
  }
}

function pieceOf(cluster: string, resource: ResourceInfo, object: KubeObject): Piece {
  const source = { cluster, ...keyOf(object) }
  return { object: cleanSource(object), resource, source, sourceUid: object.metadata.uid ?? '' }
}

function withoutBookkeeping(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  const { status: _status, ...rest } = object
  return { ...(rest as KubeObject), metadata }
}

function failed(message: string, cause?: unknown): Loaded {
  return { state: 'failed', error: new SourceError(message, cause === undefined ? undefined : { cause }) }
}

function isHopeless({ reachable, awaited }: Cluster): boolean {
  return !reachable && !awaited
}

function unreachable({ name, message }: Cluster): string {
  return `cluster ${name} is unreachable${message ? `: ${message}` : ''}`
}

function printUse(namespace: string, { by }: Reference): string {
  return `${namespace}/${'name' in by ? by.name : '*'}`
}

function kindOfUse({ cluster, resource }: Use): string {
  return `${cluster}|${keyOfResource(resource)}`
}

function keyOfUse(use: Use): string {
  return `${kindOfUse(use)}|${use.what}`
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key)
  if (set) set.add(value)
  else sets.set(key, new Set([value]))
}

/** Whether the set is empty now, and gone. */
function remove(sets: Map<string, Set<string>>, key: string, value: string): boolean {
  const set = sets.get(key)
  set?.delete(value)
  if (set && set.size > 0) return false
  return sets.delete(key)
}
