import { randomInt } from 'node:crypto'
import { noRevision, type Revision } from '../../src/machinery/revision.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Compacted, type Follower, type StoreEvent } from '../../storage/store.ts'
import {
  badResourceVersionDetail,
  readResourceVersion,
  untilRevision,
  watchExpired,
} from '../registry/read-revision.ts'
import { parseSelection, type Selection } from '../registry/selection.ts'
import { contentType } from '../wire/negotiate.ts'
import { representationOf } from './answer.ts'
import type { ApiRequest, Handler } from './handler.ts'
import { parseListOptions } from './options.ts'
import { WatchFrames } from './watch-frames.ts'
import { watchPace } from './watch-pace.ts'

/** A watch that names no timeout ends after 30 to 60 minutes, so that clients spread over servers. */
const minTimeoutSeconds = 1800
const bookmarkEveryMs = 60_000
/** A last bookmark goes out this long before the end, so that the client resumes from where it is. */
const lastBookmarkBeforeEndMs = 2000

/** How a watch begins (Kubernetes API concepts, “Efficient detection of changes” and “Streaming lists”). */
interface WatchStart {
  /** The existing objects come first, as ADDED. */
  readonly initialEvents: boolean
  /** A marked bookmark tells where they end. */
  readonly marksEnd: boolean
  /** Events after this revision follow; undefined: after the revision of the initial events. */
  readonly after: Revision | undefined
}

/**
 * GET with `watch`: the events of a collection from a revision on, one frame each. What is wrong with the request is an HTTP error; what is
 * wrong with the revision is an ERROR frame, as clients expect.
 */
export const watchObjects: Handler = async (request) => {
  const representation = representationOf(request, 'watch')
  const { info, resource, registry, exchange } = request
  const options = parseListOptions(info.query, true)
  const selection = parseSelection(resource.definition, options)
  const wanted = readResourceVersion(options.resourceVersion)
  if (wanted === undefined) throw new StatusError(500, '', badResourceVersionDetail(options.resourceVersion))
  const initialEvents = options.sendInitialEvents ?? wanted === 0
  if (initialEvents && wanted > registry.store.revision) await untilRevision(registry.store, wanted, exchange.signal)
  const start: WatchStart = {
    initialEvents,
    marksEnd: options.sendInitialEvents === true && options.allowWatchBookmarks,
    after: initialEvents ? undefined : wanted === 0 ? registry.store.revision : wanted,
  }
  const frames = new WatchFrames(request, representation, selection)
  const seconds = options.timeoutSeconds ?? minTimeoutSeconds + randomInt(minTimeoutSeconds)
  return {
    code: 200,
    headers: { 'content-type': contentType(representation, true) },
    body: watchBody(request, selection, start, frames, {
      timeoutMs: seconds * 1000,
      bookmarks: options.allowWatchBookmarks,
    }),
  }
}

async function* watchBody(
  request: ApiRequest,
  selection: Selection,
  start: WatchStart,
  frames: WatchFrames,
  limits: { readonly timeoutMs: number; readonly bookmarks: boolean },
): AsyncGenerator<Buffer> {
  const { info, resource } = request
  // The old `/watch/` paths name their object in the path.
  const where = resource.within(info.namespace, selection.name ?? (info.name === '' ? undefined : info.name))
  let after = start.after
  if (start.initialEvents) {
    const range = await request.resource.range(where, {})
    after = range.revision
    for await (const chunk of range.chunks) {
      const added = frames.initial(chunk)
      if (added.length > 0) yield added
    }
    if (start.marksEnd) yield frames.bookmark(range.revision, true)
  }
  let live: LiveWatch
  try {
    const follower = request.resource.follow(where, after ?? request.registry.store.revision)
    live = new LiveWatch(follower, request.exchange.signal, limits)
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    yield frames.error(watchExpired(after ?? noRevision, error))
    return
  }
  const leave = watchPace.enter()
  // All in one generator: with a thousand watches, delegating to another one would take a tenth of what an event costs.
  try {
    for (;;) {
      const events = await live.next()
      if (events === undefined) return
      const bytes = 'upTo' in events ? frames.bookmark(events.upTo, false) : frames.events(events)
      if (bytes.length === 0) continue
      yield bytes
      const beat = watchPace.next()
      if (beat !== undefined) await beat
    }
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    yield frames.error(watchExpired(live.position, error))
  } finally {
    leave()
    live.close()
  }
}

