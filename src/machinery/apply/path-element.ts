import { isObject } from '../object.ts'
import { compareText, goJson } from '../patch/go-text.ts'

/**
 * One step into an object, in the form that `fieldsV1` gives it: `f:NAME` a field, `k:{…}` an element of a keyed list, `v:VALUE` an
 * element of a set, `i:INDEX` an element of any other list (Kubernetes API reference, `FieldsV1`). Texts are canonical, so that equal
 * steps are equal texts: JSON as Go writes it, keys in alphabetical order.
 */
export type PathElement = string

export const fieldElement = (field: string): PathElement => `f:${field}`

/** An element of a keyed list, by its keys. */
export const keyElement = (keys: Readonly<Record<string, unknown>>): PathElement => `k:${goJson(keys)}`

/** An element of a set, by itself. */
export const valueElement = (value: unknown): PathElement => `v:${goJson(value)}`

/**
 * The canonical form of an element that somebody else wrote, or undefined for a kind of element that is not known, which a newer
 * release may have written and which is passed over. Throws SyntaxError where the text after a known prefix is malformed.
 */
export function parseElement(text: string): PathElement | undefined {
  if (text.length < 2 || text[1] !== ':') throw new SyntaxError(`missing colon: ${text}`)
  switch (text[0]) {
    case 'f':
      return text
    case 'k': {
      const keys: unknown = JSON.parse(text.slice(2))
      if (!isObject(keys) || !Object.values(keys).every(isScalar))
        throw new SyntaxError('keys must be an object of scalars')
      return keyElement(keys)
    }
    case 'v': {
      const value: unknown = JSON.parse(text.slice(2))
      if (!isScalar(value)) throw new SyntaxError('a value must be a scalar')
      return valueElement(value)
    }
    case 'i':
      if (!/^\d+$/.test(text.slice(2))) throw new SyntaxError(`invalid index: ${text}`)
      return text
    default:
      return undefined
  }
}

/** Only scalars identify elements; anything deeper would have to be bounded wherever it is compared or printed. */
function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

/** How paths print in conflicts and errors: `.spec.containers[name="c"].args`, `[="x"]` for an element of a set. */
export function printPath(path: readonly PathElement[]): string {
  return path.map(printElement).join('')
}

export function printElement(element: PathElement): string {
  const rest = element.slice(2)
  if (element[0] === 'f') return `.${rest}`
  if (element[0] === 'i') return `[${rest}]`
  const value: unknown = JSON.parse(rest)
  if (element[0] === 'v') return `[=${JSON.stringify(value)}]`
  const keys = isObject(value) ? Object.entries(value) : []
  return `[${keys.map(([key, one]) => `${key}=${JSON.stringify(one)}`).join(',')}]`
}

/** The order of elements in `fieldsV1`: fields, keyed elements, values, indexes; numbers by size, texts by their bytes. */
export function sortElements(elements: Iterable<PathElement>): PathElement[] {
  const fields: PathElement[] = []
  const others: { readonly element: PathElement; readonly value: unknown }[] = []
  for (const element of elements) {
    if (element.startsWith('f:')) fields.push(element)
    else others.push({ element, value: JSON.parse(element.slice(2)) })
  }
  if (fields.length > 1) fields.sort(compareText)
  if (others.length > 1) {
    others.sort(
      (a, b) =>
        kinds.indexOf(a.element[0] ?? '') - kinds.indexOf(b.element[0] ?? '') || compareValues(a.value, b.value),
    )
  }
  return others.length === 0 ? fields : fields.concat(others.map(({ element }) => element))
}

const kinds = 'kvi'

/** Keyed elements compare key by key, names before values. */
function compareKeys(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): number {
  const left = Object.entries(a)
  const right = Object.entries(b)
  for (const [index, [key, value]] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = compareText(key, other[0]) || compareValues(value, other[1])
    if (order !== 0) return order
  }
  return left.length - right.length
}

const types = ['number', 'string', 'boolean', 'object']

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (isObject(a) && isObject(b)) return compareKeys(a, b)
  return types.indexOf(typeof a) - types.indexOf(typeof b)
}
