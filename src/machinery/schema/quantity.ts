import { StatusError } from '../status-error.ts'

/**
 * An amount with a suffix (Kubernetes API reference, `Quantity`): `mantissa * 10^exponent`, exact. The three formats differ only in how
 * they are printed. `exponent` may be far beyond what anybody can write out, so nothing here expands it.
 */
export interface Quantity {
  readonly mantissa: bigint
  readonly exponent: number
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent'
  /** The text itself, where Kubernetes keeps it as it was written: it is regular, if not always the shortest form. */
  readonly text?: string
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const numericWrong = 'unable to parse numeric part of quantity'
const suffixWrong = "unable to parse quantity's suffix"

const decimalSuffixes: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const suffixOfExponent = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]))

/** Longer numbers are no amounts; the limit keeps arithmetic on them cheap. */
const maxDigits = 512
const maxBinary = 2n ** 63n - 1n
const nano = -9

/** Digits up to which Go keeps a quantity in 64 bits, and with it the text. */
const fastDigits = 18

/** Parses a quantity. Throws BadRequest with the text of kube-apiserver; the value counts at most nine decimals, rounded away from zero. */
export function parseQuantity(text: string): Quantity {
  const source = text.trim()
  if (source === '') throw StatusError.badRequest(formatWrong)
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*)([+-]?\d*)$/.exec(source)
  if (!match) throw StatusError.badRequest(formatWrong)
  const [, sign = '', whole = '', fraction = '', letters = '', power = ''] = match
  if (whole.length + fraction.length > maxDigits) throw StatusError.badRequest(numericWrong)
  const { format, exponent, shift } = suffixOf(letters, power)
  const stripped = whole.replace(/^0+/, '')
  const digits = (stripped === '' ? '0' : stripped) + fraction
  let mantissa = BigInt(digits)
  if (sign === '-') mantissa = -mantissa
  const scale = exponent - fraction.length
  if (shift > 0) {
    // Go keeps the text of a binary amount that fits 64 bits by its rough count, and that is no multiple of eight.
    const short = fraction === '' && digits.length + Math.floor((shift * 3) / 10) < 15
    if (whole === '' && fraction === '' && !short) throw StatusError.badRequest(numericWrong)
    const quantity = binaryQuantity(mantissa << BigInt(shift), -fraction.length)
    return short && Number(digits) % 8 !== 0 ? { ...quantity, text: source } : quantity
  }
  // Only Go's way for short numbers, here and above, reads no digits as zero.
  if (whole === '' && fraction === '' && scale < nano) throw StatusError.badRequest(numericWrong)
  const rounded = roundUp(mantissa, scale, nano)
  // Go keeps the text of a short number whose exponent is already a multiple of three and that no longer suffix would shorten.
  const kept =
    digits.length <= fastDigits &&
    scale >= nano &&
    scale % 3 === 0 &&
    !digits.endsWith('000') &&
    !digits.startsWith('0')
  return { ...rounded, format, ...(kept ? { text: source } : {}) }
}

function binaryQuantity(mantissa: bigint, exponent: number): Quantity {
  const { mantissa: value, exponent: scale } = roundUp(mantissa, exponent, nano)
  const cap = maxBinary * 10n ** BigInt(-Math.min(scale, 0))
  return value > cap
    ? { mantissa: maxBinary, exponent: 0, format: 'BinarySI' }
    : { mantissa: value, exponent: scale, format: 'BinarySI' }
}

function suffixOf(
  letters: string,
  power: string,
): { readonly format: Quantity['format']; readonly exponent: number; readonly shift: number } {
  if (power === '') {
    const exponent = decimalSuffixes.get(letters)
    if (exponent !== undefined) return { format: 'DecimalSI', exponent, shift: 0 }
    const binary = binarySuffixes.indexOf(letters)
    if (binary > 0) return { format: 'BinarySI', exponent: 0, shift: binary * 10 }
  } else if ((letters === 'e' || letters === 'E') && /\d/.test(power)) {
    const exponent = Number(power)
    if (Math.abs(exponent) < 2 ** 31) return { format: 'DecimalExponent', exponent, shift: 0 }
  }
  throw StatusError.badRequest(suffixWrong)
}

