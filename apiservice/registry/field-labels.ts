import type { FieldSelector } from '../../src/machinery/selector.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { ResourceDefinition } from './definition.ts'

type Selectable = Pick<ResourceDefinition, 'selectableFields' | 'selectsNamespace' | 'fieldLabelRefusal'>

/**
 * Throws BadRequest, in the words that the kind has for it, for the first field label that its objects cannot be selected by
 * (Kubernetes documentation, “Field Selectors”).
 */
export function checkFieldSelector(selector: FieldSelector, definition: Selectable): void {
  for (const { field } of selector.requirements) {
    if (!isSelectable(field, definition)) throw StatusError.badRequest(refusal(definition.fieldLabelRefusal, field))
  }
}

function isSelectable(field: string, { selectableFields, selectsNamespace }: Selectable): boolean {
  if (field === 'metadata.name') return true
  if (field === 'metadata.namespace') return selectsNamespace
  return Object.hasOwn(selectableFields, field)
}

/** Where the label stands in quotation marks, what needs it is escaped. A function, because `$` means something in a replacement text. */
function refusal(text: string, field: string): string {
  return text.includes('"LABEL"')
    ? text.replace('"LABEL"', () => JSON.stringify(field))
    : text.replace('LABEL', () => field)
}
