import {
  byBytes,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
  printLabelRequirement,
  satisfies,
} from './label-requirement.ts'
import { parseLabelRequirements } from './label-selector-parser.ts'
import { isObject } from './object.ts'
import { StatusError } from './status-error.ts'

export type { LabelOperator, LabelRequirement } from './label-requirement.ts'

/** Which labels are meant: all requirements hold. */
export interface LabelSelector {
  /** By key, in byte order. */
  readonly requirements: readonly LabelRequirement[]
  /** Nothing is required: everything is meant. */
  readonly empty: boolean
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
}

/** One term of a field selector. `==` has become `=`. */
export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** Which fields are meant: all requirements hold, in the order in which they were written. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
  /** Nothing is required: everything is meant. */
  readonly empty: boolean
  /** `fieldValue` tells the value of a field label; a field that has none counts as empty text. */
  matches(fieldValue: (field: string) => string | undefined): boolean
}

/**
 * A label selector as it stands in a query: `app=web,tier in (a,b),!old` (Kubernetes documentation, “Labels and Selectors”). Takes time
 * in proportion to the text. Throws BadRequest with the texts of Kubernetes 1.36.
 */
export function parseLabelSelector(text: string): LabelSelector {
  return selectorOf(parseLabelRequirements(text))
}

const expressionOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/**
 * The selector that a LabelSelector object describes (Kubernetes API reference, `LabelSelector`): no object selects nothing, an empty one
 * everything. Fields of a wrong type count as absent: validation is the business of the object's kind. Throws BadRequest for an operator,
 * key or value that no selector can have.
 */
export function labelSelectorFrom(
  selector: { readonly matchLabels?: unknown; readonly matchExpressions?: unknown } | undefined,
): LabelSelector {
  if (selector === undefined) return { requirements: [], empty: false, matches: () => false }
  const requirements: LabelRequirement[] = []
  if (isObject(selector.matchLabels)) {
    for (const [key, value] of Object.entries(selector.matchLabels)) {
      requirements.push(labelRequirement(key, '=', [typeof value === 'string' ? value : '']))
    }
  }
  if (Array.isArray(selector.matchExpressions)) {
    for (const expression of selector.matchExpressions) requirements.push(requirementOf(expression))
  }
  return selectorOf(requirements)
}

function requirementOf(expression: unknown): LabelRequirement {
  const { key, operator, values } = isObject(expression) ? expression : {}
  const name = typeof operator === 'string' ? operator : ''
  const known = Object.hasOwn(expressionOperators, name) ? expressionOperators[name] : undefined
  if (known === undefined) {
    throw StatusError.badRequest(`${JSON.stringify(name)} is not a valid label selector operator`)
  }
  const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
  return labelRequirement(typeof key === 'string' ? key : '', known, texts)
}

function selectorOf(written: readonly LabelRequirement[]): LabelSelector {
  const requirements = written.toSorted((a, b) => byBytes(a.key, b.key))
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (labels = {}) => requirements.every((requirement) => satisfies(requirement, labels)),
  }
}

/** A label selector as text that parses to the same selector: terms by key. `''` for one that selects everything, or nothing. */
export function printLabelSelector(selector: LabelSelector): string {
  return selector.requirements.map(printLabelRequirement).join(',')
}

/**
 * A field selector as it stands in a query: `metadata.name=a,status.phase!=Running`; `\` before `\`, `,` and `=` in a value takes their
 * meaning away. Takes time in proportion to the text. Throws BadRequest with the texts of Kubernetes 1.36. Whether a kind has a field
 * is another question.
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text)) {
    if (term === '') continue
    const split = /!=|==?/.exec(term)
    if (split === null) throw StatusError.badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const field = term.slice(0, split.index)
    const value = unescapeValue(term.slice(split.index + split[0].length))
    const operator = split[0] === '!=' ? '!=' : '='
    // `=` alone asks for nothing.
    if (field !== '' || value !== '') requirements.push({ field, operator, value })
  }
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (fieldValue) =>
      requirements.every(({ field, operator, value }) => ((fieldValue(field) ?? '') === value) === (operator === '=')),
  }
}

function splitTerms(text: string): readonly string[] {
  const terms: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      terms.push(text.slice(start, index))
      start = index + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) return value
  let plain = ''
  let escaped = false
  for (const character of value) {
    if (escaped) {
      if (!'\\,='.includes(character)) {
        throw StatusError.badRequest(`invalid field selector: invalid escape sequence: \\${character}`)
      }
      plain += character
      escaped = false
    } else if (character === '\\') escaped = true
    else if (character === ',' || character === '=') {
      const codePoint = character.charCodeAt(0)
      throw StatusError.badRequest(`invalid field selector: unescaped character in value: ${codePoint}`)
    } else plain += character
  }
  if (escaped) throw StatusError.badRequest('invalid field selector: invalid escape sequence: \\')
  return plain
}
