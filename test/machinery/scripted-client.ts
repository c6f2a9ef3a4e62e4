import type { ListOptions, ObjectClient, ObjectList, WatchEvent, WatchOptions } from '../../src/machinery/client.ts'
import { fieldAt, isObject, type KubeObject, keyOf, type ObjectKey, printKey } from '../../src/machinery/object.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'
import { StatusError } from '../../src/machinery/status-error.ts'

/** The kind that the tests follow. */
export const configMaps: ResourceInfo = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  singular: 'configmap',
}

/**
 * A small server of one collection that keeps a history, expires it on demand, drops its watches, and fails when told to. `list`,
 * `watch` and `patch` are answered; nothing else is asked by those who follow.
 */
export class ScriptedClient implements ObjectClient {
  readonly objects = new Map<string, KubeObject>()
  readonly calls: string[] = []
  #events: { readonly revision: number; readonly event: WatchEvent }[] = []
  #revision = 10
  #oldest = 0
  #listFailures: Error[] = []
  #watchFailures: Error[] = []
  #changed = Promise.withResolvers<void>()
  #dropped = 0

  /** Writes a ConfigMap and gives its revision. */
  put(name: string, data: Record<string, string> = {}, namespace = 'default'): number {
    return this.set({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, uid: `${name}-uid` }, data })
  }

  /** Writes any object and gives its revision. */
  set(written: KubeObject): number {
    const revision = ++this.#revision
    const object = { ...written, metadata: { ...written.metadata, resourceVersion: String(revision) } }
    const key = printKey(keyOf(object))
    this.#record({ type: this.objects.has(key) ? 'MODIFIED' : 'ADDED', object })
    this.objects.set(key, object)
    return revision
  }

  delete(name: string, namespace = 'default'): void {
    const old = this.objects.get(`${namespace}/${name}`)
    if (old === undefined) throw new Error(`no object ${name}`)
    const revision = ++this.#revision
    this.objects.delete(`${namespace}/${name}`)
    this.#record({
      type: 'DELETED',
      object: { ...old, metadata: { ...old.metadata, resourceVersion: String(revision) } },
    })
  }

  /** Moves the revision on without a change, and says so to the watches. */
  bookmark(): void {
    const revision = ++this.#revision
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: String(revision) } }
    this.#record({ type: 'BOOKMARK', object })
  }

  /** Forgets the history: a watch from before now is expired. */
  compact(): void {
    this.#events = []
    this.#oldest = this.#revision
  }

  /** Ends the watches that are open, as every server does after a while. */
  dropWatches(): void {
    this.#dropped++
    this.#wake()
  }

  /** The server comes back with older state than it had told. */
  restore(objects: ReadonlyMap<string, KubeObject>, revision: number): void {
    this.objects.clear()
    for (const [key, object] of objects) this.objects.set(key, object)
    this.#events = []
    this.#revision = revision
    this.#oldest = 0
  }

  failLists(...errors: Error[]): void {
    this.#listFailures.push(...errors)
  }

  failWatches(...errors: Error[]): void {
    this.#watchFailures.push(...errors)
    this.dropWatches()
  }

  async list(_resource: ResourceInfo, options: ListOptions = {}): Promise<ObjectList> {
    this.calls.push(`list limit=${options.limit ?? 'none'}${options.continue ? ' continue' : ''}`)
    const failure = this.#listFailures.shift()
    if (failure) throw failure
    const all = [...this.objects.values()].filter(
      ({ metadata }) => options.namespace === undefined || metadata.namespace === options.namespace,
    )
    const from = Number(options.continue ?? '0')
    const to = from + (options.limit ?? all.length)
    return {
      items: all.slice(from, to),
      resourceVersion: String(this.#revision),
      ...(to < all.length ? { continue: String(to) } : {}),
    }
  }

  async *watch(_resource: ResourceInfo, options: WatchOptions): AsyncGenerator<WatchEvent> {
    this.calls.push(`watch ${options.resourceVersion}`)
    let after = Number(options.resourceVersion)
    const dropped = this.#dropped
    const aborted = new Promise<void>((resolve) =>
      options.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    while (!options.signal.aborted) {
      const failure = this.#watchFailures.shift()
      if (failure) throw failure
      if (after < this.#oldest) throw StatusError.expired(`too old resource version: ${after} (${this.#oldest})`)
      for (const { revision, event } of this.#events.filter((entry) => entry.revision > after)) {
        after = revision
        yield event
      }
      if (dropped !== this.#dropped) return
      if (this.#events.some((entry) => entry.revision > after)) continue
      await Promise.race([this.#changed.promise, aborted])
    }
  }

  /** Merges annotations: all that those who follow ever patch. */
  async patch(_resource: ResourceInfo, key: ObjectKey, patch: unknown): Promise<KubeObject> {
    const old = this.objects.get(printKey(key))
    if (old === undefined) throw new Error(`no object ${printKey(key)}`)
    const more = fieldAt(patch, 'metadata', 'annotations')
    if (!isObject(more)) throw new Error('only annotations are patched')
    const annotations = { ...old.metadata.annotations }
    for (const [name, value] of Object.entries(more)) annotations[name] = String(value)
    const merged = { ...old, metadata: { ...old.metadata, annotations } }
    this.set(merged)
    return merged
  }

  get = unasked
  create = unasked
  update = unasked
  apply = unasked
  remove = unasked
  resources = unasked

  #record(event: WatchEvent): void {
    this.#events.push({ revision: this.#revision, event })
    this.#wake()
  }

  #wake(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers<void>()
    resolve()
  }
}

async function unasked(): Promise<never> {
  throw new Error('nothing that follows a collection asks this')
}
