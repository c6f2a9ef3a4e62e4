import type { KubeObject, ObjectMeta } from '../../src/machinery/object.ts'

/** The two versions of the views of `meta.k8s.io`; they differ in name only. */
export type MetaVersion = 'v1' | 'v1beta1'

/** `metadata` of a list or a Table (Kubernetes API reference, `ListMeta`). */
export interface ListMetadata {
  readonly resourceVersion?: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** An object without everything but its metadata (Kubernetes API concepts, “Metadata-only fetches”). */
export interface PartialObjectMetadata {
  readonly kind: 'PartialObjectMetadata'
  readonly apiVersion: `meta.k8s.io/${MetaVersion}`
  readonly metadata: ObjectMeta
}

/** The metadata of an object as an object of its own, whatever kind it is of. The metadata is shared, not copied. */
export function partialMetadata(object: KubeObject, metaVersion: MetaVersion): PartialObjectMetadata & KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata: object.metadata }
}
