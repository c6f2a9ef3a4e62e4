import { type ObjectKey, printKey } from '../machinery/object.ts'
import { type Target, targetId } from './identity.ts'
import type { Plan } from './plan.ts'
import type { Shipment } from './shipments.ts'
import type { Wanted } from './wanted.ts'

/** What today's intent says about a row. `unknown`: its application has not been looked at since the start, so nothing is done. */
export type Verdict = { readonly wanted: Wanted } | 'keep' | 'retire' | 'unknown'

/** The current plan of every application, by row and by target: what the workers of the clusters are to make true. */
export class Wishes {
  readonly #plans = new Map<string, Plan>()
  readonly #wanted = new Map<string, Wanted>()
  readonly #byTarget = new Map<string, Set<string>>()

  /** Replaces the plan of an application (`namespace/name`). Answers the wanted objects that are new or different. */
  set(application: string, plan: Plan): readonly Wanted[] {
    const before = this.#plans.get(application)
    for (const [key, wanted] of before?.ship ?? []) if (!plan.ship.has(key)) this.#forget(key, wanted)
    this.#plans.set(application, plan)
    const changed: Wanted[] = []
    for (const [key, wanted] of plan.ship) {
      const known = this.#wanted.get(key)
      if (known?.hash !== wanted.hash) changed.push(wanted)
      // The very object counts for a worker that compares before and after; equal wishes stay the same one.
      if (known?.hash === wanted.hash && known.component === wanted.component) continue
      this.#wanted.set(key, wanted)
      const id = targetId(wanted.target)
      const keys = this.#byTarget.get(id)
      if (keys) keys.add(key)
      else this.#byTarget.set(id, new Set([key]))
    }
    return changed
  }

  /** Forgets an application of which nothing is left. */
  delete(application: string): void {
    for (const [key, wanted] of this.#plans.get(application)?.ship ?? []) this.#forget(key, wanted)
    this.#plans.delete(application)
  }

  /** The plan in force; undefined before the first. */
  planOf(application: string): Plan | undefined {
    return this.#plans.get(application)
  }

  wanted(key: string): Wanted | undefined {
    return this.#wanted.get(key)
  }

  /** What to do about a row. */
  verdict(row: Shipment): Verdict {
    const wanted = this.#wanted.get(printKey(row.key))
    if (wanted) return { wanted }
    const plan = this.#plans.get(printKey(row.application))
    if (!plan) return row.status.state === 'Retiring' ? 'retire' : 'unknown'
    return plan.keep.has(printKey(row.key)) ? 'keep' : 'retire'
  }

  /** The rows of applications that want an object in a cluster. */
  wanting(target: Target): readonly ObjectKey[] {
    const keys = this.#byTarget.get(targetId(target)) ?? []
    return [...keys].flatMap((key) => this.#wanted.get(key)?.key ?? [])
  }

  #forget(key: string, wanted: Wanted): void {
    this.#wanted.delete(key)
    const id = targetId(wanted.target)
    const keys = this.#byTarget.get(id)
    keys?.delete(key)
    if (keys?.size === 0) this.#byTarget.delete(id)
  }
}
