import { labelValueText, qualifiedName } from './names.ts'
import { StatusError } from './status-error.ts'

/** How a requirement looks at the value of its key. `=` and `==` mean the same and are kept apart for printing. */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<'

/** One term of a label selector. `values` are without repetition and in byte order; `exists` and `!` have none. */
export interface LabelRequirement {
  readonly key: string
  readonly operator: LabelOperator
  readonly values: readonly string[]
}

type Labels = Readonly<Record<string, string>>

const integer = /^[+-]?\d+$/
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

/** Throws BadRequest, in the words of Kubernetes 1.36, for what cannot be a label key. */
export function checkLabelKey(key: string): void {
  const error = keyError(key, '<nil>')
  if (error !== undefined) throw unparsable(error)
}

/**
 * A requirement whose key and values are well-formed. Throws BadRequest with everything that is wrong with them, in the words of
 * Kubernetes 1.36 (`labels.NewRequirement`).
 */
export function labelRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const sorted = [...new Set(values)].sort(byBytes)
  const errors = [keyError(key, 'key'), ...valueErrors(key, operator, sorted)].filter((error) => error !== undefined)
  if (errors.length > 0) throw unparsable(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`)
  return { key, operator, values: sorted }
}

/** What is wrong with a term of a selector, as the 400 that says so. */
export function unparsable(detail: string): StatusError {
  return StatusError.badRequest(`unable to parse requirement: ${detail}`)
}

function keyError(key: string, path: string): string | undefined {
  const complaints = qualifiedName(key)
  return complaints.length === 0
    ? undefined
    : `${path}: Invalid value: ${JSON.stringify(key)}: ${complaints.join('; ')}`
}

function valueErrors(key: string, operator: LabelOperator, values: readonly string[]): readonly string[] {
  const errors: string[] = []
  const printed = () => `[${values.map((value) => JSON.stringify(value)).join(',')}]`
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    errors.push(`values: Invalid value: ${printed()}: for 'in', 'notin' operators, values set can't be empty`)
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    errors.push(`values: Invalid value: ${printed()}: values set must be empty for exists and does not exist`)
  }
  values.forEach((value, index) => {
    const quoted = JSON.stringify(value)
    if ((operator === '>' || operator === '<') && parseInteger(value) === undefined) {
      errors.push(`values[${index}]: Invalid value: ${quoted}: for 'Gt', 'Lt' operators, the value must be an integer`)
    }
    const complaints = labelValueText(value)
    if (complaints.length > 0) {
      errors.push(`values[${index}][${key}]: Invalid value: ${quoted}: ${complaints.join('; ')}`)
    }
  })
  return errors
}

/** Whether labels satisfy a requirement. `!=` and `notin` are satisfied by labels without the key, `>` and `<` only by integers. */
export function satisfies({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  // A label may be called `constructor`: only what the object itself carries is a label.
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case '>':
    case '<':
      return value !== undefined && compares(value, operator, values[0])
  }
}

function compares(value: string, operator: '>' | '<', bound: string | undefined): boolean {
  const left = parseInteger(value)
  const right = parseInteger(bound ?? '')
  if (left === undefined || right === undefined) return false
  return operator === '>' ? left > right : left < right
}

/** A 64-bit integer, as label comparison reads it; undefined for anything else. */
function parseInteger(text: string): bigint | undefined {
  // Label values have 63 bytes at most: longer text is no label and never converted.
  if (text.length > 63 || !integer.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return value < int64.min || value > int64.max ? undefined : value
}

/** A requirement as it is written in a query. */
export function printLabelRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`
    default:
      return `${key}${operator}${values[0] ?? ''}`
  }
}

/** The order of Go strings; equal to that of UTF-16 for everything that can be a label. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
