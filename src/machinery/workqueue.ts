import { type Backoff, backoffMs } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'

/** What a worker may say when a key went well: look at it again after this many milliseconds. */
export interface Again {
  readonly againAfterMs: number
}

/** Carries out one key: reads the world as it is now, and makes it right. A throw means “try again later”. */
// biome-ignore lint/suspicious/noConfusingVoidType: a worker that never asks for more returns nothing at all.
export type Worker = (key: string, signal: AbortSignal) => Promise<void | Again>

/** `onFailure` hears of every throw of the worker; `failures` counts those in a row for that key. */
export interface WorkQueueOptions {
  readonly concurrency: number
  readonly clock?: Clock
  readonly backoff?: Backoff
  readonly random?: () => number
  readonly onFailure?: (key: string, error: unknown, failures: number) => void
}

// The longest time a Node timer can hold; a longer wait is simply looked at again in between.
const longestTimerMs = 2 ** 31 - 1

/**
 * Keys waiting to be worked on. A key is in the queue once however often it is added, is never worked on twice at the same time, and
 * is worked on again when it was added meanwhile, so no change is missed. The queue holds keys, never events: its size is bounded by
 * the number of things there are.
 */
export class WorkQueue {
  readonly #concurrency: number
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #onFailure: (key: string, error: unknown, failures: number) => void
  // Keys in order, the oldest at #head; a Set that loses its first entry over and over gets slow, an array with a moving head does not.
  #order: string[] = []
  #head = 0
  readonly #waiting = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #addedWhileBusy = new Set<string>()
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: NodeJS.Timeout }>()
  readonly #failures = new Map<string, number>()
  #wake: (() => void)[] = []

  constructor(options: WorkQueueOptions) {
    if (!Number.isInteger(options.concurrency) || options.concurrency < 1) {
      throw new Error(`a work queue needs at least one worker, not ${options.concurrency}`)
    }
    this.#concurrency = options.concurrency
    this.#clock = options.clock ?? systemClock
    this.#backoff = options.backoff ?? { firstMs: 100, maxMs: 60_000 }
    this.#random = options.random ?? Math.random
    this.#onFailure = options.onFailure ?? (() => undefined)
  }

  /** How many keys are ready and not yet taken by a worker. */
  get length(): number {
    return this.#waiting.size
  }

  /** Has the key worked on as soon as a worker is free; at once, even when it is waiting out a failure. */
  add(key: string): void {
    if (this.#busy.has(key)) {
      this.#addedWhileBusy.add(key)
      return
    }
    if (this.#waiting.has(key)) return
    this.#waiting.add(key)
    this.#order.push(key)
    this.#wake.pop()?.()
  }

  /** Adds the key after a delay. Of several delays for one key the one that ends first counts. */
  addAfter(key: string, delayMs: number): void {
    if (!(delayMs > 0)) {
      this.add(key)
      return
    }
    const dueMs = this.#clock.now() + delayMs
    const earlier = this.#delayed.get(key)
    if (earlier !== undefined && earlier.dueMs <= dueMs) return
    clearTimeout(earlier?.timer)
    const timer = setTimeout(
      () => {
        this.#delayed.delete(key)
        this.addAfter(key, delayMs - longestTimerMs)
      },
      Math.min(delayMs, longestTimerMs),
    )
    this.#delayed.set(key, { dueMs, timer })
  }

  /**
   * Works until `signal` aborts, then waits for the workers that are under way (they hear the same signal) and forgets all delays.
   * A failed key comes back after its own backoff; success forgets its failures.
   */
  async run(worker: Worker, signal: AbortSignal): Promise<void> {
    const wakeAll = (): void => {
      for (const wake of this.#wake.splice(0)) wake()
    }
    signal.addEventListener('abort', wakeAll, { once: true })
    try {
      await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(worker, signal)))
    } finally {
      signal.removeEventListener('abort', wakeAll)
      for (const { timer } of this.#delayed.values()) clearTimeout(timer)
      this.#delayed.clear()
    }
  }

  async #work(worker: Worker, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = this.#take()
      if (key === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve))
      else await this.#handle(key, worker, signal)
    }
  }

  #take(): string | undefined {
    const key = this.#order[this.#head]
    if (key === undefined) return undefined
    this.#head++
    if (this.#head >= 1024 && this.#head * 2 >= this.#order.length) {
      this.#order = this.#order.slice(this.#head)
      this.#head = 0
    }
    this.#waiting.delete(key)
    this.#busy.add(key)
    return key
  }

  async #handle(key: string, worker: Worker, signal: AbortSignal): Promise<void> {
    try {
      const again = await worker(key, signal)
      this.#failures.delete(key)
      if (again) this.addAfter(key, again.againAfterMs)
    } catch (error) {
      if (!signal.aborted) this.#failed(key, error)
    } finally {
      this.#busy.delete(key)
      if (this.#addedWhileBusy.delete(key)) this.add(key)
    }
  }

  #failed(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.addAfter(key, backoffMs(this.#backoff, failures, this.#random))
    this.#onFailure(key, error, failures)
  }
}
