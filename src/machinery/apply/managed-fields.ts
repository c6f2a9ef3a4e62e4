import { printTime } from '../clock.ts'
import { equalJson, type KubeObject, type ManagedFieldsEntry } from '../object.ts'
import type { Schema } from '../schema/schema.ts'
import { type Comparison, compareObjects, withoutFields } from './compare.ts'
import { emptyObject } from './empty-object.ts'
import { FieldSet } from './field-set.ts'
import {
  capUpdaters,
  type Owner,
  type Owners,
  ownerId,
  owning,
  readOwners,
  settle,
  withOwners,
  withoutOwners,
} from './owners.ts'
import { underSchema } from './typed.ts'

/**
 * An object in another version of its kind, with the schema of that version; undefined for a version that does not exist any more. Owners
 * record fields in the version that they wrote in. Without it every version is taken to have the same fields.
 */
export type InVersion = (
  object: KubeObject,
  apiVersion: string,
) => { readonly object: KubeObject; readonly schema: Schema } | undefined

/** A create, an update, or a patch other than apply. */
export interface UpdateWrite {
  /** What is stored, or undefined for a create. */
  readonly live: KubeObject | undefined
  /** What is to be stored: decoded and defaulted, before admission and the strategy of its kind, with the client's managedFields. */
  readonly next: KubeObject
  /** Of the whole object, in the version of `next`. */
  readonly schema: Schema
  /** `''` counts as `unknown`. */
  readonly manager: string
  /** `''` or absent for the object itself. */
  readonly subresource?: string
  /** Milliseconds. */
  readonly now: number
  /** Fields that the strategy of the kind resets in this kind of write, and that therefore nobody comes to own by it. */
  readonly resetFields?: FieldSet
  readonly inVersion?: InVersion
}

/** Fields that say which object this is or that the server keeps: never owned. Only these nodes; what else is below `metadata` is. */
const neverOwned = FieldSet.ofFields(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'creationTimestamp'],
  ['metadata', 'selfLink'],
  ['metadata', 'uid'],
  ['metadata', 'clusterName'],
  ['metadata', 'generation'],
  ['metadata', 'managedFields'],
  ['metadata', 'resourceVersion'],
)

/**
 * `next` with the `metadata.managedFields` that kube-apiserver gives it: the manager comes to own what it added or changed, everybody
 * loses what was changed or removed. The list in `next` counts as the client's: absent or malformed keeps the stored one, `[]` and `[{}]`
 * clear it, and an object whose list was cleared is not tracked until it is applied. A subresource cannot set the list.
 * (Kubernetes API concepts, “Server-Side Apply”.)
 */
export function manageUpdate(write: UpdateWrite): KubeObject {
  const { live, next } = write
  const owners = ownersBefore(write)
  if (owners.size === 0 && live?.metadata.uid) return withoutOwners(next)
  return withOwners(next, ownersAfter(write, owners))
}

/** The owners after a write by an updater, given those before. */
export function ownersAfter(write: UpdateWrite, before: Owners): Owners {
  const { live, next, schema, resetFields } = write
  const old = live === undefined ? emptyObject(schema) : withoutOwners(live)
  const bare = withoutOwners(next)
  const change = compareObjects(old, bare, schema)
  const changesIn = live === undefined ? () => change : changesByVersion(change, withoutOwners(live), bare, write)
  const { owners } = settle(underThisSchema(before, next.apiVersion, write), changesIn, undefined)
  const taken = withoutReset(change.modified.union(change.added), resetFields).difference(neverOwned)
  if (!taken.isEmpty) {
    const self = ownerOf(write, 'Update', next.apiVersion)
    const id = ownerId(self)
    const had = owners.get(id)?.set
    const set = had === undefined ? taken : taken.union(had)
    owners.set(id, { ...self, set, time: printTime(write.now) })
  }
  capUpdaters(owners)
  return owners
}

