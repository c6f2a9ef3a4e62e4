import type { ManagedFieldsEntry } from '../object.ts'
import { FieldSet } from './field-set.ts'
import { type Owner, ownerId, owning, readOwners, writeOwners } from './owners.ts'
import { fieldElement } from './path-element.ts'

const scaleVersion = 'autoscaling/v1'
const replicasOfScale = FieldSet.ofFields(['spec', 'replicas'])

/**
 * The field names that lead to the replicas in a version of the scaled kind; undefined for a version that does not exist any more, null
 * where it has no replicas to scale.
 */
export type ReplicasPath = (apiVersion: string) => readonly string[] | null | undefined

/** The owners of an object, as its Scale shows them: who owns the replicas. */
export function ownersOfScale(
  parent: readonly ManagedFieldsEntry[] | undefined,
  replicasIn: ReplicasPath,
): readonly ManagedFieldsEntry[] {
  const owners = new Map<string, Owner>()
  for (const owner of readOwners(parent).values()) {
    const path = replicasIn(owner.apiVersion)
    if (!path || !owner.set.hasPath(path.map(fieldElement))) continue
    const shown = { ...owning(owner, replicasOfScale), apiVersion: scaleVersion, entry: undefined }
    owners.set(ownerId(shown), shown)
  }
  return writeOwners(owners)
}

/**
 * The owners of an object after a write through its Scale: who lost the replicas in `scale` loses them here, and who got them gets an
 * entry of its own under the subresource, in the version of the object (`apiVersion`). Such entries carry no time in kube-apiserver.
 */
export function ownersAfterScale(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
  replicasIn: ReplicasPath,
): readonly ManagedFieldsEntry[] {
  const owners = new Map<string, Owner>()
  const before = readOwners(parent)
  const scalers = new Map(readOwners(scale))
  for (const [id, owner] of before) {
    const path = replicasIn(owner.apiVersion)
    if (path === undefined) continue
    const elements = path?.map(fieldElement) ?? []
    if (!owner.set.hasPath(elements) || scalers.delete(id)) {
      owners.set(id, owner)
      continue
    }
    const left = owner.set.difference(FieldSet.of(elements))
    if (!left.isEmpty) owners.set(id, owning(owner, left))
  }
  const path = replicasIn(apiVersion)
  for (const [id, owner] of scalers) {
    if (!path || owner.set.intersection(replicasOfScale).isEmpty) continue
    const scaler = { ...owner, apiVersion, set: FieldSet.ofFields(path), time: before.get(id)?.time, entry: undefined }
    owners.set(ownerId(scaler), scaler)
  }
  return writeOwners(owners)
}
