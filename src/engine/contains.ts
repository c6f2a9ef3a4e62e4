import { isObject } from '../machinery/object.ts'
import { compareQuantities, isQuantity, parseQuantity, type Quantity } from '../machinery/schema/quantity.ts'
import { fieldSchema, type Schema } from '../machinery/schema/schema.ts'

/**
 * Whether a live value has everything that is wanted: the question that decides between leaving a copy alone and repairing it. What the
 * cluster or its controllers added beside it does not matter. Empty maps and lists and nulls ask for nothing. With a schema, lists that
 * merge by key or by value are compared that way and quantities by amount; all other lists must have the same length and order.
 */
export function contains(live: unknown, wanted: unknown, schema?: Schema): boolean {
  if (isEmpty(wanted)) return live === undefined || isEmpty(live) || isObject(wanted)
  if (Array.isArray(wanted)) return Array.isArray(live) && containsItems(live, wanted, schema)
  if (isObject(wanted)) {
    if (!isObject(live)) return false
    for (const field in wanted) {
      if (wanted[field] === undefined) continue
      if (!contains(live[field], wanted[field], schema && fieldSchema(schema, field))) return false
    }
    return true
  }
  if (live === wanted) return true
  return schema?.type === 'quantity' && sameQuantity(live, wanted)
}

/**
 * The part of a live value that answers to what was wanted. When a cluster normalises what it is sent, so that `contains` would never
 * hold, this is what it made of it, and later states are compared with that instead.
 */
export function answerTo(live: unknown, wanted: unknown): unknown {
  if (!isObject(live) || !isObject(wanted)) return live
  const answer: Record<string, unknown> = {}
  for (const field in wanted) if (live[field] !== undefined) answer[field] = answerTo(live[field], wanted[field])
  return answer
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

function containsItems(live: readonly unknown[], wanted: readonly unknown[], schema: Schema | undefined): boolean {
  const items = schema?.items
  if (schema?.listType === 'map' && schema.listMapKeys) {
    const keys = schema.listMapKeys
    return wanted.every((item) => live.some((one) => sameEntry(one, item, keys) && contains(one, item, items)))
  }
  if (schema?.listType === 'set') return wanted.every((item) => live.some((one) => contains(one, item, items)))
  return live.length === wanted.length && wanted.every((item, index) => contains(live[index], item, items))
}

/** A key that was not written was defaulted by the cluster, so it matches whatever is there. */
function sameEntry(live: unknown, wanted: unknown, keys: readonly string[]): boolean {
  if (!isObject(live) || !isObject(wanted)) return false
  return keys.every((key) => wanted[key] === undefined || live[key] === wanted[key])
}

function sameQuantity(a: unknown, b: unknown): boolean {
  const left = quantityIn(a)
  const right = quantityIn(b)
  return left !== undefined && right !== undefined && compareQuantities(left, right) === 0
}

function quantityIn(value: unknown): Quantity | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && isQuantity(text) ? parseQuantity(text) : undefined
}
