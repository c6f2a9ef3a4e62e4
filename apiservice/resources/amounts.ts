import { fieldAt, isObject } from '../../src/machinery/object.ts'
import { compareQuantities, isQuantity, parseQuantity, type Quantity } from '../../src/machinery/schema/quantity.ts'

/** The quantity that a field holds, or undefined where it holds none. */
export function amountOf(value: unknown): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return isQuantity(String(value)) ? parseQuantity(String(value)) : undefined
}

/** The amounts of the resources in the list at a path (`cpu: 100m`, …). */
export function amountsIn(value: unknown, ...path: readonly string[]): ReadonlyMap<string, Quantity> {
  const list = fieldAt(value, ...path)
  const amounts = new Map<string, Quantity>()
  if (!isObject(list)) return amounts
  for (const [resource, quantity] of Object.entries(list)) {
    const amount = amountOf(quantity)
    if (amount !== undefined) amounts.set(resource, amount)
  }
  return amounts
}

/** Whether an amount has no fraction: bytes and devices come whole. */
export function isWhole({ mantissa, exponent }: Quantity): boolean {
  return exponent >= 0 || mantissa % 10n ** BigInt(-exponent) === 0n
}

/** Whether one amount is less than another. */
export const isLess = (left: Quantity, right: Quantity): boolean => compareQuantities(left, right) < 0
