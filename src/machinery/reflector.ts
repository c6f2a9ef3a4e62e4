import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, backoffMs } from './backoff.ts'
import type { ListOptions, ObjectClient, ObjectList } from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Logger } from './log.ts'
import { type KubeObject, keyOf, printKey } from './object.ts'
import { qualified, type ResourceInfo } from './resource.ts'
import { hasReason, StatusError } from './status-error.ts'

/** What a reflector follows, and how. Selectors are in their query form. */
export interface ReflectorOptions {
  readonly client: ObjectClient
  readonly resource: ResourceInfo
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly log: Logger
  readonly clock?: Clock
  readonly backoff?: Backoff
  readonly random?: () => number
}

/** Who is told. Calls come one after another, in the order in which the server tells. They must not throw. */
export interface ReflectorSink {
  /** The object is so now: listed, added or modified. May repeat what is known. */
  put(object: KubeObject): void
  /** The object is gone; `object` is its last state as the server sent it. */
  drop(object: KubeObject): void
  /** A list is complete: what is not among these printed keys is gone. */
  listed(keys: ReadonlySet<string>): void
  /** The last list or watch failed, or (undefined) the server answers again. */
  connected(failure: Error | undefined): void
}

const pageSize = 500
const defaultBackoff: Backoff = { firstMs: 500, maxMs: 30_000 }
// A watch that ends this soon without a word is no watch; following it at once would be a busy loop.
const shortestWatchMs = 1000

/**
 * Follows one collection until `signal` aborts: lists it page by page, watches from the revision of the list, resumes from the last
 * revision seen (bookmarks move it too), lists again when that revision is no longer held (410), and backs off with jitter from
 * everything else. Memory is one page; the sink holds the rest. (Kubernetes API concepts, “Efficient detection of changes”.)
 */
export async function reflect(options: ReflectorOptions, sink: ReflectorSink, signal: AbortSignal): Promise<void> {
  const clock = options.clock ?? systemClock
  const backoff = options.backoff ?? defaultBackoff
  let last: string | undefined
  let failures = 0
  let failed = false

  while (!signal.aborted) {
    try {
      if (last !== undefined && failed && (await wentBack(options, last, signal))) last = undefined
      last ??= await listAll(options, sink, signal)
      sink.connected(undefined)
      failed = false
      const startedMs = clock.now()
      let heard = false
      for await (const event of options.client.watch(options.resource, {
        ...scopeOf(options),
        resourceVersion: last,
        signal,
      })) {
        heard = true
        failures = 0
        last = event.object.metadata.resourceVersion ?? last
        if (event.type === 'DELETED') sink.drop(event.object)
        else if (event.type !== 'BOOKMARK') sink.put(event.object)
      }
      if (signal.aborted) return
      // Servers end every watch sooner or later: that is no failure.
      if (heard || clock.now() - startedMs >= shortestWatchMs) failures = 0
      else await pause(backoffMs(backoff, ++failures, options.random), signal)
    } catch (error) {
      if (signal.aborted) return
      const fields = { resource: qualified(options.resource), namespace: options.namespace }
      if (hasReason(error, 'Expired', 'Gone')) {
        options.log.debug({ ...fields, resourceVersion: last }, 'watch expired, listing again')
        // A server that expires what it has just listed is asked again with patience, others at once.
        const justListed = last === undefined
        last = undefined
        if (!justListed && failures++ === 0) continue
      } else {
        failures++
      }
      sink.connected(error instanceof Error ? error : new Error(String(error)))
      const waitMs = backoffMs(backoff, Math.max(failures, 1), options.random)
      // What a server answered, or that it did not, is no bug: a stack would only hide it. An outage is told once, not at each try.
      const why = error instanceof StatusError ? { reason: error.message } : { err: error }
      const level = failed ? 'debug' : 'warn'
      options.log[level]({ ...fields, ...why, failures, waitMs: Math.round(waitMs) }, 'cannot follow a collection')
      failed = true
      await pause(waitMs, signal)
    }
  }
}

/** Lists everything into the sink and gives the revision to watch from. */
async function listAll(options: ReflectorOptions, sink: ReflectorSink, signal: AbortSignal): Promise<string> {
  const keys = new Set<string>()
  const accept = (page: ObjectList): void => {
    for (const object of page.items) {
      keys.add(printKey(keyOf(object)))
      sink.put(object)
    }
  }
  let page = await options.client.list(options.resource, { ...scopeOf(options), limit: pageSize, signal })
  // All pages are one snapshot; should a server answer later pages from newer ones, the first revision repeats events but skips none.
  const resourceVersion = page.resourceVersion
  accept(page)
  while (page.continue) {
    try {
      page = await options.client.list(options.resource, {
        ...scopeOf(options),
        limit: pageSize,
        continue: page.continue,
        signal,
      })
    } catch (error) {
      if (!hasReason(error, 'Expired', 'Gone')) throw error
      // The snapshot was compacted under a slow reader: one unpaged list cannot be.
      keys.clear()
      const whole = await options.client.list(options.resource, { ...scopeOf(options), signal })
      accept(whole)
      sink.listed(keys)
      return revisionOf(whole.resourceVersion, options.resource)
    }
    accept(page)
  }
  sink.listed(keys)
  return revisionOf(resourceVersion, options.resource)
}

/**
 * Whether the server is now behind what it told us: it was restored from a backup. A watch from a revision that lies in its future
 * would stay silent until it gets there and then skip all that happened before. Only decimal revisions can be compared.
 */
async function wentBack(options: ReflectorOptions, last: string, signal: AbortSignal): Promise<boolean> {
  const { resourceVersion } = await options.client.list(options.resource, { ...scopeOf(options), limit: 1, signal })
  if (!/^\d+$/.test(resourceVersion) || !/^\d+$/.test(last)) return false
  return BigInt(resourceVersion) < BigInt(last)
}

function revisionOf(resourceVersion: string, resource: ResourceInfo): string {
  if (resourceVersion !== '' && resourceVersion !== '0') return resourceVersion
  throw StatusError.unavailable(`the list of ${qualified(resource)} has no resourceVersion to watch from`)
}

function scopeOf(options: ReflectorOptions): Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  const { namespace, labelSelector, fieldSelector } = options
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}

/** Waits, or returns early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
