/** A JSON object that its maker may still change. */
export type Draft = Record<string, unknown>

/**
 * A field of a JSON object, undefined when absent. Labels and data keys come from users, so that `constructor` or `__proto__` are
 * ordinary names: nothing inherited may answer for them.
 */
export function own(object: Readonly<Record<string, unknown>>, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined
}

/** Sets a field of a draft. A plain assignment to `__proto__` would exchange the prototype instead. */
export function put(draft: Draft, field: string, value: unknown): void {
  if (field === '__proto__') {
    Object.defineProperty(draft, field, { value, writable: true, enumerable: true, configurable: true })
  } else {
    draft[field] = value
  }
}

/** A shallow copy that may be changed. */
export function draftOf(object: Readonly<Record<string, unknown>>): Draft {
  return { ...object }
}

/** A deep copy of a JSON value: nothing that is done to it reaches the original. */
export function copyJson<T>(value: T): T {
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copy)
  const fields: Draft = {}
  for (const [field, item] of Object.entries(value)) put(fields, field, copy(item))
  return fields
}
