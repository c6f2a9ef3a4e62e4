import type {
  ListOptions,
  ObjectClient,
  ObjectList,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../src/machinery/client.ts'
import type { Clock } from '../src/machinery/clock.ts'
import type { KubeObject, ObjectKey } from '../src/machinery/object.ts'
import type { ResourceInfo } from '../src/machinery/resource.ts'
import { parseRevision, printRevision } from '../src/machinery/revision.ts'
import { StatusError } from '../src/machinery/status-error.ts'
import { Compacted, type Follower, type RangeOptions } from '../storage/store.ts'
import { hubUser, type WriteContext } from './registry/context.ts'
import { parseContinueToken, printContinueToken } from './registry/continue-token.ts'
import { applyObject, createObject, patchObject, updateObject } from './registry/operations.ts'
import { watchExpired } from './registry/read-revision.ts'
import type { Registry } from './registry/registry.ts'
import type { ResourceStore } from './registry/resource-store.ts'
import { parseSelection } from './registry/selection.ts'
import { shownObject, transitionOf } from './registry/watch-event.ts'

const defaultManager = 'entrepot'

/** The hub's own API without a socket: the same rules, admission and events as over HTTP, as a user who may do everything. */
export class Loopback implements ObjectClient {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #warn: (text: string) => void

  constructor(options: { readonly registry: Registry; readonly clock: Clock; readonly warn?: (text: string) => void }) {
    this.#registry = options.registry
    this.#clock = options.clock
    this.#warn = options.warn ?? (() => {})
  }

  async get(resource: ResourceInfo, key: ObjectKey): Promise<KubeObject> {
    const store = this.#storeOf(resource)
    return store.parse((await store.get(key)).bytes)
  }

  async list(resource: ResourceInfo, options: ListOptions = {}): Promise<ObjectList> {
    const store = this.#storeOf(resource)
    const selection = parseSelection(store.definition, selectorsOf(options))
    const token = options.continue ? parseContinueToken(options.continue) : undefined
    const range: RangeOptions = {
      ...(token && token.revision > 0 ? { at: parseRevision(String(token.revision)) } : {}),
      ...(token ? { after: token.after } : {}),
    }
    const result = await store.range(store.within(options.namespace, selection.name), range)
    const limit = options.limit ?? 0
    const items: KubeObject[] = []
    let goesOn = false
    for await (const chunk of result.chunks) {
      for (const { bytes } of chunk) {
        const object = store.parse(bytes)
        if (!selection.matches(object)) continue
        if (limit > 0 && items.length === limit) {
          goesOn = true
          break
        }
        items.push(object)
      }
      if (goesOn) break
    }
    const last = items.at(-1)?.metadata
    const after = { namespace: last?.namespace ?? '', name: last?.name ?? '' }
    const seen = (token?.seen ?? 0) + items.length
    return {
      items,
      resourceVersion: printRevision(result.revision),
      ...(goesOn ? { continue: printContinueToken({ revision: result.revision, after, seen }) } : {}),
    }
  }

  async *watch(resource: ResourceInfo, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const store = this.#storeOf(resource)
    const selection = parseSelection(store.definition, selectorsOf(options))
    const after = parseRevision(options.resourceVersion)
    const expired = (error: unknown) => (error instanceof Compacted ? watchExpired(after, error) : error)
    let follower: Follower
    try {
      follower = store.follow(store.within(options.namespace, selection.name), after)
    } catch (error) {
      throw expired(error)
    }
    const close = () => follower.close()
    options.signal.addEventListener('abort', close)
    if (options.signal.aborted) close()
    try {
      for (;;) {
        const events = await follower.next().catch((error: unknown) => {
          throw expired(error)
        })
        if (events === undefined) return
        for (const event of events) {
          const transition = transitionOf(store, selection, event)
          if (transition) yield { type: transition.type, object: shownObject(store, event, transition) }
        }
      }
    } finally {
      options.signal.removeEventListener('abort', close)
      follower.close()
    }
  }

  async create(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const store = this.#storeOf(resource)
    const { object: created } = await createObject(store, namespaceOf(object), bodyOf(object), this.#context(options))
    return created
  }

  async update(resource: ResourceInfo, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const store = this.#storeOf(resource)
    const key = { namespace: namespaceOf(object), name: object.metadata.name ?? '' }
    const context = this.#context(options)
    const { object: updated } = await updateObject(store, key, options.subresource ?? '', bodyOf(object), context)
    return updated
  }

  async apply(
    resource: ResourceInfo,
    object: KubeObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<KubeObject> {
    const store = this.#storeOf(resource)
    const key = { namespace: namespaceOf(object), name: object.metadata.name ?? '' }
    const context = this.#context(options)
    const sub = options.subresource ?? ''
    const { object: applied } = await applyObject(store, key, sub, bodyOf(object), options.force ?? false, context)
    return applied
  }

  async patch(resource: ResourceInfo, key: ObjectKey, patch: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    const store = this.#storeOf(resource)
    const context = this.#context(options)
    const sub = options.subresource ?? ''
    const { object } = await patchObject(store, key, sub, 'merge-patch', patch, 'Ignore', context)
    return object
  }

  async remove(
    resource: ResourceInfo,
    key: ObjectKey,
    options: Parameters<ObjectClient['remove']>[2] = {},
  ): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds, dryRun } = options
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }
    await this.#storeOf(resource).remove(
      key,
      {
        preconditions,
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      },
      this.#context({ dryRun: dryRun ?? false }),
    )
  }

  async resources(): Promise<readonly ResourceInfo[]> {
    return this.#registry.definitions
  }

  #storeOf(resource: ResourceInfo): ResourceStore {
    const store = this.#registry.find(resource)
    if (!store) throw StatusError.noSuchResource()
    return store
  }

  #context({ dryRun = false, fieldManager = defaultManager }: WriteOptions): WriteContext {
    return { user: hubUser, now: this.#clock.now(), dryRun, fieldManager, warn: this.#warn }
  }
}

function selectorsOf({ labelSelector = '', fieldSelector = '' }: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>) {
  return { labelSelector, fieldSelector }
}

function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? ''
}

/** Operations own their body, so a caller's object is copied at its top levels and never changed. */
function bodyOf(object: KubeObject): Record<string, unknown> {
  return structuredClone(object) as Record<string, unknown>
}
