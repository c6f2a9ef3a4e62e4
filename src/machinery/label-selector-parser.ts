import {
  checkLabelKey,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
  unparsable,
} from './label-requirement.ts'
import { StatusError } from './status-error.ts'

/** A word, a symbol, or the end of the text. `in` and `notin` are words: only their place makes them operators. */
interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
}

const end: Token = { kind: 'end', text: '' }

/** Symbols of two characters first, so that `==` is not read as `=` twice. */
const tokenPattern = /[ \t\r\n]+|(==|!=|[=!<>(),])|([^ \t\r\n=!<>(),]+)/gy

const operators: Readonly<Record<string, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': '>',
  '<': '<',
}
const operatorNames = 'in, notin, =, ==, !=, gt, lt'

/**
 * Reads the terms of a label selector in one pass (Kubernetes documentation, “Labels and Selectors”; grammar and refusals as measured on
 * kube-apiserver 1.36). Throws BadRequest.
 */
export function parseLabelRequirements(text: string): readonly LabelRequirement[] {
  const tokens = new Tokens(text)
  const requirements: LabelRequirement[] = []
  if (tokens.next.kind === 'end') return requirements
  if (!startsTerm(tokens.next)) throw expected(tokens.next, `!, identifier, or 'end of string'`)
  for (;;) {
    requirements.push(parseTerm(tokens))
    const separator = tokens.take()
    if (separator.kind === 'end') return requirements
    if (separator.text !== ',') throw expected(separator, `',' or 'end of string'`)
    if (!startsTerm(tokens.next)) throw expected(tokens.next, `identifier after ','`)
  }
}

function startsTerm({ kind, text }: Token): boolean {
  return kind === 'word' || text === '!'
}

function parseTerm(tokens: Tokens): LabelRequirement {
  const absent = tokens.next.text === '!'
  if (absent) tokens.take()
  const key = tokens.take()
  if (key.kind !== 'word') throw termExpected(key, 'identifier')
  checkLabelKey(key.text)
  if (absent) return labelRequirement(key.text, '!', [])
  if (endsTerm(tokens.next)) return labelRequirement(key.text, 'exists', [])
  const symbol = tokens.take()
  const operator = Object.hasOwn(operators, symbol.text) ? operators[symbol.text] : undefined
  if (operator === undefined) throw termExpected(symbol, operatorNames)
  const values = operator === 'in' || operator === 'notin' ? parseSet(tokens) : [parseValue(tokens)]
  return labelRequirement(key.text, operator, values)
}

function endsTerm({ kind, text }: Token): boolean {
  return kind === 'end' || text === ','
}

function parseValue(tokens: Tokens): string {
  if (endsTerm(tokens.next)) return ''
  const value = tokens.take()
  if (value.kind !== 'word') throw termExpected(value, 'identifier')
  return value.text
}

/** `(a,b)`. A missing value, as in `()`, `(a,)` and `(,a)`, is the empty one. */
function parseSet(tokens: Tokens): readonly string[] {
  const open = tokens.take()
  if (open.text !== '(') throw unparsable(`found '${open.text}' expected: '('`)
  const { next } = tokens
  if (next.kind !== 'word' && next.text !== ',' && next.text !== ')') {
    throw termExpected(next, `',', ')' or identifier`)
  }
  const values: string[] = []
  let value = ''
  for (;;) {
    const token = tokens.take()
    if (token.kind === 'word') {
      value = token.text
      if (tokens.next.text !== ',' && tokens.next.text !== ')') throw termExpected(tokens.next, `',' or ')'`)
    } else if (token.text === ',' || token.text === ')') {
      values.push(value)
      value = ''
      if (token.text === ')') return values
    } else throw termExpected(token, `',', or identifier`)
  }
}

function expected(token: Token, wanted: string): StatusError {
  return StatusError.badRequest(`found '${token.text}', expected: ${wanted}`)
}

function termExpected(token: Token, wanted: string): StatusError {
  return unparsable(`found '${token.text}', expected: ${wanted}`)
}

/** The tokens of a text, one ahead. */
class Tokens {
  readonly #text: string
  #position = 0
  #next: Token

  constructor(text: string) {
    this.#text = text
    this.#next = this.#scan()
  }

  get next(): Token {
    return this.#next
  }

  take(): Token {
    const token = this.#next
    this.#next = this.#scan()
    return token
  }

  #scan(): Token {
    while (this.#position < this.#text.length) {
      tokenPattern.lastIndex = this.#position
      const match = tokenPattern.exec(this.#text)
      // Every character is white space, a symbol, or part of a word.
      if (match === null) return end
      this.#position = tokenPattern.lastIndex
      const [, symbol, word] = match
      if (symbol !== undefined) return { kind: 'symbol', text: symbol }
      if (word !== undefined) return { kind: 'word', text: word }
    }
    return end
  }
}
