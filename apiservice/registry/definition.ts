import type { FieldError } from '../../src/machinery/field-error.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { Schema } from '../../src/machinery/schema/schema.ts'
import type { UserInfo } from './context.ts'

/** What a strategy may know of the request. `now` is in milliseconds. */
export interface StrategyContext {
  readonly now: number
  readonly user: UserInfo
  readonly dryRun: boolean
  /** `''` for the object itself. */
  readonly subresource: string
}

/**
 * What only this kind does when it is written. Every hook is optional, pure, and returns what it made of its argument; shared rules
 * (metadata, generation, managed fields, pruning) are `resource-store.ts`.
 */
export interface Strategy {
  /**
   * Fills what the kind defaults, as Kubernetes does when it decodes. The draft is the caller's own fresh copy and is changed in place:
   * it is the innermost loop of every write and read of a request body. Applied to create, update, and the result of every patch.
   */
  readonly defaults?: (draft: Record<string, unknown>) => void
  /** A write of `/status` leaves labels as they are; other kinds let it change metadata. */
  readonly keepsLabelsOnStatus?: boolean
  /** A create may bring its status along, although updates may not (a node that registers itself). */
  readonly keepsStatusOnCreate?: boolean
  /** After decoding and defaulting, before validation. `status` has been dropped when the kind has a status subresource. */
  readonly prepareForCreate?: (object: KubeObject, context: StrategyContext) => KubeObject
  readonly prepareForUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => KubeObject
  readonly validate?: (object: KubeObject, context: StrategyContext) => readonly FieldError[]
  /** In addition to `validate`: what may not change. */
  readonly validateUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => readonly FieldError[]
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => readonly string[]
  /** Why an object may never be deleted, or undefined (the initial namespaces). */
  readonly refusesDeletion?: (object: KubeObject) => string | undefined
  /** What else changes in the write that marks an object as being deleted (a namespace becomes Terminating). */
  readonly prepareForDelete?: (object: KubeObject) => KubeObject
  /** Whether something besides `metadata.finalizers` still holds an object that is being deleted. */
  readonly holdsDeletion?: (object: KubeObject) => boolean
  /** Seconds of grace before an object may go, given what the client asked for. Kinds without it go at once. */
  readonly gracePeriodSeconds?: (object: KubeObject, asked: number | undefined) => number
}

/** One subresource of a kind. `kind` is set where it is not the parent's: Scale, Eviction, TokenRequest, Binding. */
export interface SubresourceDefinition {
  readonly name: string
  readonly verbs: readonly string[]
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
  /** Replica paths of `scale`, as field names from the root of the parent. */
  readonly scale?: {
    readonly specReplicas: readonly string[]
    readonly statusReplicas: readonly string[]
    /** A LabelSelector object or a selector string. */
    readonly selector?: readonly string[]
  }
}

/** One Table column (Kubernetes API reference, `TableColumnDefinition`); priority above 0 is shown by `-o wide` only. */
export interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** The cells of one object, in the order of the columns, and its row conditions where the kind has them. */
export interface Row {
  readonly cells: readonly unknown[]
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
}

/**
 * One kind in one version, as data: everything that discovery, OpenAPI, Table, decoding, patches, apply and storage need to know.
 * Shared code reads rows and knows no kind by name.
 */
export interface ResourceDefinition {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly SubresourceDefinition[]
  readonly storageVersionHash?: string
  /** Of the whole object. */
  readonly schema: Schema
  /** Columns of the Table form, and what fills them. `now` is in milliseconds. */
  readonly columns: readonly Column[]
  readonly row: (object: KubeObject, now: number) => Row
  /** Field labels that a fieldSelector may name besides metadata.name and metadata.namespace, and their values. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>
  /** Whether `metadata.namespace` may be selected by. */
  readonly selectsNamespace: boolean
  /** The text of the refusal of any other label; `LABEL` stands for it. */
  readonly fieldLabelRefusal: string
  /** `metadata.generation` is kept, and grows when anything outside metadata and status changes. */
  readonly hasGeneration: boolean
  /** PUT of an absent object creates it. */
  readonly createOnUpdate: boolean
  /** PUT without a resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean
  /** DELETE answers the deleted object instead of a Status. */
  readonly returnsDeleted: boolean
  /** Where nobody asked for a propagation policy. */
  readonly defaultPropagation: 'Background' | 'Orphan'
  /** Checks `metadata.name`; returns what is wrong with it, or undefined. Prefixes (`generateName`) are checked with a letter added. */
  readonly validateName: (name: string) => string | undefined
  /** Custom resources differ from built-in kinds in a few rules: no strategic merge, no protobuf, list items carry their kind. */
  readonly custom: boolean
  readonly strategy: Strategy
  /** Only where several versions or groups show the same stored objects (HorizontalPodAutoscaler, Event). */
  readonly storedAs?: StoredForm
}

/** How one served form of a kind is kept in the form of another. Both functions are pure and complete: nothing may be lost on the way. */
export interface StoredForm {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly toStored: (object: KubeObject) => KubeObject
  readonly fromStored: (object: KubeObject) => KubeObject
}

/** `group/resource`: the `type` of a store key, the same in every version and form of a kind. */
export function storeType(definition: Pick<ResourceDefinition, 'group' | 'resource' | 'storedAs'>): string {
  const { group, resource } = definition.storedAs ?? definition
  return `${group}/${resource}`
}
