import { BlockList, isIP } from 'node:net'
import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { type NameCheck, percentText, portName, portNumber } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject } from '../../src/machinery/object.ts'

/** Checks that many kinds share, with the texts of Kubernetes 1.36. Absent values are fine unless a check says otherwise. */

/** The numbers in these fields of an object are not negative. */
export function nonNegative(object: unknown, path: string, ...fields: readonly string[]): readonly FieldError[] {
  return fields.flatMap((field) => {
    const value = fieldAt(object, field)
    return typeof value === 'number' && value < 0
      ? [fieldErrors.invalid(`${path}.${field}`, value, 'must be greater than or equal to 0')]
      : []
  })
}

/** These fields of an object hold something: no empty text, list or map. */
export function required(object: unknown, path: string, ...fields: readonly string[]): readonly FieldError[] {
  return fields.flatMap((field) =>
    isEmpty(fieldAt(object, field)) ? [fieldErrors.required(path === '' ? field : `${path}.${field}`)] : [],
  )
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The text in a field, where there is one, passes a check of names. */
export function named(value: unknown, path: string, check: NameCheck): readonly FieldError[] {
  if (typeof value !== 'string' || value === '') return []
  return check(value).map((complaint) => fieldErrors.invalid(path, value, complaint))
}

/** A count or a percentage, not negative, and with `atMostAll` not above 100%. */
export function intOrPercent(
  value: unknown,
  path: string,
  { atMostAll = false }: { readonly atMostAll?: boolean } = {},
): readonly FieldError[] {
  if (typeof value === 'number') {
    return value < 0 ? [fieldErrors.invalid(path, value, 'must be greater than or equal to 0')] : []
  }
  if (typeof value !== 'string') return []
  const complaints = percentText(value)
  if (complaints.length > 0) return complaints.map((complaint) => fieldErrors.invalid(path, value, complaint))
  return atMostAll && Number.parseInt(value, 10) > 100
    ? [fieldErrors.invalid(path, value, 'must not be greater than 100%')]
    : []
}

/** Whether a count or percentage comes to nothing. Absent counts as nothing. */
export function isZeroOrZeroPercent(value: unknown): boolean {
  if (typeof value === 'string') return percentText(value).length === 0 ? Number.parseInt(value, 10) === 0 : true
  return !value
}

/** A port by number or by name. */
export function portNumberOrName(value: unknown, path: string): readonly FieldError[] {
  const complaints = typeof value === 'string' ? portName(value) : portNumber(typeof value === 'number' ? value : 0)
  return complaints.map((complaint) => fieldErrors.invalid(path, value ?? 0, complaint))
}

/** An address range in CIDR notation. */
export function validateCidr(value: string, path: string): readonly FieldError[] {
  const [address = '', length = '', ...more] = value.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  const good = isIP(address) !== 0 && more.length === 0 && /^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits
  return good
    ? []
    : [fieldErrors.invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
}

/** An IP address of either family. */
export function validateAddress(value: string, path: string): readonly FieldError[] {
  if (isIP(value) !== 0) return []
  return [fieldErrors.invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
}

const nowhere = new BlockList()
nowhere.addAddress('0.0.0.0', 'ipv4')
nowhere.addAddress('::', 'ipv6')
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
const linkLocal = new BlockList()
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4')
linkLocal.addSubnet('fe80::', 10, 'ipv6')
const linkLocalMulticast = new BlockList()
linkLocalMulticast.addSubnet('224.0.0.0', 24, 'ipv4')
linkLocalMulticast.addSubnet('ff02::', 16, 'ipv6')

/** An address that others can reach: traffic for it must not come back to the machine that sends it. */
export function validateEndpointAddress(value: string, path: string): readonly FieldError[] {
  const family = isIP(value)
  if (family === 0) {
    const invalid = fieldErrors.invalid(path, value, 'must be a valid IP address')
    return [...validateAddress(value, path), invalid]
  }
  const type = family === 6 ? 'ipv6' : 'ipv4'
  const refused: readonly (readonly [ranges: BlockList, detail: string])[] = [
    [nowhere, `may not be unspecified (${value})`],
    [loopback, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    [linkLocal, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    [linkLocalMulticast, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  ]
  return refused
    .filter(([ranges]) => ranges.check(value, type))
    .map(([, detail]) => fieldErrors.invalid(path, value, detail))
}

/** A value is one of a list; the refusal lists them in this order. */
export function oneOf(value: unknown, path: string, supported: readonly string[]): readonly FieldError[] {
  if (value === undefined || value === null || (typeof value === 'string' && supported.includes(value))) return []
  return [fieldErrors.notSupported(path, value, supported)]
}

/** A value has not changed since it was stored. */
export function immutable(value: unknown, old: unknown, path: string): readonly FieldError[] {
  return equalJson(value ?? null, old ?? null) ? [] : [fieldErrors.invalid(path, value ?? null, 'field is immutable')]
}

/** The texts in one field of the objects of a list differ. */
export function uniqueIn(list: readonly unknown[], path: string, field: string): readonly FieldError[] {
  const seen = new Set<unknown>()
  return list.flatMap((one, index) => {
    const value = fieldAt(one, field)
    if (value === undefined || value === '') return []
    if (seen.has(value)) return [fieldErrors.duplicate(`${path}[${index}].${field}`, value)]
    seen.add(value)
    return []
  })
}

/** Exactly one of these fields is an object. `none` and `many` make the errors of the other two cases; the first one counts. */
export function exactlyOneOf(
  object: unknown,
  fields: readonly string[],
  none: () => FieldError,
  many: (field: string) => FieldError,
): readonly FieldError[] {
  const present = fields.filter((field) => isObject(fieldAt(object, field)))
  return present.length === 0 ? [none()] : present.slice(1).map(many)
}
