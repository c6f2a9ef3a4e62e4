import { randomUUID } from 'node:crypto'
import type {
  ListOptions,
  ObjectClient,
  ObjectList,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../src/machinery/client.ts'
import { printTime } from '../../src/machinery/clock.ts'
import type { Cluster, Fleet } from '../../src/machinery/fleet.ts'
import {
  equalJson,
  isObject,
  type KubeObject,
  keyOf,
  type ObjectKey,
  type ObjectMeta,
  printKey,
} from '../../src/machinery/object.ts'
import { applyMergePatch } from '../../src/machinery/patch/merge.ts'
import { qualified, type ResourceInfo } from '../../src/machinery/resource.ts'
import { StatusError } from '../../src/machinery/status-error.ts'

interface Entry {
  readonly resource: string
  readonly revision: number
  readonly event: WatchEvent
  readonly previous: KubeObject | undefined
}

type Draft = Record<string, unknown>

/** The kinds that fake clusters offer. */
export const kinds = {
  secrets: kind('', 'v1', 'secrets', 'Secret'),
  configmaps: kind('', 'v1', 'configmaps', 'ConfigMap'),
  services: kind('', 'v1', 'services', 'Service'),
  events: kind('', 'v1', 'events', 'Event'),
  namespaces: kind('', 'v1', 'namespaces', 'Namespace', false),
  deployments: kind('apps', 'v1', 'deployments', 'Deployment'),
  applications: kind('core.oam.dev', 'v1beta1', 'applications', 'Application'),
  shipments: kind('shipments.entrepot.dev', 'v1alpha1', 'shipments', 'Shipment'),
} as const

function kind(group: string, version: string, resource: string, name: string, namespaced = true): ResourceInfo {
  return { group, version, resource, kind: name, namespaced, singular: name.toLowerCase() }
}

/**
 * An API server in memory: resource versions, generations, uids, finalizers, status apart, watches that resume, and server-side apply
 * with owners by leaf field. `down` makes every request fail and ends every watch, as a cluster without network does.
 */
export class FakeCluster implements ObjectClient {
  readonly name: string
  /** Writes that reached the cluster, as `verb resource namespace/name`. */
  readonly writes: string[] = []
  /** What the cluster makes of an object before it stores it, as defaulting and webhooks do. */
  admit: (object: KubeObject) => KubeObject = (object) => object
  /** Namespaces that exist; undefined: all. */
  namespaces: Set<string> | undefined
  #objects = new Map<string, Map<string, KubeObject>>()
  #applied = new Map<string, Map<string, KubeObject>>()
  #log: Entry[] = []
  #revision = 1
  #wake = new Set<() => void>()
  #down: string | undefined

  constructor(name: string) {
    this.name = name
  }

  get down(): string | undefined {
    return this.#down
  }

  set down(reason: string | undefined) {
    this.#down = reason
    for (const wake of [...this.#wake]) wake()
  }

  /** The object now, or undefined: for assertions, also while the cluster is down. */
  peek(resource: ResourceInfo, namespace: string, name: string): KubeObject | undefined {
    return this.#of(resource).get(printKey({ namespace, name }))
  }

  all(resource: ResourceInfo): readonly KubeObject[] {
    return [...this.#of(resource).values()]
  }

  async resources(): Promise<readonly ResourceInfo[]> {
    this.#reach()
    return Object.values(kinds)
  }

  async get(resource: ResourceInfo, key: ObjectKey): Promise<KubeObject> {
    await this.#travel()
    const found = this.#of(resource).get(printKey(key))
    if (!found) throw StatusError.notFound(resource, key.name)
    return found
  }

  async list(resource: ResourceInfo, options: ListOptions = {}): Promise<ObjectList> {
    await this.#travel()
    const items = this.all(resource).filter((object) => matches(object, options))
    return { items, resourceVersion: String(this.#revision) }
  }

  async *watch(resource: ResourceInfo, options: WatchOptions): AsyncIterable<WatchEvent> {
    let position = Number(options.resourceVersion)
    while (!options.signal.aborted) {
      this.#reach()
      const news = this.#log.filter((entry) => entry.revision > position && entry.resource === qualified(resource))
      for (const { event, revision, previous } of news) {
        position = revision
        const was = previous !== undefined && matches(previous, options)
        const is = event.type !== 'DELETED' && matches(event.object, options)
        if (is) yield { type: was ? 'MODIFIED' : 'ADDED', object: event.object }
        else if (was) yield { type: 'DELETED', object: event.object }
      }
      if (news.length > 0) continue
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#wake.delete(done)
          options.signal.removeEventListener('abort', done)
          resolve()
        }
        this.#wake.add(done)
        options.signal.addEventListener('abort', done)
      })
    }
  }

  async create(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    await this.#travel(options.signal)
    const key = printKey(keyOf(object))
    if (this.#of(resource).has(key)) throw StatusError.alreadyExists(resource, keyOf(object).name)
    this.writes.push(`create ${resource.resource} ${key}`)
    return this.#put(resource, this.#born(object), undefined)
  }

  async update(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const before = await this.get(resource, keyOf(object))
    const { resourceVersion } = object.metadata
    if (resourceVersion && resourceVersion !== before.metadata.resourceVersion) {
      throw StatusError.conflict(resource, keyOf(object).name)
    }
    return this.#change(resource, before, object, options.subresource)
  }

  async patch(resource: ResourceInfo, key: ObjectKey, patch: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    const before = await this.get(resource, key)
    const next = applyMergePatch(before, patch) as KubeObject
    const { uid, resourceVersion } = next.metadata
    if (uid !== before.metadata.uid || resourceVersion !== before.metadata.resourceVersion) {
      throw StatusError.conflict(resource, key.name)
    }
    this.writes.push(`patch ${resource.resource} ${printKey(key)}`)
    return this.#change(resource, before, next, options.subresource)
  }

  async apply(
    resource: ResourceInfo,
    object: KubeObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<KubeObject> {
    await this.#travel(options.signal)
    const key = printKey(keyOf(object))
    if (this.namespaces && object.metadata.namespace && !this.namespaces.has(object.metadata.namespace)) {
      throw StatusError.notFound(kinds.namespaces, object.metadata.namespace)
    }
    const before = this.#of(resource).get(key)
    const { uid, ...metadata } = object.metadata
    const wanted: KubeObject = { ...object, metadata }
    if (uid !== undefined && uid !== before?.metadata.uid) {
      throw StatusError.conflict(resource, keyOf(object).name, `Precondition failed: UID ${uid}`)
    }
    const ownersKey = `${qualified(resource)} ${key}`
    const owners = before
      ? (this.#applied.get(ownersKey) ?? new Map<string, KubeObject>())
      : new Map<string, KubeObject>()
    const others = [...owners].filter(([manager]) => manager !== options.fieldManager)
    const last = owners.get(options.fieldManager)
    let next: unknown = before ?? {}
    for (const [path, value] of leaves(wanted)) {
      const owner = others.find(
        ([, config]) => equalJson(at(config, path), value) === false && at(config, path) !== undefined,
      )
      if (owner && !options.force) throw StatusError.applyConflict(`conflict with ${owner[0]}: .${path.join('.')}`, [])
      next = withLeaf(next, path, value)
    }
    for (const [path] of last ? leaves(last) : []) {
      const isShared = others.some(([, config]) => at(config, path) !== undefined)
      if (at(wanted, path) === undefined && !isShared) next = withoutLeaf(next, path)
    }
    owners.set(options.fieldManager, wanted)
    this.#applied.set(ownersKey, owners)
    this.writes.push(`apply ${resource.resource} ${key}`)
    if (!before) return this.#put(resource, this.#born(next as KubeObject), undefined)
    return this.#change(resource, before, next as KubeObject, undefined)
  }

  async remove(
    resource: ResourceInfo,
    key: ObjectKey,
    options: { readonly uid?: string; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const before = await this.get(resource, key)
    if (options.uid !== undefined && options.uid !== before.metadata.uid) throw StatusError.conflict(resource, key.name)
    this.writes.push(`remove ${resource.resource} ${printKey(key)}`)
    if (before.metadata.finalizers?.length) {
      if (before.metadata.deletionTimestamp) return
      const metadata = { ...before.metadata, deletionTimestamp: printTime(Date.now()) }
      this.#put(resource, { ...before, metadata }, before)
    } else this.#delete(resource, before)
  }

  #change(resource: ResourceInfo, before: KubeObject, next: KubeObject, subresource: string | undefined): KubeObject {
    const { status, ...rest } = next
    const keepsStatus = subresource !== 'status' && hasStatus(resource)
    const object =
      subresource === 'status' ? { ...before, status } : keepsStatus ? { ...rest, status: before['status'] } : next
    const { resourceVersion: _old, ...metadata } = object.metadata as ObjectMeta
    const admitted = this.admit({ ...object, metadata } as KubeObject)
    const { resourceVersion: _before, ...beforeMetadata } = before.metadata
    if (equalJson(admitted, { ...before, metadata: beforeMetadata })) return before
    const grows = !equalJson(admitted['spec'], before['spec'])
    const generation = (before.metadata.generation ?? 0) + (grows ? 1 : 0)
    const final = { ...admitted, metadata: { ...admitted.metadata, generation } }
    if (final.metadata.deletionTimestamp && !final.metadata.finalizers?.length) return this.#delete(resource, final)
    return this.#put(resource, final, before)
  }

  #born(object: KubeObject): KubeObject {
    return this.admit({
      ...object,
      metadata: { ...object.metadata, uid: randomUUID(), generation: 1, creationTimestamp: printTime(Date.now()) },
    })
  }

  #put(resource: ResourceInfo, object: KubeObject, previous: KubeObject | undefined): KubeObject {
    const revision = ++this.#revision
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
    this.#of(resource).set(printKey(keyOf(stored)), stored)
    this.#tell(resource, revision, { type: previous ? 'MODIFIED' : 'ADDED', object: stored }, previous)
    return stored
  }

  #delete(resource: ResourceInfo, object: KubeObject): KubeObject {
    const revision = ++this.#revision
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
    this.#of(resource).delete(printKey(keyOf(object)))
    this.#applied.delete(`${qualified(resource)} ${printKey(keyOf(object))}`)
    this.#tell(resource, revision, { type: 'DELETED', object: last }, object)
    return last
  }

  #tell(resource: ResourceInfo, revision: number, event: WatchEvent, previous: KubeObject | undefined): void {
    this.#log.push({ resource: qualified(resource), revision, event, previous })
    for (const wake of [...this.#wake]) wake()
  }

  #of(resource: ResourceInfo): Map<string, KubeObject> {
    const known = this.#objects.get(qualified(resource))
    if (known) return known
    const objects = new Map<string, KubeObject>()
    this.#objects.set(qualified(resource), objects)
    return objects
  }

  async #travel(signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
    this.#reach()
  }

  #reach(): void {
    if (this.#down !== undefined) throw StatusError.unavailable(this.#down)
  }
}

/** A fleet whose clusters come and go at a test's word. The first one given is `local`. */
export class FakeFleet implements Fleet {
  readonly #clusters = new Map<string, { readonly client: FakeCluster; labels: Readonly<Record<string, string>> }>()
  readonly #listeners = new Set<(name: string) => void>()

  join(client: FakeCluster, labels: Readonly<Record<string, string>> = {}): void {
    this.#clusters.set(client.name, { client, labels })
    this.tell(client.name)
  }

  detach(name: string): void {
    this.#clusters.delete(name)
    this.tell(name)
  }

  /** The network to a cluster fails, with this message, or comes back. */
  cut(name: string, message: string | undefined): void {
    const cluster = this.#clusters.get(name)
    if (cluster) cluster.client.down = message
    this.tell(name)
  }

  tell(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }

  list(): readonly Cluster[] {
    return [...this.#clusters.keys()].flatMap((name) => this.get(name) ?? [])
  }

  get(name: string): Cluster | undefined {
    const found = this.#clusters.get(name)
    if (!found) return undefined
    const { client, labels } = found
    const control = { 'cluster.core.oam.dev/control-plane': String(name === 'local') }
    return {
      name,
      client,
      labels: { ...labels, ...control },
      reachable: client.down === undefined,
      ...(client.down === undefined ? {} : { message: client.down }),
    }
  }

  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function hasStatus(resource: ResourceInfo): boolean {
  return ['deployments', 'applications', 'shipments', 'services'].includes(resource.resource)
}

function matches({ metadata }: KubeObject, { namespace, labelSelector }: ListOptions): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false
  return labelSelector === undefined || metadata.labels?.[labelSelector] !== undefined
}

function* leaves(object: unknown, path: readonly string[] = []): Iterable<readonly [readonly string[], unknown]> {
  if (isObject(object) && Object.keys(object).length > 0) {
    for (const [field, value] of Object.entries(object)) yield* leaves(value, [...path, field])
  } else yield [path, object]
}

function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), object)
}

function withLeaf(object: unknown, [field, ...rest]: readonly string[], value: unknown): unknown {
  if (field === undefined) return value
  const fields: Draft = isObject(object) ? object : {}
  return { ...fields, [field]: withLeaf(fields[field], rest, value) }
}

function withoutLeaf(object: unknown, [field, ...rest]: readonly string[]): unknown {
  if (field === undefined || !isObject(object)) return undefined
  const { [field]: inner, ...others } = object
  return rest.length === 0 ? others : { ...others, [field]: withoutLeaf(inner, rest) }
}
