import { isObject } from '../object.ts'
import type { Schema } from '../schema/schema.ts'
import { StatusError } from '../status-error.ts'
import { goType, jsonKind, printGo } from './go-text.ts'
import { withoutNulls } from './merge.ts'
import {
  checkOrder,
  elementKind,
  indexByKey,
  inOrder,
  type ListRules,
  mergeKeyOf,
  patchFailure,
} from './strategic-lists.ts'
import { type Draft, draftOf, own, put } from './values.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const deletionPrefix = '$deleteFromPrimitiveList'
const orderPrefix = '$setElementOrder'

/**
 * The document after a strategic merge patch; the inputs are left alone and may be shared by the result. `schema` is that of the whole
 * document: lists merge by `patchMergeKey` or as sets where `patchStrategy` says so, and are replaced elsewhere. Directives: `$patch`
 * (replace, delete), `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`. A patch of null changes nothing.
 *
 * Throws what kube-apiserver 1.36 answers: BadRequest for a patch that is no object and for malformed directives, 422 for lists of
 * lists, and a 500 without a reason for a missing merge key, an unknown `$patch` and an order that does not fit.
 */
export function applyStrategicMergePatch(document: unknown, patch: unknown, schema: Schema): unknown {
  if (patch === null) return document
  if (!isObject(patch)) {
    throw StatusError.badRequest(
      `json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return mergeMap(isObject(document) ? document : {}, patch, schema)
}

function mergeMap(original: Record<string, unknown>, given: Record<string, unknown>, schema: Schema): Draft {
  if (Object.hasOwn(given, directive)) return obeyMapDirective(given)
  const merged = draftOf(original)
  const patch = draftOf(given)
  keepOnlyRetained(merged, patch)
  mergeOrderedLists(merged, patch, schema)
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(deletionPrefix)) deleteScalars(merged, fieldOfDirective(field, deletionPrefix), value)
    else if (value === null) delete merged[field]
    else mergeField(merged, field, value, schema)
  }
  return merged
}

function obeyMapDirective(patch: Record<string, unknown>): Draft {
  const asked = patch[directive]
  if (asked === 'delete') return {}
  if (asked !== 'replace') throw unknownDirective(asked, patch)
  const { [directive]: _, ...rest } = patch
  return rest
}

function mergeField(merged: Draft, field: string, value: unknown, schema: Schema): void {
  const current = own(merged, field)
  if (isObject(current) && isObject(value)) {
    const rules = fieldRules(schema, field)
    put(merged, field, rules.strategy === 'replace' ? value : mergeMap(current, value, rules.schema))
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const rules = fieldRules(schema, field)
    put(merged, field, rules.strategy === 'merge' ? mergeList(current, value, rules) : value)
  } else {
    const added = withoutDirectives(withoutNulls(value))
    if (added !== undefined) put(merged, field, added)
    else if (current !== undefined) delete merged[field]
  }
}

/** `$deleteFromPrimitiveList` obeys for every list of scalars, merged or not, and is ignored where there is nothing to delete from. */
function deleteScalars(merged: Draft, field: string, unwanted: unknown): void {
  const current = own(merged, field)
  if (!Array.isArray(current) || !Array.isArray(unwanted)) return
  if (current.length === 0 && unwanted.length === 0) return
  if (elementKind(current, unwanted) === 'map') return
  const values = new Set<unknown>(unwanted)
  put(
    merged,
    field,
    current.filter((item) => !values.has(item)),
  )
}

function keepOnlyRetained(merged: Draft, patch: Draft): void {
  if (!Object.hasOwn(patch, retainKeys)) return
  const listed = patch[retainKeys]
  delete patch[retainKeys]
  if (!Array.isArray(listed)) throw StatusError.badRequest('invalid patch format of retainKeys')
  const kept = new Set<unknown>(listed)
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || field.startsWith(deletionPrefix) || field.startsWith(orderPrefix)) continue
    if (!kept.has(field)) throw StatusError.badRequest('invalid patch format of retainKeys')
  }
  for (const field of Object.keys(merged)) if (!kept.has(field)) delete merged[field]
}

/** Carries out every `$setElementOrder` together with the list it orders, and takes both out of the patch. */
function mergeOrderedLists(merged: Draft, patch: Draft, schema: Schema): void {
  for (const name of Object.keys(patch)) {
    if (!name.startsWith(orderPrefix)) continue
    const order = asList(patch[name])
    delete patch[name]
    const field = fieldOfDirective(name, orderPrefix)
    const current = Object.hasOwn(merged, field) ? asList(merged[field]) : undefined
    const given = Object.hasOwn(patch, field) ? asList(patch[field]) : undefined
    const wanted = current === undefined && given !== undefined ? listWithoutDirectives(given) : given
    const rules = fieldRules(schema, field)
    checkOrder(given ?? [], order, rules.mergeKey)
    if (current === undefined && wanted === undefined) continue
    const list = joined(current, wanted, rules)
    put(
      merged,
      field,
      inOrder(
        list,
        order,
        liveOrder(current ?? [], wanted ?? [], rules),
        rules.mergeKey,
        elementKind(current ?? [], given ?? []),
      ),
    )
    delete patch[field]
  }
}

function joined(
  current: readonly unknown[] | undefined,
  wanted: readonly unknown[] | undefined,
  rules: FieldRules,
): readonly unknown[] {
  if (wanted === undefined) return current ?? []
  if (current === undefined) return wanted
  return rules.strategy === 'merge' ? mergeList(current, wanted, rules) : wanted
}

/**
 * The order by which the elements that no directive names find their place. Elements that are new count as standing at the end of the
 * live list, but only as many as the patch deletes from it: kube-apiserver reuses the room of the deleted ones.
 */
function liveOrder(current: readonly unknown[], wanted: readonly unknown[], rules: FieldRules): readonly unknown[] {
  if (rules.strategy !== 'merge' || rules.mergeKey === '' || current.length === 0) return current
  const { kept, added, replaced } = obeyElementDirectives(current, wanted, rules.mergeKey)
  if (replaced || kept.length === current.length) return current
  const known = indexByKey(kept, rules.mergeKey)
  const fresh = added.filter((element) => !known.has(mergeKeyOf(element, rules.mergeKey)))
  return kept.concat(fresh.slice(0, current.length - kept.length))
}

function mergeList(current: readonly unknown[], patch: readonly unknown[], rules: FieldRules): readonly unknown[] {
  if (current.length === 0 && patch.length === 0) return current
  const kind = elementKind(current, patch)
  if (kind === 'scalar') {
    const merged = [...new Set([...current, ...patch])]
    return inOrder(merged, patch, current, '', kind)
  }
  const key = rules.mergeKey
  if (key === '') {
    throw patchFailure(`cannot merge lists without merge key for ${structName(rules.schema)}`)
  }
  const { kept, added, replaced } = obeyElementDirectives(current, patch, key)
  const merged = [...kept]
  const places = indexByKey(kept, key)
  for (const element of added) {
    const value = mergeKeyOf(element, key)
    const at = places.get(value)
    const found = at === undefined ? undefined : merged[at]
    if (at !== undefined && isObject(found) && isObject(element)) merged[at] = mergeMap(found, element, rules.schema)
    else places.set(value, merged.push(element) - 1)
  }
  return inOrder(merged, added, replaced ? merged : kept, key, kind)
}

/** What the `$patch` elements of a list leave: the elements of the object that stay, and the elements of the patch to merge. */
function obeyElementDirectives(current: readonly unknown[], patch: readonly unknown[], key: string) {
  let replaced = false
  const deleted = new Set<unknown>()
  const added: unknown[] = []
  for (const element of patch) {
    if (!isObject(element) || !Object.hasOwn(element, directive)) {
      added.push(element)
      continue
    }
    const asked = element[directive]
    if (asked === 'delete') {
      deleted.add(mergeKeyOf(element, key))
    } else if (asked === 'replace') {
      replaced = true
    } else if (asked === 'merge') {
      throw patchFailure('merging lists cannot yet be specified in the patch')
    } else {
      throw unknownDirective(asked, element)
    }
  }
  if (replaced) return { kept: added, added: [], replaced }
  const stays = (item: unknown) => !isObject(item) || !Object.hasOwn(item, key) || !deleted.has(item[key])
  return { kept: deleted.size === 0 ? current : current.filter(stays), added, replaced }
}

interface FieldRules extends ListRules {
  readonly strategy: string
  /** Of the field's value when it is a map, of its elements when it is a list. */
  readonly schema: Schema
}

function fieldRules(schema: Schema, field: string): FieldRules {
  const found = schema.properties?.get(field) ?? schema.values
  if (found === undefined) {
    throw patchFailure(
      `unable to find api field in struct ${structName(schema)} for the json field ${JSON.stringify(field)}`,
    )
  }
  return {
    strategy: found.patchStrategy?.find((strategy) => strategy !== 'retainKeys') ?? '',
    mergeKey: found.patchMergeKey ?? '',
    schema: found.items ?? found,
  }
}

function structName(schema: Schema): string {
  return schema.name?.slice(schema.name.lastIndexOf('.') + 1) ?? ''
}

/** `FIELD` of `$directive/FIELD`. */
function fieldOfDirective(name: string, prefix: string): string {
  const slash = name.indexOf('/')
  if (slash === prefix.length) return name.slice(slash + 1)
  const what = prefix === deletionPrefix ? 'primitive list' : 'setElementOrder list'
  throw StatusError.badRequest(`invalid patch format of ${what}`)
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw patchFailure(`expected a []interface {}, but received a ${goType(value)}`)
}

function unknownDirective(asked: unknown, map: Record<string, unknown>): StatusError {
  return patchFailure(`unknown patch type: ${printGo(asked)} in map: ${printGo(map)}`)
}

/** What is left of a value that has nothing to be merged with: maps that carry a `$patch` say nothing and vanish, at any depth. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return listWithoutDirectives(value)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, directive)) return undefined
  const kept: Draft = {}
  for (const [field, item] of Object.entries(value)) {
    const left = withoutDirectives(item)
    if (left !== undefined) put(kept, field, left)
  }
  return kept
}

function listWithoutDirectives(list: readonly unknown[]): readonly unknown[] {
  return list.map(withoutDirectives).filter((item) => item !== undefined)
}
