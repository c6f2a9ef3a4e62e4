import { dump, EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import { setOwn } from './json.ts'
import { StatusError } from './status-error.ts'

/** Nesting beyond which a YAML document is refused. */
export const maxYamlDepth = 1_000

/** Text that aliases may make out of a document, in characters. */
const maxExpandedLength = 16 * 1024 * 1024

/** Repeated keys beyond this are not reported. */
const maxDuplicates = 100

/** A parsed document. */
export interface YamlDocument {
  readonly value: unknown
  /** `line 7: key "a" already set in map`: one for each repeated key; the last value won. */
  readonly duplicates: readonly string[]
}

/**
 * Parses the first document of a YAML stream into JSON values, with the scalars of the YAML that Kubernetes reads (YAML 1.1 as Go reads it:
 * `yes` is true, `0644` is 420, `12:30:45` and dates are text). Fields of an object are sorted, as after Kubernetes' way through JSON.
 * Throws BadRequest, also for documents that are too deep or grow too much through aliases.
 */
export function parseYaml(text: string): YamlDocument {
  const source = firstDocument(text.startsWith('\ufeff') ? text.slice(1) : text)
  let events: readonly Event[]
  try {
    events = parseEvents(source, { maxDepth: maxYamlDepth + 1 }) // the document itself is one level
  } catch (error) {
    throw unreadable(error)
  }
  return new Builder(source, events).build()
}

function unreadable(error: unknown): StatusError {
  if (!(error instanceof YAMLException)) return StatusError.badRequest('yaml: the document cannot be read', error)
  const line = error.mark === undefined ? '' : `line ${error.mark.line + 1}: `
  const reason = error.reason.startsWith('nesting exceeded') ? `exceeded max depth of ${maxYamlDepth}` : error.reason
  return StatusError.badRequest(`yaml: ${line}${reason}`, error)
}

/**
 * The text up to the end of the first document. A line that begins with `---` or `...` ends a document wherever it stands, so nothing else
 * has to be understood to find it; what follows is not read, and need not be YAML.
 */
function firstDocument(text: string): string {
  const marker = /^(---|\.\.\.)(?=[ \t\r\n]|$)/gm
  let started = false
  for (let match = marker.exec(text); match !== null; match = marker.exec(text)) {
    if (started || match[1] === '...' || hasContent(text.slice(0, match.index))) return text.slice(0, match.index)
    started = true
  }
  return text
}

/** Whether there is anything but empty lines, comments and directives. */
function hasContent(head: string): boolean {
  return /^(?![ \t]*(?:#|\r?$))(?!%)/m.test(head.replace(/\n$/, '')) && head.trim() !== ''
}

/** A value with what counting aliases needs: its nodes, and the length of its texts. */
interface Built {
  readonly value: unknown
  readonly nodes: number
  readonly length: number
}

interface Open {
  readonly container: Record<string, unknown> | unknown[]
  readonly anchor: string | undefined
  /** Keys that were set, and the type each was written with. */
  readonly seen: Set<string>
  key: Key | undefined
  nodes: number
  length: number
}

interface Key {
  readonly name: string
  /** As Go prints the value: `"a"`, `true`, `1`. */
  readonly printed: string
  readonly at: number
  readonly merge: boolean
}

/** Makes values of parser events. Aliases are copies, so that nobody who changes a value in place changes two. */
class Builder {
  readonly #source: string
  readonly #events: readonly Event[]
  readonly #anchors = new Map<string, Built | 'open'>()
  readonly #stack: Open[] = []
  readonly #duplicates: string[] = []
  #nodes = 0
  #aliased = 0
  #length = 0
  #result: Built | undefined

  constructor(source: string, events: readonly Event[]) {
    this.#source = source
    this.#events = events
  }

  build(): YamlDocument {
    for (const event of this.#events) this.#take(event)
    const value = this.#result?.value ?? null
    return { value, duplicates: this.#duplicates }
  }

  #take(event: Event): void {
    if (event.type === EVENT_ID.SCALAR) this.#scalar(event)
    else if (event.type === EVENT_ID.ALIAS) this.#alias(event)
    else if (event.type === EVENT_ID.POP) this.#leave()
    else if (event.type !== EVENT_ID.DOCUMENT) this.#enter(event)
  }

  #text(start: number, end: number): string | undefined {
    return start === -1 ? undefined : this.#source.slice(start, end)
  }

  #enter(event: Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>): void {
    const anchor = this.#text(event.anchorStart, event.anchorEnd)
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const sequence = event.type === EVENT_ID.SEQUENCE
    this.#stack.push({ container: sequence ? [] : {}, anchor, seen: new Set(), key: undefined, nodes: 1, length: 0 })
    this.#count(1, 0)
  }

  #leave(): void {
    const open = this.#stack.pop()
    if (open === undefined) return // the end of the document
    const value = Array.isArray(open.container) ? open.container : sorted(open.container)
    this.#finish({ value, nodes: open.nodes, length: open.length }, open.anchor, -1)
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): void {
    const text = getScalarValue(this.#source, event)
    const tag = this.#text(event.tagStart, event.tagEnd)
    const value = scalarValue(text, event.style === SCALAR_STYLE.PLAIN, tag)
    this.#count(1, 0)
    const merge = event.style === SCALAR_STYLE.PLAIN && tag === undefined && text === '<<'
    const anchor = this.#text(event.anchorStart, event.anchorEnd)
    this.#finish({ value, nodes: 1, length: text.length }, anchor, event.valueStart, merge)
  }

  #alias(event: Extract<Event, { type: typeof EVENT_ID.ALIAS }>): void {
    const name = this.#source.slice(event.anchorStart, event.anchorEnd)
    const target = this.#anchors.get(name)
    if (target === undefined) throw StatusError.badRequest(`yaml: unknown anchor '${name}' referenced`)
    if (target === 'open') throw StatusError.badRequest(`yaml: anchor '${name}' value contains itself`)
    this.#aliased += target.nodes
    this.#count(target.nodes, target.length)
    this.#finish({ ...target, value: structuredClone(target.value) }, undefined, event.anchorStart)
  }

  /** The budget of Go's YAML: the larger a document, the smaller the part of it that aliases may make. */
  #count(nodes: number, length: number): void {
    this.#nodes += nodes
    this.#length += length
    const ratio =
      this.#nodes <= 400_000
        ? 0.99
        : this.#nodes >= 4_000_000
          ? 0.1
          : 0.99 - (0.89 * (this.#nodes - 400_000)) / 3_600_000
    const excessive = this.#aliased > 100 && this.#nodes > 1000 && this.#aliased / this.#nodes > ratio
    if (excessive || this.#length > maxExpandedLength) {
      throw StatusError.badRequest('yaml: document contains excessive aliasing')
    }
  }

  #finish(built: Built, anchor: string | undefined, at: number, merge = false): void {
    if (anchor !== undefined) this.#anchors.set(anchor, built)
    const open = this.#stack.at(-1)
    if (open === undefined) {
      this.#result = built
      return
    }
    open.nodes += built.nodes
    open.length += built.length
    if (Array.isArray(open.container)) open.container.push(built.value)
    else if (open.key === undefined) open.key = keyOf(built.value, at, merge)
    else {
      const { key } = open
      open.key = undefined
      if (key.merge) this.#merge(open, built.value)
      else this.#set(open, key, built.value)
    }
  }

  #set(open: Open, key: Key, value: unknown): void {
    if (open.seen.has(key.name) && this.#duplicates.length < maxDuplicates) {
      this.#duplicates.push(`line ${lineAt(this.#source, key.at)}: key ${key.printed} already set in map`)
    }
    open.seen.add(key.name)
    setOwn(open.container, key.name, value)
  }

  #merge(open: Open, value: unknown): void {
    const maps: unknown[] = Array.isArray(value) ? [...value].reverse() : [value]
    for (const map of maps) {
      if (typeof map !== 'object' || map === null || Array.isArray(map)) {
        throw StatusError.badRequest('yaml: map merge requires map or sequence of maps as the value')
      }
      for (const [name, field] of Object.entries(map)) {
        open.seen.add(name)
        setOwn(open.container, name, field)
      }
    }
  }
}

