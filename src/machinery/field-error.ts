/** What is wrong with one field. `message` is complete but for the field: `Required value: name is required`. */
export interface FieldError {
  readonly field: string
  readonly reason: string
  readonly message: string
}

/** A step into an object: a field name, a list index, or a quoted map key such as an annotation. */
export type PathStep = string | number | { readonly key: string }

/**
 * `spec.ports[0].port`, `data[a.b]`: a field path as Kubernetes prints it. Field names join with dots, list indexes and map keys
 * stand in brackets.
 */
export function fieldPath(...steps: readonly PathStep[]): string {
  let path = ''
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`
    else if (typeof step === 'object') path += `[${step.key}]`
    else path += path === '' ? step : `.${step}`
  }
  return path
}

/** A value as Go prints it in validation messages: strings quoted, numbers bare, objects and lists as JSON, absent as null. */
export function printValue(value: unknown): string {
  if (value === undefined) return 'null'
  return JSON.stringify(value)
}

const withDetail = (text: string, detail: string | undefined) => (detail ? `${text}: ${detail}` : text)

/**
 * One constructor per kind of field error, with the texts of Kubernetes 1.36 (`field.Error`). Required, Forbidden and TooLong do
 * not repeat the value.
 */
export const fieldErrors = {
  required: (field: string, detail?: string): FieldError => ({
    field,
    reason: 'FieldValueRequired',
    message: withDetail('Required value', detail),
  }),
  invalid: (field: string, value: unknown, detail?: string): FieldError => ({
    field,
    reason: 'FieldValueInvalid',
    message: withDetail(`Invalid value: ${printValue(value)}`, detail),
  }),
  notSupported: (field: string, value: unknown, supported: readonly string[]): FieldError => ({
    field,
    reason: 'FieldValueNotSupported',
    message: withDetail(
      `Unsupported value: ${printValue(value)}`,
      supported.length === 0
        ? undefined
        : `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
    ),
  }),
  forbidden: (field: string, detail?: string): FieldError => ({
    field,
    reason: 'FieldValueForbidden',
    message: withDetail('Forbidden', detail),
  }),
  notFound: (field: string, value: unknown): FieldError => ({
    field,
    reason: 'FieldValueNotFound',
    message: `Not found: ${printValue(value)}`,
  }),
  duplicate: (field: string, value: unknown): FieldError => ({
    field,
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${printValue(value)}`,
  }),
  tooLong: (field: string, maxBytes: number): FieldError => ({
    field,
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${maxBytes} bytes`,
  }),
  tooMany: (field: string, actual: number, max: number): FieldError => ({
    field,
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${max} items`,
  }),
  typeInvalid: (field: string, value: unknown, detail?: string): FieldError => ({
    field,
    reason: 'FieldValueTypeInvalid',
    message: withDetail(`Invalid value: ${printValue(value)}`, detail),
  }),
  internal: (field: string, detail: string): FieldError => ({
    field,
    reason: 'InternalError',
    message: `Internal error: ${detail}`,
  }),
} as const

/** The errors in one sentence: alone, or in brackets. Errors that print the same appear once, as in Kubernetes. */
export function printFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))]
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
}
