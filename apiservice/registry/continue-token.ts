import { isObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'

/** Where a paged list goes on. Opaque to clients; the shape is that of kube-apiserver, with one field of ours. */
export interface ContinueToken {
  /** The revision of the first page, or -1: go on at whatever is current (an inconsistent continuation). */
  readonly revision: number
  /** The last key that was returned. */
  readonly after: { readonly namespace: string; readonly name: string }
  /** How many items the pages before have returned, for remainingItemCount. */
  readonly seen: number
}

const version = 'meta.k8s.io/v1'

export function printContinueToken({ revision, after, seen }: ContinueToken): string {
  const start = after.namespace === '' ? `${after.name}\0` : `${after.namespace}/${after.name}\0`
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start, seen })).toString('base64url')
}

/** Throws BadRequest for what this hub did not print. */
export function parseContinueToken(text: string): ContinueToken {
  const bad = (detail: string) => StatusError.badRequest(`invalid continue token: continue key is not valid: ${detail}`)
  const wrongAt = /^[\w-]*$/.test(text) ? (text.length % 4 === 1 ? text.length - 1 : -1) : text.search(/[^\w-]/)
  if (wrongAt >= 0) throw bad(`illegal base64 data at input byte ${wrongAt}`)
  let token: unknown
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (cause) {
    const first = Buffer.from(text, 'base64url').toString('latin1').charAt(0)
    throw StatusError.badRequest(
      `invalid continue token: continue key is not valid: invalid character ${quoteRune(first)} looking for beginning of value`,
      cause,
    )
  }
  if (!isObject(token)) throw bad('it is no object')
  if (token['v'] !== version)
    throw bad(`server does not recognize this encoded version ${JSON.stringify(token['v'] ?? '')}`)
  const { rv, start, seen = 0 } = token
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) {
    throw bad('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') throw bad('encoded start key empty (version meta.k8s.io/v1)')
  const key = start.endsWith('\0') ? start.slice(0, -1) : start
  const parts = key.split('/')
  if (parts.length > 2 || parts.includes('..')) throw bad(start)
  const [first = '', second] = parts
  return {
    revision: rv,
    after: second === undefined ? { namespace: '', name: first } : { namespace: first, name: second },
    seen: typeof seen === 'number' && Number.isSafeInteger(seen) && seen >= 0 ? seen : 0,
  }
}

/** A byte as Go quotes a character in a syntax error. */
function quoteRune(character: string): string {
  if (character === "'") return "'\\''"
  const code = character.charCodeAt(0)
  if (code >= 0x20 && code < 0x7f) return `'${character}'`
  return `'\\x${code.toString(16).padStart(2, '0')}'`
}
