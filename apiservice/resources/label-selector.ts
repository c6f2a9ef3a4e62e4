import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { validateLabels } from '../../src/machinery/metadata.ts'
import { labelValueText, qualifiedName } from '../../src/machinery/names.ts'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import {
  type LabelSelector,
  labelSelectorFrom,
  printLabelSelector as printSelector,
} from '../../src/machinery/selector.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { objects, sizeOfMap, text, textMap, texts } from './cells.ts'

/** The selector that an object describes; undefined where it describes none, for an operator or a value that no selector can have. */
function selectorOf(selector: unknown): LabelSelector | undefined {
  try {
    return labelSelectorFrom(isObject(selector) ? selector : undefined)
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

/** A LabelSelector object as the text of a query. `<none>` selects everything, or is no selector at all. */
export function printLabelSelector(selector: unknown): string {
  const parsed = selectorOf(selector)
  return parsed === undefined ? '<error>' : printSelector(parsed) || '<none>'
}

/** As `printLabelSelector`, with nothing where there is nothing: how Deployments and policies print theirs. */
export function printBareLabelSelector(selector: unknown): string {
  const parsed = selectorOf(selector)
  return parsed === undefined ? '<invalid>' : printSelector(parsed)
}

/** Whether a LabelSelector object describes a selector at all. */
export const isSelector = (selector: unknown): boolean => selectorOf(selector) !== undefined

/** Whether labels satisfy a LabelSelector object. An absent one selects nothing. */
export function selectsLabels(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  return selectorOf(selector)?.matches(labels) ?? false
}

/** Whether a LabelSelector object asks for nothing and so selects everything. */
export function selectsEverything(selector: unknown): boolean {
  return sizeOfMap(selector, 'matchLabels') === 0 && objects(selector, 'matchExpressions').length === 0
}

/** What is wrong with a LabelSelector object. Nothing is wrong with an absent one. */
export function validateLabelSelector(selector: unknown, path: string): readonly FieldError[] {
  if (!isObject(selector)) return []
  const errors = [...validateLabels(textMap(selector, 'matchLabels'), `${path}.matchLabels`)]
  objects(selector, 'matchExpressions').forEach((expression, index) => {
    errors.push(...validateExpression(expression, `${path}.matchExpressions[${index}]`))
  })
  return errors
}

function validateExpression(expression: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const operator = fieldAt(expression, 'operator') ?? ''
  const values = texts(expression, 'values')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(fieldErrors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      errors.push(fieldErrors.forbidden(`${path}.values`, detail))
    }
  } else errors.push(fieldErrors.invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  const key = text(expression, ['key'])
  for (const complaint of qualifiedName(key)) errors.push(fieldErrors.invalid(`${path}.key`, key, complaint))
  values.forEach((value, index) => {
    for (const complaint of labelValueText(value)) {
      errors.push(fieldErrors.invalid(`${path}.values[${index}]`, value, complaint))
    }
  })
  return errors
}
