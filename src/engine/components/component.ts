import type { KubeObject } from '../../machinery/object.ts'
import type { ResourceInfo } from '../../machinery/resource.ts'

/** How far references may reach: anywhere, not to other clusters, or not out of the application's namespace. */
export type ReferenceScope = 'global' | 'cluster' | 'namespace'

/** What a component may know when it parses its properties. */
export interface ComponentContext {
  readonly name: string
  /** The application's. */
  readonly namespace: string
  readonly scope: ReferenceScope
}

/** Objects that a component must read before it can render: one by name, or all that carry some labels. */
export interface Reference {
  /** `local` is the hub. */
  readonly cluster: string
  readonly group: string
  /** As the user wrote it, singular or plural. */
  readonly resource: string
  /** Ignored for kinds without namespaces. */
  readonly namespace: string
  readonly by: { readonly name: string } | { readonly labels: Readonly<Record<string, string>> }
  /** Whether kinds without namespaces may be referred to. */
  readonly clusterScoped: boolean
}

/** Where an object came from. */
export interface SourceRef {
  readonly cluster: string
  /** `''` for kinds without namespaces. */
  readonly namespace: string
  readonly name: string
}

/** One object of a component, before traits, labels and placement. */
export interface Piece {
  readonly object: KubeObject
  readonly resource: ResourceInfo
  readonly source: SourceRef
  /** Ties the piece to one incarnation of its source. Secret, as hashes of secret values are salted with it. */
  readonly sourceUid: string
}

/** One type of component. All methods are pure; they throw PropertiesError for mistakes of the user. */
export interface Component<Properties = unknown> {
  readonly type: string
  parse(properties: unknown, context: ComponentContext): Properties
  /** What must be read. */
  references(properties: Properties): readonly Reference[]
  /** The objects, the workload first. `read` answers each of `references`. */
  render(properties: Properties, read: (reference: Reference) => readonly Piece[]): readonly Piece[]
}
