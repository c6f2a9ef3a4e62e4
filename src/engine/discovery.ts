import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import type { ResourceInfo } from '../machinery/resource.ts'

/** What an answer looks like that may have to be waited for. `settled` never rejects. */
export type Lookup<T> =
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'waiting'; readonly settled: Promise<void> }
  | { readonly state: 'failed'; readonly error: Error }

/** A kind that was not there is asked for again after this long. */
const recheckAfterMs = 1000
const timeoutMs = 15_000

/** What one cluster offers, asked for without making anybody wait who did not ask for this cluster. */
export class Discovery {
  readonly #client: ObjectClient
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #resources: readonly ResourceInfo[] | undefined
  #error: Error | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY
  #pending: Promise<void> | undefined

  constructor(client: ObjectClient, clock: Clock, signal: AbortSignal) {
    this.#client = client
    this.#clock = clock
    this.#signal = signal
  }

  /** What `resolve` makes of the resources on offer; when it throws, the list is asked for anew before that counts. */
  lookup<T>(resolve: (resources: readonly ResourceInfo[]) => T): Lookup<T> {
    if (this.#pending) return { state: 'waiting', settled: this.#pending }
    let error = this.#error
    if (this.#resources) {
      try {
        return { state: 'ready', value: resolve(this.#resources) }
      } catch (refusal) {
        error = refusal instanceof Error ? refusal : new Error(String(refusal))
      }
    }
    if (error && this.#clock.now() - this.#askedAtMs < recheckAfterMs) return { state: 'failed', error }
    this.#pending = this.#ask()
    return { state: 'waiting', settled: this.#pending }
  }

  async #ask(): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)])
    try {
      this.#resources = await this.#client.resources({ signal, fresh: this.#resources !== undefined })
      this.#error = undefined
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error))
    } finally {
      this.#askedAtMs = this.#clock.now()
      this.#pending = undefined
    }
  }
}
