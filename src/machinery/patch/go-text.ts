import { isObject } from '../object.ts'

/** Orders texts by their UTF-8 bytes, as Go does; `<` would order by UTF-16 units and place astral characters differently. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    // Surrogates stand for code points above U+FFFF and sort after every other unit.
    const leftHigh = left >= 0xd800 && left <= 0xdfff
    const rightHigh = right >= 0xd800 && right <= 0xdfff
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1
    return left < right ? -1 : 1
  }
  return a.length < b.length ? -1 : 1
}

/** A JSON value as `fmt.Sprintf("%v")` prints it: `map[a:1 b:[x y]]`. Error texts of strategic merge contain whole values in this form. */
export function printGo(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(printGo).join(' ')}]`
  if (isObject(value)) {
    const fields = Object.keys(value).sort(compareText)
    return `map[${fields.map((field) => `${field}:${printGo(value[field])}`).join(' ')}]`
  }
  return String(value)
}

/** A JSON value as `fmt.Sprintf("%#v")` prints it: `[]interface {}{1, map[string]interface {}{"a":"b"}}`. */
export function printGoSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(printGoSyntax).join(', ')}}`
  if (isObject(value)) {
    const fields = Object.keys(value).sort(compareText)
    const texts = fields.map((field) => `${JSON.stringify(field)}:${printGoSyntax(value[field])}`)
    return `map[string]interface {}{${texts.join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** The Go type of a decoded JSON value. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** What Go's JSON decoder calls a value in `cannot unmarshal … into Go value of type …`. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

const htmlUnsafe: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** A JSON text as Go's encoder writes it: fields in alphabetical order, characters that mean something in HTML escaped. */
export function goJson(value: unknown): string {
  return encodeSorted(value).replace(/[<>&\u2028\u2029]/g, (character) => htmlUnsafe[character] ?? character)
}

function encodeSorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encodeSorted).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const fields = Object.keys(value)
    .filter((field) => value[field] !== undefined)
    .sort(compareText)
  return `{${fields.map((field) => `${JSON.stringify(field)}:${encodeSorted(value[field])}`).join(',')}}`
}
