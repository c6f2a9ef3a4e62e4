import type { ObjectClient } from '../machinery/client.ts'
import { StatusError } from '../machinery/status-error.ts'

/** The client of a cluster that cannot be dialled at all: every call fails with ServiceUnavailable and this message. */
export function unusableClient(message: string): ObjectClient {
  const fail = async (): Promise<never> => {
    throw StatusError.unavailable(message)
  }
  return {
    get: fail,
    list: fail,
    watch: () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }),
    create: fail,
    update: fail,
    apply: fail,
    patch: fail,
    remove: fail,
    resources: fail,
  }
}