/** The value with no digit below `10^scale`, rounded away from zero. */
function roundUp(
  mantissa: bigint,
  exponent: number,
  scale: number,
): { readonly mantissa: bigint; readonly exponent: number } {
  if (exponent >= scale) return { mantissa, exponent }
  // Every digit is below the scale: what is not zero becomes the smallest amount there is.
  if (scale - exponent > 2 * maxDigits)
    return { mantissa: mantissa === 0n ? 0n : mantissa < 0n ? -1n : 1n, exponent: scale }
  const divisor = 10n ** BigInt(scale - exponent)
  const quotient = mantissa / divisor
  if (quotient * divisor === mantissa) return { mantissa: quotient, exponent: scale }
  return { mantissa: quotient + (mantissa < 0n ? -1n : 1n), exponent: scale }
}

/** The quantity as Kubernetes prints it: `1000m` is `1`, `1024Mi` is `1Gi`, `1.5Gi` is `1536Mi`. */
export function printQuantity(quantity: Quantity): string {
  const { mantissa, exponent, text } = quantity
  if (text !== undefined) return text
  if (mantissa === 0n) return '0'
  if (quantity.format === 'BinarySI') {
    const whole = wholeNumber(mantissa, exponent)
    if (whole !== undefined && (whole >= 1024n || whole <= -1024n)) return printBinary(whole)
    return printDecimal(mantissa, exponent, 'DecimalSI')
  }
  return printDecimal(mantissa, exponent, quantity.format)
}

/** The value as an integer, or undefined when it has a fraction. Only for values whose exponent is small. */
function wholeNumber(mantissa: bigint, exponent: number): bigint | undefined {
  if (exponent >= 0) return mantissa * 10n ** BigInt(exponent)
  const divisor = 10n ** BigInt(-exponent)
  return mantissa % divisor === 0n ? mantissa / divisor : undefined
}

function printBinary(whole: bigint): string {
  let rest = whole
  let power = 0
  while (power < binarySuffixes.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n
    power++
  }
  return `${rest}${binarySuffixes[power]}`
}

function printDecimal(mantissa: bigint, exponent: number, format: 'DecimalSI' | 'DecimalExponent'): string {
  let rest = mantissa
  let power = exponent
  while (rest % 10n === 0n) {
    rest /= 10n
    power++
  }
  while (power % 3 !== 0 || (format === 'DecimalSI' && power > 18)) {
    rest *= 10n
    power--
  }
  if (format === 'DecimalExponent') return power === 0 ? `${rest}` : `${rest}e${power}`
  return `${rest}${suffixOfExponent.get(power) ?? ''}`
}

/** A quantity from JSON (text or number) as it is stored and sent. Throws BadRequest. */
export function canonicalQuantity(value: string | number): string {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1000) return String(value)
  return printQuantity(parseQuantity(String(value)))
}

/** Whether a text is a quantity. */
export function isQuantity(text: string): boolean {
  try {
    parseQuantity(text)
    return true
  } catch {
    return false
  }
}

/** Negative, zero or positive, as `left` is smaller than, equal to or larger than `right`. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  const sign = signOf(left.mantissa) - signOf(right.mantissa)
  if (sign !== 0 || left.mantissa === 0n) return sign
  // Numbers of a different order of magnitude are told apart by their digits; only close ones are written out.
  const direction = left.mantissa < 0n ? -1 : 1
  const order = magnitude(left) - magnitude(right)
  if (order !== 0) return direction * Math.sign(order)
  const base = Math.min(left.exponent, right.exponent)
  const a = left.mantissa * 10n ** BigInt(left.exponent - base)
  const b = right.mantissa * 10n ** BigInt(right.exponent - base)
  return a < b ? -1 : a > b ? 1 : 0
}

function signOf(value: bigint): number {
  return value === 0n ? 0 : value < 0n ? -1 : 1
}

function magnitude({ mantissa, exponent }: Quantity): number {
  return exponent + (mantissa < 0n ? -mantissa : mantissa).toString().length
}

/** An amount in a resource list, as it is stored and sent: without digits below a thousandth, rounded away from zero. Throws BadRequest. */
export function canonicalResourceAmount(value: string | number): string {
  const quantity = parseQuantity(String(value))
  if (quantity.exponent >= -3) return printQuantity(quantity)
  const { format } = quantity
  return printQuantity({ ...roundUp(quantity.mantissa, quantity.exponent, -3), format })
}
