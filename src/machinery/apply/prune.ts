import type { KubeObject } from '../object.ts'
import type { Schema } from '../schema/schema.ts'
import { FieldSet } from './field-set.ts'
import type { InVersion } from './managed-fields.ts'
import type { Owner, Owners } from './owners.ts'
import { removePaths } from './remove.ts'
import { fieldSetOf, withNamedFields } from './typed.ts'

interface Versioned {
  readonly object: KubeObject
  readonly schema: Schema
}

/**
 * The merged object without what the applier owned before (`last`) and neither it (`now`) nor anyone else owns any more. `owners` are
 * all of them, the applier with its new set. What nobody ever owned stays, even inside something that goes.
 */
export function withoutAbandoned(
  merged: KubeObject,
  last: Owner,
  now: Owner,
  owners: Owners,
  write: { readonly schema: Schema; readonly inVersion?: InVersion },
): KubeObject {
  if (last.apiVersion === now.apiVersion && last.set.difference(now.set).isEmpty) return merged
  const inVersion = (object: KubeObject, apiVersion: string): Versioned | undefined =>
    write.inVersion === undefined || object.apiVersion === apiVersion
      ? { object, schema: write.schema }
      : write.inVersion(object, apiVersion)

  const base = inVersion(merged, last.apiVersion)
  if (base === undefined) return merged // the version is gone, and with it the knowledge of what was owned
  const owned = setsByVersion(owners)
  let pruned = remove(base, withNamedFields(last.set, base.schema), owned.get(last.apiVersion))
  let whole = base.object
  // The version of the last apply first: what it needs must be back before the object is seen in another one.
  for (const apiVersion of new Set([last.apiVersion, ...owned.keys()])) {
    const before = inVersion(whole, apiVersion)
    const after = inVersion(pruned, apiVersion)
    const set = owned.get(apiVersion)
    if (before === undefined || after === undefined || set === undefined) continue
    whole = before.object
    const { schema } = before
    const kept = namedSetOf(after.object, schema).union(withNamedFields(set, schema))
    pruned = remove(before, namedSetOf(before.object, schema).difference(kept), set)
  }
  const left = inVersion(pruned, last.apiVersion)
  if (left === undefined) return merged
  const gone = namedSetOf(base.object, base.schema).difference(namedSetOf(left.object, base.schema))
  const abandoned = gone.intersection(withNamedFields(last.set, base.schema))
  const result = remove(base, abandoned, owned.get(last.apiVersion))
  return inVersion(result, now.apiVersion)?.object ?? merged
}

function setsByVersion(owners: Owners): ReadonlyMap<string, FieldSet> {
  const sets = new Map<string, FieldSet>()
  for (const { apiVersion, set } of owners.values()) sets.set(apiVersion, sets.get(apiVersion)?.union(set) ?? set)
  return sets
}

function namedSetOf(object: KubeObject, schema: Schema): FieldSet {
  return withNamedFields(fieldSetOf(object, schema), schema)
}

function remove({ object, schema }: Versioned, paths: FieldSet, owned: FieldSet | undefined): KubeObject {
  return removePaths(object, paths, schema, owned ?? FieldSet.empty) as KubeObject
}
