import type { ObjectClient } from './client.ts'

/** A cluster as the engine sees it. `local` is the hub itself. */
export interface Cluster {
  readonly name: string
  /** Labels that topologies match: those of the cluster's Secret without the `cluster.core.oam.dev/` ones, plus the synthetic `cluster.core.oam.dev/control-plane`. */
  readonly labels: Readonly<Record<string, string>>
  readonly client: ObjectClient
  /** Whether the last probe or request got through; `message` says why not, in words for people. */
  readonly reachable: boolean
  readonly message?: string
  /** Its first probe is still under way: that it is not reachable is no finding yet, and the fleet will tell what comes of it. */
  readonly awaited?: boolean
}

/** The registered clusters. Values are snapshots: ask again after a change. */
export interface Fleet {
  /** `local` first, then by name. */
  list(): readonly Cluster[]
  get(name: string): Cluster | undefined
  /** Tells that a cluster came, went, changed its labels or credentials, or became (un)reachable. Returns how to stop listening. */
  onChange(listener: (name: string) => void): () => void
}
