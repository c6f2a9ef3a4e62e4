import { StatusError } from './status-error.ts'

/** Nesting beyond which kube-apiserver refuses a JSON document. */
export const maxJsonDepth = 10_000

/** What the exact reader saw that `JSON.parse` cannot tell. Paths are dotted, with `[i]` for list indexes. */
export interface JsonNotes {
  /** Fields that stood more than once in the same object, once for each repetition, in the order of the document. */
  readonly duplicates: readonly { readonly path: string; readonly at: number }[]
  /** Where each field first stood, by its path; offsets into the text. */
  readonly positions: ReadonlyMap<string, number>
  /** The text of numbers with a fraction, an exponent or more digits than a double holds, by the object or list that has them. */
  readonly lexemes: WeakMap<object, Map<string, string>>
}

interface Frame {
  readonly container: Record<string, unknown> | unknown[]
  readonly path: string
  /** The field that is being read; unused in lists. */
  key: string
}

/**
 * Reads JSON with the errors of Go's scanner, and notes what `JSON.parse` loses: repeated fields, positions, and the text of numbers.
 * Several times slower than `JSON.parse`, so `parseJson` asks for it only when there is something to note. Keeps its own stack: depth costs
 * memory in proportion, never the call stack. Throws BadRequest.
 */
export class JsonReader {
  readonly #text: string
  readonly #merge: boolean
  #at = 0
  readonly #duplicates: { path: string; at: number }[] = []
  readonly #positions = new Map<string, number>()
  readonly #lexemes = new WeakMap<object, Map<string, string>>()

  /** `merge`: a repeated object adds to the first one, as when Go decodes into a struct; otherwise the last value wins. */
  constructor(text: string, options: { readonly merge: boolean }) {
    this.#text = text
    this.#merge = options.merge
  }

  read(): { readonly value: unknown; readonly notes: JsonNotes } {
    const stack: Frame[] = []
    let value = this.#open(stack, undefined)
    for (;;) {
      const frame = stack.at(-1)
      if (frame === undefined) break
      if (value !== undefined) this.#store(frame, value.value)
      value = value === undefined ? this.#first(stack, frame) : this.#next(stack, frame)
    }
    this.#space()
    if (this.#at < this.#text.length) this.#refuse('after top-level value')
    return {
      value: value?.value,
      notes: { duplicates: this.#duplicates, positions: this.#positions, lexemes: this.#lexemes },
    }
  }

  /** Reads a scalar, or opens a container and returns undefined. */
  #open(stack: Frame[], parent: Frame | undefined): { readonly value: unknown } | undefined {
    this.#space()
    const character = this.#text[this.#at]
    if (character !== '{' && character !== '[') return { value: this.#scalar(parent) }
    if (stack.length >= maxJsonDepth) this.#refuse('exceeded max depth')
    this.#at++
    stack.push({ container: character === '{' ? {} : [], path: parent === undefined ? '' : childPath(parent), key: '' })
    return undefined
  }

  /** What follows an opening bracket. */
  #first(stack: Frame[], frame: Frame): { readonly value: unknown } | undefined {
    this.#space()
    const close = Array.isArray(frame.container) ? ']' : '}'
    if (this.#text[this.#at] === close) return this.#close(stack)
    if (close === '}') this.#key(frame)
    return this.#open(stack, frame)
  }

  /** What follows a value inside a container. */
  #next(stack: Frame[], frame: Frame): { readonly value: unknown } | undefined {
    this.#space()
    const list = Array.isArray(frame.container)
    const character = this.#text[this.#at]
    if (character === (list ? ']' : '}')) return this.#close(stack)
    if (character !== ',') this.#refuse(list ? 'after array element' : 'after object key:value pair')
    this.#at++
    if (!list) this.#key(frame)
    return this.#open(stack, frame)
  }

  #close(stack: Frame[]): { readonly value: unknown } {
    this.#at++
    return { value: stack.pop()?.container }
  }

