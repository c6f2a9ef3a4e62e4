import { randomInt } from 'node:crypto'
import type { Revision } from '../../src/machinery/revision.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Compacted, type Follower } from '../../storage/store.ts'
import { badResourceVersionDetail, readResourceVersion, untilRevision } from '../registry/read-revision.ts'
import { parseSelection, type Selection } from '../registry/selection.ts'
import { contentType } from '../wire/negotiate.ts'
import { representationOf } from './answer.ts'
import type { ApiRequest, Handler } from './handler.ts'
import { parseListOptions } from './options.ts'
import { WatchFrames } from './watch-frames.ts'

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
  const where = rangeOf(request, selection)
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
  const endsAt = performance.now() + limits.timeoutMs
  let follower: Follower
  try {
    follower = request.resource.follow(where, after ?? request.registry.store.revision)
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    yield frames.error(tooOld(after, error))
    return
  }
  yield* follow(request, follower, frames, endsAt, limits.bookmarks)
}

async function* follow(
  request: ApiRequest,
  follower: Follower,
  frames: WatchFrames,
  endsAt: number,
  bookmarks: boolean,
): AsyncGenerator<Buffer> {
  const { signal } = request.exchange
  const close = () => follower.close()
  // The end of a watch is the end of its follower: `next` then answers undefined. Node's timers hold 2^31 ms at most.
  const end = setTimeout(close, Math.min(Math.max(0, endsAt - performance.now()), 2 ** 31 - 1))
  signal.addEventListener('abort', close)
  if (signal.aborted) close()
  const marks = bookmarks ? new BookmarkTimer(endsAt) : undefined
  try {
    let next = follower.next()
    for (;;) {
      const events = marks ? await Promise.race([next, marks.due]) : await next
      if (events === undefined) return
      if (events === 'bookmark') {
        yield frames.bookmark(follower.position, false)
        marks?.again()
        continue
      }
      const bytes = frames.events(events)
      if (bytes.length > 0) yield bytes
      next = follower.next()
    }
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    yield frames.error(tooOld(follower.position, error))
  } finally {
    clearTimeout(end)
    marks?.stop()
    signal.removeEventListener('abort', close)
    follower.close()
  }
}

/** Resolves `due` when it is time to tell the client where the watch is: about every minute, and shortly before its end. */
class BookmarkTimer {
  readonly #endsAt: number
  #sent = false
  #timer: NodeJS.Timeout | undefined
  due: Promise<'bookmark'>

  constructor(endsAt: number) {
    this.#endsAt = endsAt
    this.due = this.#wait()
  }

  again(): void {
    this.#sent = true
    this.due = this.#wait()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #wait(): Promise<'bookmark'> {
    const untilLast = this.#endsAt - lastBookmarkBeforeEndMs - performance.now()
    // A watch that ends within two seconds gets its one bookmark at once.
    if (untilLast <= 0 && this.#sent) return new Promise(() => {})
    return new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve('bookmark'), Math.min(bookmarkEveryMs, Math.max(untilLast, 0)))
    })
  }
}

function rangeOf(request: ApiRequest, selection: Selection): { namespace?: string; name?: string } {
  const { definition } = request.resource
  const { namespace } = request.info
  // The old `/watch/` paths name their object in the path.
  const name = selection.name ?? (request.info.name === '' ? undefined : request.info.name)
  return {
    ...(definition.namespaced ? (namespace === '' ? {} : { namespace }) : { namespace: '' }),
    ...(name === undefined ? {} : { name }),
  }
}

function tooOld(wanted: Revision | undefined, { oldest }: Compacted): StatusError {
  return StatusError.expired(`too old resource version: ${wanted ?? 0} (${oldest})`)
}
