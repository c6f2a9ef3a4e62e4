import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, backoffMs } from '../machinery/backoff.ts'
import { fieldAt } from '../machinery/object.ts'
import type { StatusError } from '../machinery/status-error.ts'
import { answerFailure, connectionFailure } from './failure.ts'
import { connect, type RemoteClientOptions, type RemoteCluster } from './remote-client.ts'
import type { ClusterTarget } from './target.ts'

/** What a cluster says of its version, as the registration's annotation keeps it; each text at most 128 characters. */
export interface ClusterVersion {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
  readonly platform: string
}

/** How a member is watched, and who is told. */
export interface MemberOptions extends Omit<RemoteClientOptions, 'observe'> {
  readonly probeIntervalMs: number
  /** Reachability or its message changed. */
  readonly onChange: () => void
  /** The cluster answered after a time in which it had not. */
  readonly onVersion: (version: ClusterVersion) => void
}

const probeTimeoutMs = 5000
// Whoever comes back waits for a probe; to ask a closed port this often costs nothing.
const slowestProbeMs = 10_000
// However many requests fail in a row, probes keep this distance.
const closestProbeMs = 250

/** The client of one registered cluster together with its health: probed at an interval, and at once when a request fails. */
export class Member {
  readonly client: RemoteCluster
  readonly #options: MemberOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #reachable: boolean
  #message: string | undefined = 'not reached yet'
  #probed = false
  #probing = false
  #wake = Promise.withResolvers<void>()

  /** `reachable` is what to believe until the first probe has ended. Throws BadRequest for a target that must not be dialled. */
  constructor(target: ClusterTarget, options: MemberOptions, reachable: boolean) {
    this.#options = options
    this.#reachable = reachable
    if (reachable) this.#message = undefined
    this.client = connect(target, { ...options, observe: (failure) => this.#heard(failure) })
    this.#running = this.#watch()
  }

  /** Whether the last probe got through. */
  get reachable(): boolean {
    return this.#reachable
  }

  /** Why not, in words for people. */
  get message(): string | undefined {
    return this.#message
  }

  /** Whether nobody knows yet if it can be reached. */
  get awaited(): boolean {
    return !this.#probed && !this.#reachable
  }

  /** Ends the probes and the client. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#running, this.client.close()])
  }

  /** A request that disagrees with what we believe asks for a probe now; the probe decides. */
  #heard(failure: StatusError | undefined): void {
    if (!this.#probing && (failure === undefined) !== this.#reachable) this.#wake.resolve()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    const interval = this.#options.probeIntervalMs
    const backoff: Backoff = { firstMs: interval, maxMs: Math.max(interval, slowestProbeMs) }
    let failures = 0
    while (!signal.aborted) {
      this.#probing = true
      const failure = await this.#probe(signal)
      this.#probing = false
      if (signal.aborted) return
      failures = failure === undefined ? 0 : failures + 1
      this.#become(failure?.message)
      await this.#pause(failures === 0 ? interval : backoffMs(backoff, failures), signal)
    }
  }

  /** Asks whether the server is ready. Some servers keep that from ordinary users, but then they have answered and know us. */
  async #probe(signal: AbortSignal): Promise<Error | undefined> {
    const ask = (path: string) => this.client.request({ method: 'GET', path, timeoutMs: probeTimeoutMs, signal })
    try {
      const ready = await ask('/readyz')
      if (ready.status !== 200 && ready.status !== 403) return answerFailure(this.client.server, ready)
      if (!this.#reachable || this.#message !== undefined) {
        const version = await ask('/version')
        if (version.status === 200) this.#tellVersion(version.body)
      }
      return undefined
    } catch (error) {
      return connectionFailure(this.client.server, error)
    }
  }

  #tellVersion(body: string): void {
    let document: unknown
    try {
      document = JSON.parse(body)
    } catch {
      return // it answers, which is all that was asked
    }
    const part = (name: string): string => String(fieldAt(document, name) ?? '').slice(0, 128)
    this.#options.onVersion({
      major: part('major'),
      minor: part('minor'),
      gitVersion: part('gitVersion'),
      platform: part('platform'),
    })
  }

  #become(message: string | undefined): void {
    const reachable = message === undefined
    this.#probed = true
    if (reachable === this.#reachable && message === this.#message) return
    this.#reachable = reachable
    this.#message = message
    this.#options.onChange()
  }

  /** Waits until the next probe is due, or a request asks for one. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.#wake = Promise.withResolvers<void>()
    const stop = new AbortController()
    const due = AbortSignal.any([signal, stop.signal])
    await sleep(Math.min(ms, closestProbeMs), undefined, { signal: due }).catch(() => undefined)
    const rest = sleep(Math.max(0, ms - closestProbeMs), undefined, { signal: due }).catch(() => undefined)
    await Promise.race([rest, this.#wake.promise])
    stop.abort()
  }
}
