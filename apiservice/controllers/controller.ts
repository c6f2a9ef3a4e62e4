import type { ObjectClient } from '../../src/machinery/client.ts'
import type { Clock } from '../../src/machinery/clock.ts'
import type { Logger } from '../../src/machinery/log.ts'
import { WorkQueue } from '../../src/machinery/workqueue.ts'

/** What every controller gets. `client` is the hub itself. */
export interface ControllerOptions {
  readonly client: ObjectClient
  readonly clock: Clock
  readonly log: Logger
}

/** Something that runs until it is told to stop, and never rejects for what it meets on the way. */
export type Controller = (signal: AbortSignal) => Promise<void>

/** A queue whose failures are logged once per key and retried with growing waits. */
export function controllerQueue(name: string, { clock, log }: ControllerOptions, concurrency = 4): WorkQueue {
  return new WorkQueue({
    concurrency,
    clock,
    backoff: { firstMs: 50, maxMs: 30_000 },
    onFailure: (key, error, failures) => {
      const fields = { controller: name, key, failures, err: error }
      // The first failures are mostly two writers meeting; what lasts is worth a warning.
      if (failures < 5) log.debug(fields, 'a controller tries again')
      else log.warn(fields, 'a controller keeps failing')
    },
  })
}
