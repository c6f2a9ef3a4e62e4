import type { StatusError } from '../machinery/status-error.ts'

/** Joins the caller's signal with a time limit, without leaving listeners or timers behind. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #onAbort = (): void => this.#controller.abort(this.#caller?.reason)
  readonly #timer: NodeJS.Timeout
  /** The error for a limit that has passed. */
  passed: StatusError | undefined

  /** `late` makes the error for a request that takes longer than `ms`. */
  constructor(caller: AbortSignal | undefined, ms: number, late: () => StatusError) {
    this.#caller = caller
    this.#timer = setTimeout(() => {
      this.passed = late()
      this.#controller.abort(this.passed)
    }, ms)
    if (caller?.aborted) this.#onAbort()
    else caller?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Aborts with the caller's reason, or with the error of the limit. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whether it was the caller who gave up. */
  get callerAborted(): boolean {
    return this.passed === undefined && this.#caller?.aborted === true
  }

  /** Lets go of the time limit; the caller's signal still counts. */
  disarm(): void {
    clearTimeout(this.#timer)
  }

  /** Lets go of everything; to be called once the request is over. */
  end(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#onAbort)
  }

  /** Gives up from this side. */
  abort(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** The value of a promise that cannot be aborted, unless the signal is first. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => reject(this.signal.reason)
    if (this.signal.aborted) onAbort()
    else this.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([promise, work])
    } finally {
      this.signal.removeEventListener('abort', onAbort)
    }
  }
}
