import type { Clock } from '../machinery/clock.ts'
import { type KubeObject, keyOf, type ObjectKey, printKey } from '../machinery/object.ts'

/** After this long without an event for it, a write is no longer believed to be ahead of the cache. */
const lagLimitMs = 10_000

/**
 * Answers of our own writes that a cache has not caught up with yet. A worker that reads through it never takes its own last write for
 * a change by somebody else. Bounded by the writes of the last few seconds.
 */
export class OwnWrites {
  readonly #clock: Clock
  readonly #written = new Map<string, { readonly object: KubeObject; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Remembers what the server answered to a write. */
  wrote(object: KubeObject): void {
    this.#written.set(printKey(keyOf(object)), { object, atMs: this.#clock.now() })
  }

  /** The cache holds this state now; forgets the write when the cache has reached it, or when the object is gone. */
  seen(key: ObjectKey, current: KubeObject | undefined): void {
    const written = this.#written.get(printKey(key))
    if (written && (!current || !isNewer(written.object, current))) this.#written.delete(printKey(key))
  }

  /** The newest known state: `cached`, or our own write where that is ahead of it. */
  newest(key: ObjectKey, cached: KubeObject | undefined): KubeObject | undefined {
    const written = this.#written.get(printKey(key))
    if (!written) return cached
    if (this.#clock.now() - written.atMs > lagLimitMs || (cached && !isNewer(written.object, cached))) {
      this.#written.delete(printKey(key))
      return cached
    }
    return written.object
  }

  /** Whether the last write to this object has not shown up in the cache yet. */
  isAhead(key: ObjectKey): boolean {
    return this.#written.has(printKey(key))
  }

  /** Every write that the cache has not shown yet. */
  pending(): Iterable<KubeObject> {
    return [...this.#written.values()].map(({ object }) => object)
  }

  forget(key: ObjectKey): void {
    this.#written.delete(printKey(key))
  }
}

/** Resource versions of one server are decimals that grow (Kubernetes API concepts); any other form is taken as “not newer”. */
function isNewer(a: KubeObject, b: KubeObject): boolean {
  const left = a.metadata.resourceVersion ?? ''
  const right = b.metadata.resourceVersion ?? ''
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false
  return left.length === right.length ? left > right : left.length > right.length
}
