import { isObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import { jsonKind } from './go-text.ts'
import { draftOf, own, put } from './values.ts'

/**
 * The document after a JSON merge patch (RFC 7386); the inputs are left alone and may be shared by the result. As in kube-apiserver, a
 * null field vanishes everywhere in what is newly added, inside lists too. Throws BadRequest when the patch is not an object.
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (patch === null) throw StatusError.badRequest('Invalid JSON Patch')
  if (!isObject(patch)) {
    throw StatusError.badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return merge(document, patch)
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return isObject(target) ? patch : withoutNulls(patch)
  if (!isObject(target)) return withoutNulls(patch)
  const merged = draftOf(target)
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field]
    else put(merged, field, merge(own(target, field), value))
  }
  return merged
}

/** A value without its null fields; elements of lists stay, since removing one would move the others. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [field, item] of Object.entries(value)) if (item !== null) put(kept, field, withoutNulls(item))
  return kept
}
