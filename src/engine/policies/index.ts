import type { Policy } from './policy.ts'
import { topology } from './topology.ts'

/** Every policy type that the engine knows. */
export const policies: ReadonlyMap<string, Policy> = new Map<string, Policy>(
  [topology].map((policy) => [policy.type, policy]),
)
