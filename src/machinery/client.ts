import type { KubeObject, ObjectKey } from './object.ts'
import type { ResourceInfo } from './resource.ts'

/** What a watch says. A BOOKMARK carries only a resourceVersion: everything up to it was delivered. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

/** One page of a list; `resourceVersion` is that of the whole list, `continue` is absent on the last page. */
export interface ObjectList {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  readonly continue?: string
}

/** Which objects: all namespaces when `namespace` is absent. Selectors are in their query form. */
export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly signal?: AbortSignal
}

/** Where a watch starts: strictly after `resourceVersion`, which came from a list or an event. */
export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue' | 'signal'> {
  readonly resourceVersion: string
  readonly signal: AbortSignal
}

/** Options of a write. `dryRun` asks for every check and no effect. */
export interface WriteOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly subresource?: string
  readonly signal?: AbortSignal
}

/**
 * The one face of the hub (`loopback`) and of every cluster (`remote-client`). Every method throws StatusError with the reason that
 * the server gave; what cannot be reached throws `ServiceUnavailable`, what takes too long `Timeout`. Objects are complete: fields
 * that nobody knows survive.
 */
export interface ObjectClient {
  get(resource: ResourceInfo, key: ObjectKey, options?: { readonly signal?: AbortSignal }): Promise<KubeObject>
  list(resource: ResourceInfo, options?: ListOptions): Promise<ObjectList>
  /** Ends when the server ends it or `signal` aborts; throws `Expired` when `resourceVersion` is too old to go on from. */
  watch(resource: ResourceInfo, options: WatchOptions): AsyncIterable<WatchEvent>
  create(resource: ResourceInfo, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /** Whole-object PUT; the object's resourceVersion, where present, must still be the newest. */
  update(resource: ResourceInfo, object: KubeObject, options?: WriteOptions): Promise<KubeObject>
  /** Server-side apply of the fields in `object`; `force` takes over fields that others own. */
  apply(
    resource: ResourceInfo,
    object: KubeObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<KubeObject>
  /** JSON merge patch (RFC 7386). */
  patch(resource: ResourceInfo, key: ObjectKey, patch: unknown, options?: WriteOptions): Promise<KubeObject>
  /** NotFound is an error here too; the caller decides whether it minds. */
  remove(
    resource: ResourceInfo,
    key: ObjectKey,
    options?: {
      readonly uid?: string
      readonly resourceVersion?: string
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
      readonly gracePeriodSeconds?: number
      readonly dryRun?: boolean
      readonly signal?: AbortSignal
    },
  ): Promise<void>
  /** Every resource that the server offers, preferred versions first; answers from a cache that an unknown kind refreshes once. */
  resources(options?: { readonly signal?: AbortSignal; readonly fresh?: boolean }): Promise<readonly ResourceInfo[]>
}