function keyOf(value: unknown, at: number, merge: boolean): Key {
  if (typeof value === 'string') return { name: value, printed: JSON.stringify(value), at, merge }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return { name: String(value), printed: String(value), at, merge }
  }
  if (value === null) throw StatusError.badRequest('unsupported map key of type: %!s(<nil>), key: <nil>')
  throw StatusError.badRequest(`yaml: invalid map key: ${JSON.stringify(value)}`)
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(object)
  if (names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)) return object
  const result: Record<string, unknown> = {}
  for (const name of names.sort()) setOwn(result, name, object[name])
  return result
}

function lineAt(source: string, offset: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) line++
  return line
}

const words: ReadonlyMap<string, boolean | null> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
])
const infinity = /^([+-]?)\.(?:inf|Inf|INF)$/
const notANumber = /^\.(?:nan|NaN|NAN)$/
const pointed = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/

/** A scalar by the rules of Go's YAML (`resolve`): quoted ones are text, plain ones what they look like, tags decide. */
function scalarValue(text: string, plain: boolean, tag: string | undefined): unknown {
  const short = tag?.replace(/^!<tag:yaml\.org,2002:(.*)>$/, '!!$1')
  if (short === '!!binary') return decodeBinary(text)
  if (short === '!!str' || (short === '!' && tag === '!')) return text
  if (!plain && (short === undefined || !/^!!(?:int|float|bool|null)$/.test(short))) return text
  const value = resolvePlain(text)
  switch (short) {
    case '!!int':
      if (typeof value === 'number' && Number.isInteger(value)) return value
      break
    case '!!float':
      if (typeof value === 'number') return value
      break
    case '!!bool':
      if (typeof value === 'boolean') return value
      break
    case '!!null':
      if (value === null) return value
      break
    case undefined:
      return value
    default:
      return text
  }
  throw StatusError.badRequest(`yaml: cannot decode ${tagOf(value)} \`${text}\` as a ${short}`)
}

