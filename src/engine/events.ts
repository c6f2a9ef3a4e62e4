import { createHash } from 'node:crypto'
import type { ObjectClient } from '../machinery/client.ts'
import { type Clock, printTime } from '../machinery/clock.ts'
import type { Logger } from '../machinery/log.ts'
import type { KubeObject } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { hasReason } from '../machinery/status-error.ts'
import type { Happening } from './report.ts'

const eventResource: ResourceInfo = {
  group: '',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  singular: 'event',
}

const mostRemembered = 4096
const mostWaiting = 512
const shortestRepeatMs = 10_000
const mostCharacters = 1024

interface Series {
  count: number
  writtenAtMs: number
}

/**
 * Writes core/v1 Events about applications, one object per distinct sentence: repetitions only count it up, at most every ten seconds.
 * Never slows nor fails what it tells about; when too much waits to be written, the rest is dropped and the log says so.
 */
export class EventRecorder {
  readonly #hub: ObjectClient
  readonly #clock: Clock
  readonly #log: Logger
  readonly #signal: AbortSignal
  readonly #series = new Map<string, Series>()
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  constructor(hub: ObjectClient, clock: Clock, log: Logger, signal: AbortSignal) {
    this.#hub = hub
    this.#clock = clock
    this.#log = log
    this.#signal = signal
  }

  record(application: KubeObject, happening: Happening): void {
    if (this.#signal.aborted) return
    const { namespace = '', name = '', uid = '' } = application.metadata
    const hash = createHash('sha256')
      .update(JSON.stringify([uid, happening]))
      .digest('hex')
      .slice(0, 16)
    const key = { namespace, name: `${name.slice(0, 230)}.${hash}` }
    const nowMs = this.#clock.now()
    const series = this.#series.get(hash) ?? { count: 0, writtenAtMs: Number.NEGATIVE_INFINITY }
    series.count++
    this.#series.delete(hash)
    this.#series.set(hash, series)
    for (const oldest of this.#series.keys()) {
      if (this.#series.size <= mostRemembered) break
      this.#series.delete(oldest)
    }
    if (nowMs - series.writtenAtMs < shortestRepeatMs) return
    if (this.#waiting >= mostWaiting) {
      this.#log.warn(
        { application: `${namespace}/${name}`, reason: happening.reason },
        'an event was dropped, too many wait',
      )
      return
    }
    series.writtenAtMs = nowMs
    this.#waiting++
    const { count } = series
    this.#last = this.#last.then(() => this.#write(application, happening, key, count, nowMs))
  }

  /** Resolves when what was recorded has been written, or given up. */
  async settled(): Promise<void> {
    await this.#last
  }

  async #write(
    application: KubeObject,
    happening: Happening,
    key: { readonly namespace: string; readonly name: string },
    count: number,
    nowMs: number,
  ): Promise<void> {
    const options = { fieldManager: 'entrepot', signal: this.#signal }
    const seen = { count, lastTimestamp: printTime(nowMs) }
    try {
      try {
        await this.#hub.create(eventResource, { ...eventFor(application, happening, key, nowMs), ...seen }, options)
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists')) throw error
        await this.#hub.patch(eventResource, key, seen, options)
      }
    } catch (error) {
      // The application or its namespace may be gone, or the hub is stopping: an event is not worth more than a line.
      this.#log.debug({ event: `${key.namespace}/${key.name}`, err: error }, 'an event was not written')
    } finally {
      this.#waiting--
    }
  }
}

function eventFor(
  { apiVersion, kind, metadata }: KubeObject,
  { type, reason, message }: Happening,
  key: { readonly namespace: string; readonly name: string },
  nowMs: number,
): KubeObject {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: key,
    involvedObject: { apiVersion, kind, namespace, name, uid, resourceVersion },
    type,
    reason,
    message: message.length <= mostCharacters ? message : `${message.slice(0, mostCharacters - 1)}…`,
    source: { component: 'entrepot' },
    reportingComponent: 'entrepot',
    reportingInstance: 'entrepot',
    firstTimestamp: printTime(nowMs),
  }
}
