import { FieldSet } from './field-set.ts'

/** Characters of `fieldsV1` text that are kept parsed; sets of the same text are one object, whose own JSON is made once. */
const budget = 4 * 1024 * 1024

let young = new Map<string, FieldSet>()
let old = new Map<string, FieldSet>()
let size = 0

/**
 * The set that `fieldsV1` describes, parsed once for the same text: objects made from one template, and all versions of one object,
 * share their sets. Throws SyntaxError as `FieldSet.parse` does.
 */
export function parsedFieldSet(fieldsV1: unknown): FieldSet {
  if (fieldsV1 === undefined || fieldsV1 === null) return FieldSet.empty
  const text = JSON.stringify(fieldsV1)
  const found = young.get(text)
  if (found) return found
  const set = old.get(text) ?? FieldSet.parse(fieldsV1)
  // Two generations: what was not asked for while one filled up is forgotten with it.
  if (size + text.length > budget / 2) {
    old = young
    young = new Map()
    size = 0
  }
  if (text.length <= budget / 8) {
    young.set(text, set)
    size += text.length
  }
  return set
}
