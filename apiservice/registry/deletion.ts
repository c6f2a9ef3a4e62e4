import { printTime } from '../../src/machinery/clock.ts'
import { equalJson, type KubeObject, type ObjectMeta } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { DeleteOptions } from './context.ts'
import type { ResourceDefinition } from './definition.ts'

/** What a delete does to one object: it goes, it is marked and stays for its finalizers or its grace, or nothing changes. */
export interface DeletionPlan {
  readonly outcome: 'remove' | 'mark' | 'unchanged'
  /** The last state for `remove`, the marked object for `mark`. */
  readonly object: KubeObject
}

const orphan = 'orphan'
const foreground = 'foregroundDeletion'

/**
 * Decides a delete (`rest.BeforeDelete` and the finalizer rules of the generic registry). Pure. Throws Conflict when a precondition does
 * not hold and Forbidden when the kind refuses.
 */
export function planDeletion(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): DeletionPlan {
  checkPreconditions(definition, object, options)
  const refusal = definition.strategy.refusesDeletion?.(object)
  if (refusal !== undefined) throw StatusError.forbidden(definition, object.metadata.name ?? '', refusal)
  const finalizers = finalizersAfter(definition, object.metadata, options)
  const grace = definition.strategy.gracePeriodSeconds?.(object, options.gracePeriodSeconds) ?? 0
  const held = finalizers.length > 0 || (definition.strategy.holdsDeletion?.(object) ?? false)
  const metadata = withFinalizers(object.metadata, finalizers)
  if (!held && grace === 0) {
    const graceful =
      definition.strategy.gracePeriodSeconds !== undefined && object.metadata.deletionTimestamp === undefined
    return { outcome: 'remove', object: { ...object, metadata: graceful ? mark(metadata, 0, now) : metadata } }
  }
  if (!marksAnew(object.metadata, grace, now)) {
    const same = equalJson(object.metadata.finalizers ?? [], finalizers)
    return { outcome: same ? 'unchanged' : 'mark', object: same ? object : { ...object, metadata } }
  }
  const marked = { ...object, metadata: mark(metadata, grace, now) }
  return { outcome: 'mark', object: definition.strategy.prepareForDelete?.(marked) ?? marked }
}

/** Whether an object that is being deleted has nothing left to wait for, so that the write that made it so removes it. */
export function isReleased(definition: ResourceDefinition, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) > 0) return false
  return (finalizers ?? []).length === 0 && !(definition.strategy.holdsDeletion?.(object) ?? false)
}

function checkPreconditions(definition: ResourceDefinition, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const { metadata } = object
  const asKind = { group: definition.group, resource: definition.kind }
  const name = metadata.name ?? ''
  if (uid !== undefined && uid !== metadata.uid) {
    throw StatusError.conflict(
      asKind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw StatusError.conflict(
      asKind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

/** Exactly one of the two garbage-collection finalizers, or none, by policy: asked for, already there, or the kind's default. */
function finalizersAfter(
  definition: ResourceDefinition,
  metadata: ObjectMeta,
  options: DeleteOptions,
): readonly string[] {
  const existing = metadata.finalizers ?? []
  const others = existing.filter((finalizer) => finalizer !== orphan && finalizer !== foreground)
  const policy = policyOf(definition, existing, options)
  if (policy === 'Orphan') return [...others, orphan]
  if (policy === 'Foreground') return [...others, foreground]
  return others
}

function policyOf(
  definition: ResourceDefinition,
  existing: readonly string[],
  { orphanDependents, propagationPolicy }: DeleteOptions,
): 'Orphan' | 'Background' | 'Foreground' {
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  if (propagationPolicy !== undefined) return propagationPolicy
  if (existing.includes(orphan)) return 'Orphan'
  if (existing.includes(foreground)) return 'Foreground'
  return definition.defaultPropagation
}

/** A deletion that is under way is only ever brought forward. */
function marksAnew(metadata: ObjectMeta, grace: number, now: number): boolean {
  if (metadata.deletionTimestamp === undefined) return true
  return (
    Date.parse(metadata.deletionTimestamp) > now + grace * 1000 && (metadata.deletionGracePeriodSeconds ?? 0) > grace
  )
}

function mark(metadata: ObjectMeta, grace: number, now: number): ObjectMeta {
  const first = metadata.deletionTimestamp === undefined
  return {
    ...metadata,
    ...(first && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
    deletionTimestamp: printTime(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
  }
}

function withFinalizers(metadata: ObjectMeta, finalizers: readonly string[]): ObjectMeta {
  const { finalizers: _before, ...rest } = metadata
  return finalizers.length === 0 ? rest : { ...rest, finalizers }
}
