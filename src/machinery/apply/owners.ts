import type { KubeObject, ManagedFieldsEntry } from '../object.ts'
import { compareText, goJson } from '../patch/go-text.ts'
import type { Comparison } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { parsedFieldSet } from './field-set-cache.ts'

/** One manager of an object and what it owns; `subresource` is `''` for the object itself. */
export interface Owner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly set: FieldSet
  /** The entry that this was read from, while it still says the same. */
  readonly entry?: ManagedFieldsEntry | undefined
}

/** Owners by `ownerId`. */
export type Owners = ReadonlyMap<string, Owner>

const noOwners: Owners = new Map()

/**
 * What tells owners apart: manager, operation and subresource, and for updates the version too. An applier has one entry whatever
 * version it applies in. Also the order in which conflicts are told.
 */
export function ownerId(owner: Pick<Owner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const manager = owner.manager === '' ? '' : `"manager":${goJson(owner.manager)},`
  const version = owner.operation === 'Update' ? `,"apiVersion":${goJson(owner.apiVersion)}` : ''
  const subresource = owner.subresource === '' ? '' : `,"subresource":${goJson(owner.subresource)}`
  return `{${manager}"operation":"${owner.operation}"${version}${subresource}}`
}

/** The owners that `metadata.managedFields` lists. Throws SyntaxError when an entry is malformed. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | null | undefined): Owners {
  if (entries === undefined || entries === null || entries.length === 0) return noOwners
  const owners = new Map<string, Owner>()
  for (const [index, entry] of entries.entries()) {
    const owner = readOwner(entry, index)
    owners.set(ownerId(owner), owner)
  }
  return owners
}

function readOwner(entry: ManagedFieldsEntry, index: number): Owner {
  const { operation, apiVersion, fieldsType } = entry
  if (operation !== 'Apply' && operation !== 'Update') throw new SyntaxError('operation must be `Apply` or `Update`')
  if (!apiVersion) throw new SyntaxError('apiVersion must not be empty')
  if (fieldsType !== 'FieldsV1') {
    const problem = fieldsType ? `invalid fieldsType ${JSON.stringify(fieldsType)}` : 'missing fieldsType'
    throw new SyntaxError(`${problem} in managed fields entry ${index}`)
  }
  return {
    manager: entry.manager ?? '',
    operation,
    apiVersion,
    subresource: entry.subresource ?? '',
    time: entry.time ?? undefined,
    set: parsedFieldSet(entry.fieldsV1),
    entry,
  }
}

/** `metadata.managedFields` for these owners, in the order of kube-apiserver: appliers first, then by time, manager, version, subresource. */
export function writeOwners(owners: Owners): readonly ManagedFieldsEntry[] {
  const sorted = [...owners.values()]
  if (sorted.length > 1) sorted.sort(compareOwners)
  return sorted.map((owner) => owner.entry ?? writeOwner(owner))
}

function compareOwners(a: Owner, b: Owner): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a.time) - seconds(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000)
}

function writeOwner(owner: Owner): ManagedFieldsEntry {
  return {
    ...(owner.manager === '' ? {} : { manager: owner.manager }),
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time === undefined ? {} : { time: owner.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: owner.set.toJson(),
    ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
  }
}

/** The object with these owners in its metadata, or without the list when there are none. */
export function withOwners(object: KubeObject, owners: Owners): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return {
    ...object,
    metadata: owners.size === 0 ? metadata : { ...metadata, managedFields: writeOwners(owners) },
  }
}

/** The object as its owners see it: without the list of owners. */
export function withoutOwners(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** An owner with another set. */
export function owning(owner: Owner, set: FieldSet): Owner {
  return set === owner.set ? owner : { ...owner, set, entry: undefined }
}

/**
 * What a change leaves to owners: nobody keeps a field that `self` gave another value or removed. `changesIn` gives the change as it
 * looks in a version, or undefined for a version that does not exist any more, whose owners are forgotten. `conflicts` are the fields
 * that others lose by getting another value.
 */
export function settle(
  owners: Owners,
  changesIn: (apiVersion: string) => Comparison | undefined,
  self: string | undefined,
): { readonly owners: Map<string, Owner>; readonly conflicts: ReadonlyMap<string, FieldSet> } {
  const left = new Map<string, Owner>()
  const conflicts = new Map<string, FieldSet>()
  for (const [id, owner] of owners) {
    if (id === self) {
      left.set(id, owner)
      continue
    }
    const changes = changesIn(owner.apiVersion)
    if (changes === undefined) continue
    const contested = owner.set.intersection(changes.modified.union(changes.added))
    if (!contested.isEmpty) conflicts.set(id, contested)
    const set = owner.set.difference(contested).difference(changes.removed)
    if (!set.isEmpty) left.set(id, owning(owner, set))
  }
  return { owners: left, conflicts }
}

const maxUpdaters = 10
const bucketName = 'ancient-changes'

/**
 * Owners with at most ten updaters: the oldest are put together, one bucket a version, until no more are left over. An object that many
 * controllers touch would otherwise grow without bound.
 */
export function capUpdaters(owners: Map<string, Owner>): void {
  const updaters = [...owners].filter(([, owner]) => owner.operation === 'Update')
  let surplus = updaters.length - maxUpdaters
  if (surplus <= 0) return
  updaters.sort(([a, one], [b, other]) => seconds(one.time) - seconds(other.time) || compareText(a, b))
  const firstOf = new Map<string, string>()
  for (const [id, owner] of updaters) {
    if (surplus <= 0) return
    const first = firstOf.get(owner.apiVersion)
    if (first === undefined) {
      firstOf.set(owner.apiVersion, id)
      continue
    }
    const bucket = { ...owner, manager: bucketName, subresource: '', entry: undefined }
    const bucketId = ownerId(bucket)
    if (bucketId === id) continue
    let gathered = owners.get(bucketId)
    if (gathered === undefined) {
      gathered = owners.get(first)
      owners.delete(first)
    }
    owners.delete(id)
    owners.set(bucketId, { ...bucket, set: gathered === undefined ? owner.set : owner.set.union(gathered.set) })
    surplus--
  }
}
