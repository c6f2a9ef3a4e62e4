import type { Backoff } from './backoff.ts'
import type { ObjectClient } from './client.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import { type KubeObject, keyOf, type ObjectKey, printKey } from './object.ts'
import { reflect } from './reflector.ts'
import type { ResourceInfo } from './resource.ts'

/**
 * What an informer keeps. `transform` runs before an object is stored and may leave out what nobody reads, but must keep
 * `metadata.name`, `namespace` and `resourceVersion`.
 */
export interface InformerOptions {
  readonly client: ObjectClient
  readonly resource: ResourceInfo
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly transform?: (object: KubeObject) => KubeObject
  readonly log: Logger
  readonly clock?: Clock
  readonly backoff?: Backoff
}

/** Hears of one changed object. After a time without connection several changes may be told as one, a recreation as a change. */
export type ChangeListener = (key: ObjectKey, current: KubeObject | undefined, previous: KubeObject | undefined) => void

interface Index {
  readonly keys: (object: KubeObject) => readonly string[]
  readonly entries: Map<string, Map<string, KubeObject>>
}

/**
 * A cache of one collection, kept up to date by a reflector, that reports changed keys and answers by index. Its memory is the
 * collection after `transform`. Objects in it belong to everyone: nobody changes them.
 */
export class Informer {
  readonly #options: InformerOptions
  // By namespace (`''` for cluster-scoped kinds), then by name.
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #indexes = new Map<string, Index>()
  readonly #listeners = new Set<ChangeListener>()
  readonly #syncWaiters = new Set<() => void>()
  #synced = false
  #failure: Error | undefined

  constructor(options: InformerOptions) {
    this.#options = options
  }

  /** Follows the collection until `signal` aborts; never rejects for what the server does. What was learnt stays readable. */
  async run(signal: AbortSignal): Promise<void> {
    await reflect(
      this.#options,
      {
        put: (object) => this.#put(object),
        drop: (object) => this.#drop(keyOf(object)),
        listed: (keys) => this.#listed(keys),
        connected: (failure) => {
          this.#failure = failure
        },
      },
      signal,
    )
  }

  /** Whether the whole collection has been seen once. */
  get synced(): boolean {
    return this.#synced
  }

  /** Why the collection cannot be followed at present; undefined while it can. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Resolves when `synced`; rejects with the signal's reason when that aborts first. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.#synced) return
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      }
      const aborted = (): void => {
        this.#syncWaiters.delete(done)
        reject(signal?.reason)
      }
      this.#syncWaiters.add(done)
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(key.namespace)?.get(key.name)
  }

  /** The objects of one namespace, or all; in no particular order, as an array of the caller's own. */
  list(namespace?: string): readonly KubeObject[] {
    if (namespace !== undefined) return [...(this.#objects.get(namespace)?.values() ?? [])]
    return [...this.#objects.values()].flatMap((named) => [...named.values()])
  }

  /** Tells of every change from now on, after the cache and its indexes hold it. Returns how to stop listening. */
  onChange(listener: ChangeListener): () => void {
    // A wrapper of its own lets one function listen twice and stop once.
    const entry: ChangeListener = (key, current, previous) => listener(key, current, previous)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Keeps the objects findable by the values that `keys` gives for each; also those that are already there. */
  index(name: string, keys: (object: KubeObject) => readonly string[]): void {
    if (this.#indexes.has(name)) throw new Error(`the index ${name} exists already`)
    const index: Index = { keys, entries: new Map() }
    this.#indexes.set(name, index)
    for (const object of this.list()) enter(index, printKey(keyOf(object)), object)
  }

  /** The objects that the index has under this value. */
  byIndex(name: string, value: string): readonly KubeObject[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new Error(`there is no index ${name}`)
    return [...(index.entries.get(value)?.values() ?? [])]
  }

  #put(object: KubeObject): void {
    const key = keyOf(object)
    const previous = this.get(key)
    const version = object.metadata.resourceVersion
    if (previous !== undefined && version !== undefined && previous.metadata.resourceVersion === version) return
    this.#replace(key, this.#options.transform?.(object) ?? object, previous)
  }

  #drop(key: ObjectKey): void {
    const previous = this.get(key)
    if (previous !== undefined) this.#replace(key, undefined, previous)
  }

  #listed(keys: ReadonlySet<string>): void {
    for (const object of this.list()) {
      const key = keyOf(object)
      if (!keys.has(printKey(key))) this.#drop(key)
    }
    if (this.#synced) return
    this.#synced = true
    for (const done of this.#syncWaiters) done()
    this.#syncWaiters.clear()
  }

  #replace(key: ObjectKey, current: KubeObject | undefined, previous: KubeObject | undefined): void {
    const printed = printKey(key)
    if (current === undefined) {
      const named = this.#objects.get(key.namespace)
      named?.delete(key.name)
      if (named?.size === 0) this.#objects.delete(key.namespace)
    } else {
      const named = this.#objects.get(key.namespace)
      if (named === undefined) this.#objects.set(key.namespace, new Map([[key.name, current]]))
      else named.set(key.name, current)
    }
    for (const index of this.#indexes.values()) {
      if (previous !== undefined) leave(index, printed, previous)
      if (current !== undefined) enter(index, printed, current)
    }
    for (const listener of this.#listeners) {
      try {
        listener(key, current, previous)
      } catch (error) {
        // One listener's bug must neither stop the cache nor be hidden.
        this.#options.log.error({ err: error, key: printed }, 'a listener of an informer failed')
      }
    }
  }
}

function enter(index: Index, key: string, object: KubeObject): void {
  for (const value of index.keys(object)) {
    const objects = index.entries.get(value)
    if (objects === undefined) index.entries.set(value, new Map([[key, object]]))
    else objects.set(key, object)
  }
}

function leave(index: Index, key: string, object: KubeObject): void {
  for (const value of index.keys(object)) {
    const objects = index.entries.get(value)
    objects?.delete(key)
    if (objects?.size === 0) index.entries.delete(value)
  }
}
