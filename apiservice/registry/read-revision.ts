import { noRevision, type Revision } from '../../src/machinery/revision.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { Compacted, Store } from '../../storage/store.ts'

/** How long a read waits for a revision that the hub has not reached, as kube-apiserver's cache does. */
const freshnessWaitMs = 3000
const freshnessPollMs = 50

/** Text of a resourceVersion as a number; undefined for text that is none. `''` and `'0'` are 0. */
export function readResourceVersion(text: string): Revision | undefined {
  if (text === '') return noRevision
  if (!/^\d{1,15}$/.test(text)) return undefined
  return Number(text) as Revision
}

/** The detail that kube-apiserver gives for a resourceVersion that is no number. */
export function badResourceVersionDetail(text: string): string {
  return `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
}

/** What a watch is told that wants to go on from a revision that is not kept any more. */
export function watchExpired(wanted: Revision, { oldest }: Compacted): StatusError {
  return StatusError.expired(`too old resource version: ${wanted} (${oldest})`)
}

/** Resolves once the store has reached a revision; throws Timeout with the cause that clients know after 3 seconds. */
export async function untilRevision(store: Store, wanted: Revision, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + freshnessWaitMs
  while (store.revision < wanted) {
    if (signal.aborted || performance.now() >= deadline) throw StatusError.tooLargeRevision(wanted, store.revision)
    await new Promise((resolve) => setTimeout(resolve, freshnessPollMs))
  }
}
