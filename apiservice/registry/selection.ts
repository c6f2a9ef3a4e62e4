import type { KubeObject } from '../../src/machinery/object.ts'
import {
  type FieldSelector,
  type LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '../../src/machinery/selector.ts'
import type { ResourceDefinition } from './definition.ts'
import { checkFieldSelector } from './field-labels.ts'

/** Which objects of a kind a list, watch or deletecollection means. */
export interface Selection {
  /** No object has to be looked into: everything in the range is meant. */
  readonly everything: boolean
  /** The one name that can match, where the field selector says so. */
  readonly name: string | undefined
  matches(object: KubeObject): boolean
}

/** Parses both selectors for a kind. Throws BadRequest for syntax and for field labels that the kind does not have. */
export function parseSelection(
  definition: ResourceDefinition,
  selectors: { readonly labelSelector: string; readonly fieldSelector: string },
): Selection {
  const labels = parseLabelSelector(selectors.labelSelector)
  const fields = parseFieldSelector(selectors.fieldSelector)
  checkFieldSelector(fields, definition)
  const name = onlyName(fields)
  const nameOnly = fields.empty || (name !== undefined && fields.requirements.length === 1)
  return {
    everything: labels.empty && nameOnly,
    name,
    matches: (object) => matchesLabels(labels, object) && matchesFields(fields, definition, object),
  }
}

function matchesLabels(labels: LabelSelector, object: KubeObject): boolean {
  return labels.empty || labels.matches(object.metadata.labels)
}

function matchesFields(fields: FieldSelector, definition: ResourceDefinition, object: KubeObject): boolean {
  if (fields.empty) return true
  return fields.matches((field) => {
    if (field === 'metadata.name') return object.metadata.name ?? ''
    if (field === 'metadata.namespace') return object.metadata.namespace ?? ''
    return definition.selectableFields[field]?.(object) ?? ''
  })
}

function onlyName(fields: FieldSelector): string | undefined {
  return fields.requirements.find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value
}
