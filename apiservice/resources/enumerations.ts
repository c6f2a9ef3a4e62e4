import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { isObject } from '../../src/machinery/object.ts'
import { fieldSchema, type Schema } from '../../src/machinery/schema/schema.ts'

/**
 * Texts outside the enumerations that a kind publishes for its fields, everywhere but in `status`, which controllers write. Enumerations
 * that depend on each other are checked by the kind itself. Follows the value, not the schema: types may contain themselves.
 */
export function validateEnumerations(object: Readonly<Record<string, unknown>>, schema: Schema): readonly FieldError[] {
  const errors: FieldError[] = []
  for (const [field, value] of Object.entries(object)) {
    if (field === 'status' || field === 'metadata') continue
    const below = fieldSchema(schema, field)
    if (below) walk(value, below, field, errors)
  }
  return errors
}

function walk(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (schema.enum !== undefined) {
    if (typeof value === 'string' && value !== '' && !schema.enum.includes(value)) {
      errors.push(
        fieldErrors.notSupported(path, value, [...schema.enum].filter((one) => typeof one === 'string').sort()),
      )
    }
    return
  }
  if (Array.isArray(value)) {
    const { items } = schema
    if (!items || !mayHoldEnumerations(items)) return
    value.forEach((element, index) => {
      walk(element, items, `${path}[${index}]`, errors)
    })
    return
  }
  if (!isObject(value)) return
  for (const field in value) {
    const below = fieldSchema(schema, field)
    if (!below || !mayHoldEnumerations(below)) continue
    walk(value[field], below, schema.properties?.has(field) ? `${path}.${field}` : `${path}[${field}]`, errors)
  }
}

/** Scalars without an enumeration hold none. Everything else may. */
const mayHoldEnumerations = (schema: Schema): boolean =>
  schema.enum !== undefined || schema.type === 'object' || schema.type === 'array'