function tagOf(value: unknown): string {
  if (value === null) return '!!null'
  if (typeof value === 'number') return Number.isInteger(value) ? '!!int' : '!!float'
  return typeof value === 'boolean' ? '!!bool' : '!!str'
}

function decodeBinary(text: string): string {
  const stripped = text.replace(/\s+/g, '')
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(stripped)) {
    throw StatusError.badRequest('yaml: !!binary value contains invalid base64 data')
  }
  return Buffer.from(stripped, 'base64').toString('utf8')
}

function resolvePlain(text: string): unknown {
  const word = words.get(text)
  if (word !== undefined) return word
  if (!/^[-+.0-9]/.test(text)) return text
  const infinite = infinity.exec(text)
  if (infinite) throw StatusError.badRequest(`json: unsupported value: ${infinite[1] === '-' ? '-' : '+'}Inf`)
  if (notANumber.test(text)) throw StatusError.badRequest('json: unsupported value: NaN')
  // Go drops underscores from what begins with a digit or sign; behind a leading point they must stand between digits.
  if (text.startsWith('.') && !pointed.test(text)) return text
  const digits = text.replaceAll('_', '')
  const integer = integerValue(digits)
  if (integer !== undefined) return integer
  if (!float.test(digits)) return text
  const value = Number(digits)
  return Number.isFinite(value) ? (value === 0 ? 0 : value) : text
}

function integerValue(digits: string): number | undefined {
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/.exec(digits)
  if (!match) return undefined
  const [, sign, hex, binary, octal, decimal] = match
  const value =
    hex !== undefined
      ? Number(`0x${hex}`)
      : binary !== undefined
        ? Number(`0b${binary}`)
        : octal !== undefined
          ? Number(`0o${octal}`)
          : Number(decimal)
  return sign === '-' && value !== 0 ? -value : value
}

/** Prints a JSON value as kubectl users know it: sorted keys, lists not indented, no folding. Ends with a newline. */
export function printYaml(value: unknown): string {
  return dump(value, { sortKeys: true, seqNoIndent: true, lineWidth: -1, noRefs: true, quoteStyle: 'double' })
}
