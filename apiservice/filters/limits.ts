import { StatusError } from '../../src/machinery/status-error.ts'
import { isProbe } from './probes.ts'
import type { RequestInfo } from './request-info.ts'

/** How many requests may be under way at once, as kube-apiserver has it without flow control. */
export interface InFlightLimits {
  readonly reading: number
  readonly writing: number
}

export const defaultInFlightLimits: InFlightLimits = { reading: 400, writing: 200 }

const writingVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/**
 * Counts requests under way and refuses with 429 past the limit. Watches and other streams are not counted, and neither are questions after
 * the hub's health: a busy hub that is taken for a dead one would be started again.
 */
export class InFlight {
  readonly #limits: InFlightLimits
  #reading = 0
  #writing = 0

  constructor(limits: InFlightLimits = defaultInFlightLimits) {
    this.#limits = limits
  }

  /** Takes a place and returns how to give it back. Throws TooManyRequests when there is none. */
  enter(info: RequestInfo): () => void {
    if (isLongRunning(info) || isProbe(info)) return () => {}
    const writes = writingVerbs.has(info.verb)
    const taken = writes ? this.#writing : this.#reading
    if (taken >= (writes ? this.#limits.writing : this.#limits.reading)) {
      throw StatusError.tooManyRequests('Too many requests, please try again later.', 1)
    }
    if (writes) this.#writing++
    else this.#reading++
    return () => {
      if (writes) this.#writing--
      else this.#reading--
    }
  }

  /** Requests under way now, for metrics. */
  get current(): { readonly reading: number; readonly writing: number } {
    return { reading: this.#reading, writing: this.#writing }
  }
}

const streamingSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/** Requests that last as long as the client wants: exempt from limits and deadlines. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.verb === 'watch' || streamingSubresources.has(info.subresource)
}
