import type { Clock } from '../src/machinery/clock.ts'
import { systemClock } from '../src/machinery/clock.ts'

/** What bounds a store, whatever its engine. Everything that can grow has a number here. */
export interface StoreLimits {
  /** Events younger than this are kept, in milliseconds: how long a watch or an exact-revision read may look back. */
  readonly eventWindowMs: number
  /** At least this many of the newest events are kept, however old they are. */
  readonly minEvents: number
  /** Never more than this many events are kept, however young they are: what bounds the disk under a flood of writes. */
  readonly maxEvents: number
  /** How often a store looks for events to forget, in milliseconds. */
  readonly sweepIntervalMs: number
  /** Recent events kept in memory, by count and by bytes; older ones are read from the log on disk. */
  readonly recentEvents: number
  readonly recentBytes: number
  /** Events that may wait for one follower before it has to look them up in the log again. */
  readonly pendingEvents: number
  /** Writes that may wait for the disk, by count and by bytes; more are refused. */
  readonly queuedWrites: number
  readonly queuedBytes: number
  /** Values kept in memory for `get` and for conditions, in bytes. */
  readonly hotBytes: number
}

/** Limits and time of a store; what is left out has the default of `defaultLimits` and the machine's clock. */
export interface StoreOptions extends Partial<StoreLimits> {
  readonly clock?: Clock
}

/** Ten minutes and ten thousand events of past; about 80 MiB of memory when everything is full. */
export const defaultLimits: StoreLimits = {
  eventWindowMs: 600_000,
  minEvents: 10_000,
  maxEvents: 1_000_000,
  sweepIntervalMs: 1_000,
  recentEvents: 16_384,
  recentBytes: 16 * 1024 * 1024,
  pendingEvents: 256,
  queuedWrites: 10_000,
  queuedBytes: 64 * 1024 * 1024,
  hotBytes: 32 * 1024 * 1024,
}

/** The options with every gap filled. */
export function completeOptions(options: StoreOptions): StoreLimits & { readonly clock: Clock } {
  return { ...defaultLimits, clock: systemClock, ...options }
}
