import { isObject } from '../machinery/object.ts'
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
  const left = amountOf(a)
  return left !== undefined && left === amountOf(b)
}

const suffixes: Readonly<Record<string, readonly [base: bigint, power: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
}

const quantityForm = /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/

/** A quantity in units of 10^-60, so that every form that Kubernetes accepts is a whole number; undefined for anything else. */
function amountOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const match = quantityForm.exec(String(value))
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match
  if (whole === '' && fraction === '') return undefined
  const [base, power] = exponent === undefined ? (suffixes[suffix] ?? [10n, 0]) : ([10n, Number(exponent)] as const)
  const tens = 60 - fraction.length + (base === 10n ? power : 0)
  if (tens < 0) return undefined
  const amount = BigInt(`${whole}${fraction}`) * 10n ** BigInt(tens) * (base === 2n ? 2n ** BigInt(power) : 1n)
  return sign === '-' ? -amount : amount
}