  #key(frame: Frame): void {
    this.#space()
    if (this.#text[this.#at] !== '"') this.#refuse('looking for beginning of object key string')
    const at = this.#at
    frame.key = this.#string()
    const path = childPath(frame)
    if (Object.hasOwn(frame.container, frame.key)) this.#duplicates.push({ path, at })
    else this.#positions.set(path, at)
    this.#space()
    if (this.#text[this.#at] !== ':') this.#refuse('after object key')
    this.#at++
  }

  #store(frame: Frame, value: unknown): void {
    if (Array.isArray(frame.container)) {
      frame.container.push(value)
      return
    }
    const old = Object.hasOwn(frame.container, frame.key) ? frame.container[frame.key] : undefined
    if (this.#merge && isPlain(old) && isPlain(value)) {
      for (const [key, field] of Object.entries(value)) setOwn(old, key, field)
    } else setOwn(frame.container, frame.key, value)
  }

  #scalar(parent: Frame | undefined): unknown {
    const character = this.#text[this.#at]
    if (character === '"') return this.#string()
    if (character === 't') return this.#literal('true', true)
    if (character === 'f') return this.#literal('false', false)
    if (character === 'n') return this.#literal('null', null)
    if (character === '-' || isDigit(character)) return this.#number(parent)
    return this.#refuse('looking for beginning of value')
  }

  #literal<T>(word: string, value: T): T {
    for (let index = 1; index < word.length; index++) {
      this.#at++
      if (this.#text[this.#at] !== word[index]) this.#refuse(`in literal ${word} (expecting '${word[index]}')`)
    }
    this.#at++
    return value
  }

  #number(parent: Frame | undefined): number {
    const start = this.#at
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else this.#digits('in numeric literal')
    let odd = this.#at - start > 15
    if (this.#text[this.#at] === '.') {
      odd = true
      this.#at++
      this.#digits('after decimal point in numeric literal')
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      odd = true
      this.#at++
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++
      this.#digits('in exponent of numeric literal')
    }
    const lexeme = this.#text.slice(start, this.#at)
    const value = Number(lexeme)
    if (!Number.isFinite(value)) {
      throw StatusError.badRequest(`json: cannot unmarshal number ${lexeme} into Go value of type float64`)
    }
    if (odd && parent) this.#noteLexeme(parent, lexeme)
    return value
  }

  #noteLexeme(parent: Frame, lexeme: string): void {
    const key = Array.isArray(parent.container) ? String(parent.container.length) : parent.key
    const known = this.#lexemes.get(parent.container)
    if (known) known.set(key, lexeme)
    else this.#lexemes.set(parent.container, new Map([[key, lexeme]]))
  }

  #digits(context: string): void {
    if (!isDigit(this.#text[this.#at])) this.#refuse(context)
    while (isDigit(this.#text[this.#at])) this.#at++
  }

  #string(): string {
    const start = this.#at
    for (;;) {
      this.#at++
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x22) break
      if (!(code >= 0x20)) this.#refuse('in string literal')
      if (code === 0x5c) this.#escape()
    }
    this.#at++
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #escape(): void {
    this.#at++
    const character = this.#text[this.#at]
    if (character === undefined || !'"\\/bfnrtu'.includes(character)) this.#refuse('in string escape code')
    if (character !== 'u') return
    for (let count = 0; count < 4; count++) {
      this.#at++
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? '')) this.#refuse('in \\u hexadecimal character escape')
    }
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #refuse(context: string): never {
    // Go's scanner meets the end as if a space stood there, and only complains of the end where a space would be fine.
    const character =
      this.#text[this.#at] ?? (context.startsWith('in ') || context.includes('literal') ? ' ' : undefined)
    if (character === undefined || (character === ' ' && context === 'in string literal')) {
      throw StatusError.badRequest('unexpected end of JSON input')
    }
    throw StatusError.badRequest(`invalid character ${quoted(character)} ${context}`)
  }
}

function childPath(frame: Frame): string {
  if (Array.isArray(frame.container)) return `${frame.path}[${frame.container.length}]`
  return frame.path === '' ? frame.key : `${frame.path}.${frame.key}`
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a field by any name: `__proto__` is a field like any other in JSON. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else (object as Record<string, unknown>)[key] = value
}

/** A character between single quotes, as Go writes it in a message. */
function quoted(character: string): string {
  if (character === "'") return "'\\''"
  const code = character.charCodeAt(0)
  return code < 0x20 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${character}'`
}
