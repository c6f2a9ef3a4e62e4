import { StatusError } from '../status-error.ts'

const secondsLayout = '2006-01-02T15:04:05Z07:00'
const microLayout = '2006-01-02T15:04:05.000000Z07:00'
const zeroSeconds = -62_135_596_800 // the first of January of the year 1: Go's zero time
const seconds = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/
const canonicalSeconds = /^(?!0001)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** A moment as protobuf has it. `nanos` is 0 to 999,999,999. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

/**
 * An RFC 3339 time as Kubernetes stores it: UTC and whole seconds (`meta.v1.Time`), or null for the zero time. Throws BadRequest with the
 * text of Go's parser.
 */
export function canonicalTime(text: string): string | null {
  if (canonicalSeconds.test(text)) return text
  const instant = parseInstant(text, secondsLayout)
  return instant.seconds === zeroSeconds && instant.nanos === 0 ? null : printTime(instant)
}

/** The same for `meta.v1.MicroTime`, which wants exactly six digits of fraction. */
export function canonicalMicroTime(text: string): string | null {
  const instant = parseInstant(text, microLayout)
  return instant.seconds === zeroSeconds && instant.nanos === 0 ? null : printMicroTime(instant)
}

/** Seconds and nanoseconds since 1970 of a time in canonical form. */
export function instantOf(text: string): Instant {
  const [, fraction] = /\.(\d{6})Z$/.exec(text) ?? []
  return { seconds: Math.floor(Date.parse(text) / 1000), nanos: Number(fraction ?? 0) * 1000 }
}

/** `2026-01-02T03:04:05Z`. Years beyond 9999 do not exist in the API: undefined. */
export function printTime({ seconds: value }: Instant): string {
  return `${isoSeconds(value)}Z`
}

/** `2026-01-02T03:04:05.678901Z`. */
export function printMicroTime({ seconds: value, nanos }: Instant): string {
  return `${isoSeconds(value)}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

function isoSeconds(value: number): string {
  const date = new Date(value * 1000)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 0) {
    throw StatusError.badRequest('Time.MarshalJSON: year outside of range [0,9999]')
  }
  return date.toISOString().slice(0, 19)
}

function parseInstant(text: string, layout: string): Instant {
  const micro = layout === microLayout
  const match = seconds.exec(text)
  if (!match || (micro && !/T\d{1,2}:\d{2}:\d{2}\.\d{6}(?:Z|[+-])/.test(text))) throw refusal(text, layout)
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match
  checkRange(text, 'month', month, 1, 12)
  checkRange(text, 'hour', hour, 0, 23)
  checkRange(text, 'minute', minute, 0, 59)
  checkRange(text, 'second', second, 0, 59)
  checkRange(text, 'day', day, 1, daysIn(Number(year), Number(month)))
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  return {
    seconds: date.getTime() / 1000 - offsetSeconds(text, zone),
    nanos: Number(fraction.slice(0, 9).padEnd(9, '0')),
  }
}

function offsetSeconds(text: string, zone: string): number {
  if (zone === 'Z') return 0
  const hours = zone.slice(1, 3)
  const minutes = zone.slice(4, 6)
  checkRange(text, 'time zone offset hour', hours, 0, 24)
  checkRange(text, 'time zone offset minute', minutes, 0, 60)
  return (zone.startsWith('-') ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

function daysIn(year: number, month: number): number {
  const last = new Date(0)
  last.setUTCFullYear(year, month, 0)
  return last.getUTCDate()
}

function checkRange(text: string, what: string, digits: string | undefined, low: number, high: number): void {
  const value = Number(digits)
  if (value < low || value > high)
    throw StatusError.badRequest(`parsing time ${JSON.stringify(text)}: ${what} out of range`)
}

const layoutParts: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{1,2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}/],
]

/** Go names the first piece of its layout that the rest of the text does not fit. */
function refusal(text: string, layout: string): StatusError {
  const parts = [
    ...layoutParts,
    ...(layout === microLayout ? ([['.000000', /^\.\d{6}/]] as const) : ([['', /^(?:[.,]\d+)?/]] as const)),
    ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/] as const,
  ]
  let rest = text
  for (const [part, pattern] of parts) {
    const [matched] = pattern.exec(rest) ?? []
    if (matched === undefined) {
      return StatusError.badRequest(
        `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`,
      )
    }
    rest = rest.slice(matched.length)
  }
  return StatusError.badRequest(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`)
}
