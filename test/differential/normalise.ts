import { fieldAt } from '../../src/machinery/object.ts'
import { parseYaml } from '../../src/machinery/yaml.ts'
import type { Received } from '../fixtures/send.ts'

/** An answer with everything that two equal servers may differ in replaced by a placeholder. */
export interface Normalised {
  readonly code: number
  readonly contentType: string
  readonly warnings: readonly string[]
  readonly body: unknown
}

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g

/**
 * Makes answers comparable. Names for uids and revisions are given in order of appearance over a whole case, so that two answers agree only
 * when the same value stands in the same places.
 */
export class Normaliser {
  readonly #uids = new Map<string, string>()
  readonly #revisions = new Map<string, string>()

  normalise(received: Received): Normalised {
    const warnings = received.headers['warning']
    return {
      code: received.code,
      contentType: String(received.headers['content-type'] ?? ''),
      warnings: warnings === undefined ? [] : typeof warnings === 'string' ? [warnings] : warnings,
      body: this.#body(received.text, String(received.headers['content-type'] ?? '')),
    }
  }

  #body(text: string, contentType: string): unknown {
    const lines = text.split('\n').filter((line) => line !== '')
    try {
      return this.#value(JSON.parse(text), '')
    } catch {
      // A watch: one JSON text a line. Anything else is compared as text.
    }
    if (contentType.includes('yaml')) return this.#value(parseYaml(text).value, '')
    try {
      return lines
        .map((line) => JSON.parse(line) as unknown)
        .filter((frame) => !isPlainBookmark(frame))
        .map((frame) => this.#value(frame, ''))
    } catch {
      return this.#text(text)
    }
  }

  #value(value: unknown, field: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#value(item, field))
    if (typeof value === 'object' && value !== null) {
      // A list or a bookmark tells how far the whole server has come, which is nobody's to compare.
      const whole = 'resourceVersion' in value && !('uid' in value)
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => {
          if (whole && key === 'resourceVersion' && inner !== '' && inner !== '0') return [key, 'RV']
          // What a column is for is said in everybody's own words.
          if (field === 'columnDefinitions' && key === 'description') return [key, 'TEXT']
          return [key, this.#value(inner, key)]
        }),
      )
    }
    if (typeof value !== 'string') return value
    if (field === 'resourceVersion' && value !== '' && value !== '0') return named(this.#revisions, value, 'RV')
    // Ages count from whenever the object was made.
    if (field === 'cells' && /^\d+s$/.test(value)) return 'AGE'
    if (field === 'continue' && value !== '') return 'CONTINUE'
    if (field === 'token') return 'TOKEN'
    return this.#text(value)
  }

  #text(text: string): string {
    return text
      .replace(uid, (found) => named(this.#uids, found, 'UID'))
      .replace(time, 'TIME')
      .replace(/current: \d+/, 'current: RV')
      .replace(/in record \(\d+\)/, 'in record (RV)')
      .replace(/"resourceVersion\\?":\\?"\d+/, '"resourceVersion":"RV')
      .replace(/\bA_[a-z0-9]{5}\b/g, 'A_RANDOM')
      .replace(/X509SHA256=[0-9a-f]+/, 'X509SHA256=HASH')
  }
}

/** A bookmark that marks nothing comes whenever the server's timer says so. */
function isPlainBookmark(frame: unknown): boolean {
  return fieldAt(frame, 'type') === 'BOOKMARK' && fieldAt(frame, 'object', 'metadata', 'annotations') === undefined
}

function named(names: Map<string, string>, value: string, prefix: string): string {
  const known = names.get(value)
  if (known !== undefined) return known
  const name = `${prefix}-${names.size + 1}`
  names.set(value, name)
  return name
}
