import type { Shipment } from './shipments.ts'
import type { Service } from './wanted.ts'

/** Why an application cannot be worked out at present, and the condition that says so. */
export interface Failure {
  readonly condition: 'Parsed' | 'Policy' | 'Render' | 'Workflow'
  readonly message: string
}

/** What was last worked out for an application. */
export interface View {
  /** Of the application: one that was created anew under the old name starts from nothing. */
  readonly uid: string
  /** What should be where: the last that could be worked out; undefined when nothing ever could. */
  readonly services: readonly Service[] | undefined
  /** Whether a row that nothing wants lost its source, instead of its place in the application. */
  readonly lostSource: (row: Shipment) => boolean
  readonly failure: Failure | undefined
}

/**
 * The views of all applications, and which of them are out of date. A view is worked out again only when the application, a source or
 * the fleet changed: what clusters answer changes its report alone.
 */
export class Views {
  readonly #views = new Map<string, View>()
  readonly #stale = new Set<string>()
  readonly #settles = new Map<string, number>()

  get(application: string): View | undefined {
    return this.#views.get(application)
  }

  set(application: string, view: View): void {
    this.#views.set(application, view)
  }

  markStale(application: string): void {
    this.#stale.add(application)
  }

  /** Takes the mark away before the view is worked out again, so that a change meanwhile leaves a new one. */
  takeStale(application: string): boolean {
    return this.#stale.delete(application) || !this.#views.has(application)
  }

  /** When the application is to be reported on although something is still under way: the time that the first caller gave. */
  settlesAt(application: string, elseMs: number): number {
    const known = this.#settles.get(application) ?? elseMs
    this.#settles.set(application, known)
    return known
  }

  /** The next to ask `settlesAt` decides anew. */
  endSettling(application: string): void {
    this.#settles.delete(application)
  }

  delete(application: string): void {
    this.#views.delete(application)
    this.#stale.delete(application)
  }
}
