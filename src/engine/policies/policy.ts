/** What a placement may know of a cluster. */
export interface PlaceableCluster {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** One target: a cluster, and the namespace that replaces each object's own (undefined: keep it). */
export interface Placement {
  readonly cluster: string
  readonly namespace: string | undefined
}

/** One type of policy. Pure; both methods throw PropertiesError, with a message that is complete. */
export interface Policy<Properties = unknown> {
  readonly type: string
  parse(properties: unknown, name: string): Properties
  place(properties: Properties, clusters: readonly PlaceableCluster[], name: string): readonly Placement[]
}
