import { type JsonNotes, JsonReader, maxJsonDepth } from './json-reader.ts'
import { StatusError } from './status-error.ts'

export { type JsonNotes, maxJsonDepth, setOwn } from './json-reader.ts'

/** A parsed document. `notes` is there only when the text had something that its value does not show. */
export interface JsonDocument {
  readonly value: unknown
  readonly notes?: JsonNotes
  /** The deepest nesting of objects and lists. */
  readonly depth: number
}

/** What a caller wants to know beyond the value. */
export interface JsonOptions {
  /** Note numbers that are not written as short integers: built-in kinds refuse `80.0` where they want an integer. */
  readonly numbers?: boolean
  /** A repeated object adds to the first, as built-in kinds are decoded; otherwise the last value wins. */
  readonly merge?: boolean
}

/**
 * Parses one JSON document from a client (Kubernetes API concepts: fields are case-sensitive, repeated fields are reported). Integers
 * beyond 2^53 keep the nearest double. Throws BadRequest with the text of Go's decoder, also for a document that is too deep.
 */
export function parseJson(source: string, options: JsonOptions = {}): JsonDocument {
  const text = source.includes('\\u') ? withoutLoneSurrogates(source) : source
  const survey = surveyJson(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Only for its message: what V8 refuses, the exact reader refuses too, in the words that clients know.
    return { ...new JsonReader(text, { merge: false }).read(), depth: survey.depth }
  }
  if (survey.depth > maxJsonDepth) throw StatusError.badRequest("invalid character '[' exceeded max depth")
  const repeated = countFields(value) !== survey.fields
  if (!repeated && !(survey.oddNumbers && (options.numbers || overflows(value)))) return { value, depth: survey.depth }
  return { ...new JsonReader(text, { merge: options.merge ?? false }).read(), depth: survey.depth }
}

/** Half a surrogate pair is no character: Go reads it as U+FFFD, and no later encoder has to think of it. */
function withoutLoneSurrogates(text: string): string {
  return text.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]../g, (found) =>
    found.length === 6 ? '\\ufffd' : found,
  )
}

/**
 * One pass over the text that counts colons and nesting outside strings. A document without repeated fields has as many fields as
 * colons, which is all that has to be known on the usual way.
 */
function surveyJson(text: string): { readonly fields: number; readonly depth: number; readonly oddNumbers: boolean } {
  let fields = 0
  let depth = 0
  let deepest = 0
  let digits = 0
  let oddNumbers = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) {
      if (++digits > 15) oddNumbers = true
      continue
    }
    // A fraction or an exponent follows a digit; the `e` of `true` and `false` does not.
    if (digits > 0 && (code === 0x2e || code === 0x65 || code === 0x45)) oddNumbers = true
    digits = 0
    if (code === 0x22) {
      at = stringEnd(text, at)
      if (at === -1) break
    } else if (code === 0x3a) fields++
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > deepest) deepest = depth
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return { fields, depth: deepest, oddNumbers }
}

/** The offset of the quote that ends the string which starts at `start`; -1 when there is none. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = end - 1
    while (text.charCodeAt(slashes) === 0x5c) slashes--
    if ((end - slashes) % 2 === 1) return end
    end = text.indexOf('"', end + 1)
  }
  return -1
}

/** The number of fields in a value, with those of every object in it. Keeps its own stack: the value may be deep. */
function countFields(value: unknown): number {
  let count = 0
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === 'object') waiting.push(item)
      continue
    }
    for (const key in next) {
      count++
      const field = (next as Record<string, unknown>)[key]
      if (typeof field === 'object') waiting.push(field)
    }
  }
  return count
}

/** Whether a number is beyond what a double holds (`1e400`). */
function overflows(value: unknown): boolean {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) return true
    if (typeof next === 'object' && next !== null) for (const field of Object.values(next)) waiting.push(field)
  }
  return false
}
