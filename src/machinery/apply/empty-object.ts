import { shapeOf } from '../schema/go-shape.ts'
import { messageOfType } from '../schema/messages.ts'
import type { Schema } from '../schema/schema.ts'

const known = new WeakMap<Schema, Readonly<Record<string, unknown>>>()

/**
 * What an object of this kind looks like before anything is set, as JSON: built-in kinds always carry some fields (`spec`, `status: {}`,
 * `containers: null`), which for that reason nobody comes to own by creating an object. Custom resources carry nothing.
 */
export function emptyObject(schema: Schema): Readonly<Record<string, unknown>> {
  const found = known.get(schema)
  if (found) return found
  const message = schema.name === undefined ? undefined : messageOfType(schema.name)
  const made = message === undefined ? {} : shapeOf(message, [])
  known.set(schema, made)
  return made
}
