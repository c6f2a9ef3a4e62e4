import type { Clock } from '../src/machinery/clock.ts'
import { noRevision, type Revision } from '../src/machinery/revision.ts'
import type { Operation } from './database.ts'
import { historyKey, logKey } from './keys.ts'
import type { StoreLimits } from './limits.ts'
import { type PlacedLogEntry, readLogRow } from './rows.ts'
import type { View } from './view.ts'

/** So many revisions are forgotten with one batch: few enough that the writes beside them do not notice. */
const sweepLength = 256

/** What the sweeper needs from the store around it. */
export interface SweeperPort {
  readonly revision: Revision
  /** The published state, held for the caller. */
  view(): View
  /** Deletes rows when there is room; the store writes `oldest` and `swept` along. */
  chore(operations: readonly Operation[]): Promise<void>
}

/**
 * Forgets the past: in the order of the log, what nobody may ask for any more. The row of a write at or before `oldest` is of no use, and
 * neither is the value that it replaced, because every revision that can still be read is at least as young as the write.
 */
export class Sweeper {
  readonly #port: SweeperPort
  readonly #clock: Clock
  readonly #limits: StoreLimits
  #oldest: Revision
  #swept: Revision
  /** What `compact` was asked for. */
  #wanted: Revision = noRevision
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(
    port: SweeperPort,
    limits: StoreLimits & { readonly clock: Clock },
    start: { readonly oldest: Revision; readonly swept: Revision },
  ) {
    this.#port = port
    this.#clock = limits.clock
    this.#limits = limits
    this.#oldest = start.oldest
    this.#swept = start.swept
    this.#wanted = start.oldest
  }

  /** See `Store.oldest`. It moves before anything is deleted, so that nobody starts to read what is about to go. */
  get oldest(): Revision {
    return this.#oldest
  }

  /** The rows of the log up to here are gone, or will be with the batch that says so. */
  get swept(): Revision {
    return this.#swept
  }

  /** Looks for old events from time to time. */
  start(): void {
    // A failure is seen by whoever writes next; the sweep itself is tried again at the next tick.
    this.#timer = setInterval(() => this.run().catch(() => undefined), this.#limits.sweepIntervalMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  /** See `Store.compact`. */
  async compact(before: Revision): Promise<void> {
    const target = Math.min(before, this.#port.revision) as Revision
    if (target > this.#oldest) this.#oldest = target
    if (target > this.#wanted) this.#wanted = target
    // A run on its way may have made up its mind before it could see the new target.
    while (this.#swept < target && !this.#stopped) await this.run()
  }

  /** Forgets everything that is due now. */
  run(): Promise<void> {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #sweep(): Promise<void> {
    while (!this.#stopped) {
      // Without a look at the disk: nothing can be due while there are so few.
      if (this.#swept >= this.#wanted && this.#port.revision - this.#swept <= this.#limits.minEvents) return
      const next = await this.#next()
      // A clock that was set back makes no holes: what is behind an event that stays, stays.
      const end = next.findIndex((entry) => !this.#due(entry))
      const entries = end < 0 ? next : next.slice(0, end)
      const last = entries.at(-1)?.revision
      if (last === undefined) return
      if (last > this.#oldest) this.#oldest = last
      const before = this.#swept
      this.#swept = last
      try {
        await this.#port.chore(entries.flatMap(rowsOf))
      } catch (error) {
        // Perhaps they are gone, perhaps not: deleting them twice does no harm.
        this.#swept = before
        throw error
      }
    }
  }

  #due({ revision, timeMs }: PlacedLogEntry): boolean {
    if (revision <= this.#wanted) return true
    const kept = this.#port.revision - revision
    if (kept >= this.#limits.maxEvents) return true
    return kept >= this.#limits.minEvents && timeMs <= this.#clock.now() - this.#limits.eventWindowMs
  }

  async #next(): Promise<readonly PlacedLogEntry[]> {
    const view = this.#port.view()
    try {
      const from = logKey((this.#swept + 1) as Revision)
      const cursor = view.snapshot.cursor({ from, to: logKey((view.revision + 1) as Revision) })
      try {
        const entries: PlacedLogEntry[] = []
        while (entries.length < sweepLength) {
          const rows = await cursor.next(8)
          if (rows.length === 0) break
          for (const [, row] of rows) entries.push(...readLogRow(row, this.#swept))
        }
        return entries.slice(0, sweepLength)
      } finally {
        await cursor.close()
      }
    } finally {
      await view.release()
    }
  }
}

function rowsOf({ revision, text, type, previous, last }: PlacedLogEntry): Operation[] {
  const rows: Operation[] = []
  if (last) rows.push({ type: 'del', key: logKey(revision) })
  if (previous !== noRevision) rows.push({ type: 'del', key: historyKey(text, previous) })
  if (type === 'delete') rows.push({ type: 'del', key: historyKey(text, revision) })
  return rows
}
