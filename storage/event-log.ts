import type { Revision } from '../src/machinery/revision.ts'
import type { KeyRange, StoreEvent, StoreUnavailable } from './store.ts'

/** A stretch of the log, read for one follower. */
export interface LogStretch {
  /** The events of its range, in order; there may be none. */
  readonly events: readonly StoreEvent[]
  /** Everything up to here was looked at. */
  readonly position: Revision
}

/** Where events are that are no longer in memory. */
export interface LogSource {
  /** The newest revision that was forgotten, so that one can still follow after it. */
  readonly oldest: Revision
  /** Reads on from strictly after a revision that is at least `oldest`; looks at one event or more. Throws Compacted. */
  read(range: KeyRange, after: Revision): Promise<LogStretch>
}

/** What a follower sees of the log that it reads. */
export interface EventLog {
  /** The revision of the last event that was published. */
  readonly newest: Revision
  /** The revision of the first event in memory; one more than `newest` when there is none. */
  readonly first: Revision
  /** Where older events are. */
  readonly source: LogSource
  /** Why there will be no more events, once that is so. */
  readonly ended: StoreUnavailable | undefined
  /** The event of a revision, while memory has it. */
  recent(revision: Revision): StoreEvent | undefined
}