/** Everything up to this revision has been returned. */
interface Bookmark {
  readonly upTo: Revision
}

/** A follower that ends with its time or its client, and tells when it is time for a bookmark: about every minute, and before its end. */
class LiveWatch {
  readonly #follower: Follower
  readonly #signal: AbortSignal
  readonly #bookmarks: boolean
  readonly #endsAt: number
  readonly #end: NodeJS.Timeout
  #bookmark: NodeJS.Timeout | undefined
  #lastScheduled = false
  #bookmarkDue = false
  /** Tells whoever waits for events that a bookmark is due. */
  #ring: (() => void) | undefined
  /** Events that were asked for before a bookmark came between. */
  #asked: Promise<readonly StoreEvent[] | undefined> | undefined
  readonly close: () => void

  constructor(
    follower: Follower,
    signal: AbortSignal,
    limits: { readonly timeoutMs: number; readonly bookmarks: boolean },
  ) {
    this.#follower = follower
    this.#signal = signal
    this.#bookmarks = limits.bookmarks
    this.#endsAt = performance.now() + limits.timeoutMs
    this.close = () => this.#close()
    // The end of a watch is the end of its follower: `next` then answers undefined. Node's timers hold 2^31 ms at most.
    this.#end = setTimeout(this.close, Math.min(limits.timeoutMs, 2 ** 31 - 1))
    signal.addEventListener('abort', this.close)
    if (signal.aborted) this.close()
    else this.#scheduleBookmark()
  }

  /** Everything up to here has been returned. */
  get position(): Revision {
    return this.#follower.position
  }

  /** What comes first: events, or the time for a bookmark of everything that has been returned. Undefined at the end. */
  next(): Promise<readonly StoreEvent[] | Bookmark | undefined> {
    if (this.#bookmarkDue && this.#asked === undefined) return Promise.resolve(this.#takeBookmark())
    const asked = this.#asked ?? this.#follower.next()
    if (!this.#bookmarks) return asked
    this.#asked = asked
    // Not Promise.race with one promise for the next bookmark: that would remember every event until then.
    return new Promise((resolve, reject) => {
      let waiting = true
      this.#ring = () => {
        waiting = false
        this.#ring = undefined
        resolve(this.#takeBookmark())
      }
      asked.then((events) => {
        // Where a bookmark came first, whoever asks next is given the events.
        if (!waiting) return
        waiting = false
        this.#ring = undefined
        this.#asked = undefined
        resolve(events)
      }, reject)
      // Due since before: events that are there already come first, because the follower counts them as returned.
      if (this.#bookmarkDue) setImmediate(() => waiting && this.#ring?.())
    })
  }

  #takeBookmark(): Bookmark {
    this.#bookmarkDue = false
    this.#scheduleBookmark()
    return { upTo: this.position }
  }

  #scheduleBookmark(): void {
    if (!this.#bookmarks || this.#lastScheduled) return
    // A watch that ends within two seconds gets its one bookmark at once.
    const untilLast = Math.max(0, this.#endsAt - lastBookmarkBeforeEndMs - performance.now())
    this.#lastScheduled = untilLast <= bookmarkEveryMs
    const ring = () => {
      this.#bookmarkDue = true
      this.#ring?.()
    }
    this.#bookmark = setTimeout(ring, Math.min(bookmarkEveryMs, untilLast))
  }

  #close(): void {
    clearTimeout(this.#end)
    clearTimeout(this.#bookmark)
    this.#signal.removeEventListener('abort', this.close)
    this.#follower.close()
  }
}