/** Whoever writes, as an owner of nothing yet. */
export function ownerOf(
  write: { readonly manager: string; readonly subresource?: string },
  operation: 'Apply' | 'Update',
  apiVersion: string,
): Owner {
  const manager = write.manager === '' ? 'unknown' : write.manager
  return { manager, operation, apiVersion, subresource: write.subresource ?? '', time: undefined, set: FieldSet.empty }
}

/** A set without what the kind resets, and without what is never owned. */
export function ownable(set: FieldSet, resetFields: FieldSet | undefined): FieldSet {
  return withoutReset(set, resetFields).difference(neverOwned)
}

function withoutReset(set: FieldSet, resetFields: FieldSet | undefined): FieldSet {
  return resetFields === undefined ? set : set.recursiveDifference(resetFields)
}

function ownersBefore({ live, next, subresource }: UpdateWrite): Owners {
  const given = next.metadata.managedFields
  if (!subresource) {
    if (isReset(given)) return new Map()
    const owners = readOrNothing(given)
    if (owners.size > 0) return owners
  }
  return readOrNothing(live?.metadata.managedFields)
}

function isReset(entries: readonly ManagedFieldsEntry[] | null | undefined): boolean {
  if (entries === undefined || entries === null) return false
  const [first] = entries
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0)
}

/** A list that cannot be read counts as none: a client that does not know what it writes must not lock the object. */
function readOrNothing(entries: readonly ManagedFieldsEntry[] | null | undefined): Owners {
  try {
    return readOwners(entries)
  } catch (error) {
    if (error instanceof SyntaxError) return new Map()
    throw error
  }
}

/** A change as it looks in each version, computed once for each. */
export function changesByVersion(
  change: Comparison,
  before: KubeObject,
  after: KubeObject,
  write: { readonly inVersion?: InVersion; readonly resetFields?: FieldSet },
): (apiVersion: string) => Comparison | undefined {
  const { inVersion, resetFields } = write
  const here = withoutFields(change, resetFields)
  const known = new Map<string, Comparison | undefined>([[after.apiVersion, here]])
  return (apiVersion) => {
    if (inVersion === undefined) return here
    if (!known.has(apiVersion)) {
      const old = inVersion(before, apiVersion)
      const next = inVersion(after, apiVersion)
      const compared = old && next ? compareObjects(old.object, next.object, next.schema) : undefined
      known.set(apiVersion, compared && withoutFields(compared, resetFields))
    }
    return known.get(apiVersion)
  }
}

const reconciled = new WeakMap<Schema, WeakMap<FieldSet, FieldSet>>()

/** Owners whose sets were recorded when the kind had another schema, brought to this one. Sets in other versions stay as they are. */
export function underThisSchema(
  owners: Owners,
  apiVersion: string,
  { schema, inVersion }: { readonly schema: Schema; readonly inVersion?: InVersion },
): Owners {
  let sets = reconciled.get(schema)
  if (sets === undefined) {
    sets = new WeakMap()
    reconciled.set(schema, sets)
  }
  let changed: Map<string, Owner> | undefined
  for (const [id, owner] of owners) {
    if (inVersion !== undefined && owner.apiVersion !== apiVersion) continue
    let set = sets.get(owner.set)
    if (set === undefined) {
      set = underSchema(owner.set, schema)
      sets.set(owner.set, set)
    }
    if (set === owner.set) continue
    changed ??= new Map(owners)
    changed.set(id, owning(owner, set))
  }
  return changed ?? owners
}

/**
 * `next`, or `live` itself when nothing but times of managedFields differs: then there is nothing to write. To be asked again after
 * admission and the strategy, which may undo a change; a `next` that differs keeps its own list.
 */
export function unlessUnchanged(live: KubeObject | undefined, next: KubeObject): KubeObject {
  if (live === undefined) return next
  const before = live.metadata.managedFields ?? []
  const after = next.metadata.managedFields ?? []
  if (before.length !== after.length) return next
  const same = before.every((entry, index) => equalJson(timeless(entry), timeless(after[index])))
  return same && equalJson(withoutOwners(live), withoutOwners(next)) ? live : next
}

function timeless(entry: ManagedFieldsEntry | undefined): unknown {
  return entry === undefined ? undefined : { ...entry, time: undefined }
}
