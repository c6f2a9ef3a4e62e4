import type { Message, MessageField } from './messages.ts'

/**
 * The JSON that Go writes for a built-in type: which zero values stand, which are left out, and in which order (struct tags of the
 * Kubernetes API types; the objects that kube-apiserver stores have been through protobuf, which knows no empty lists).
 *
 * `slots` holds one value per field of the message; undefined is an absent field.
 */
export function shapeOf(message: Message, slots: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  const { fields } = message
  for (let slot = 0; slot < fields.length; slot++) {
    const field = fields[slot]
    if (field === undefined) continue
    const value = slots[slot]
    const written = value === undefined || (!field.pointer && isZero(field, value)) ? zeroOf(field) : value
    if (written !== undefined) object[field.name] = written
  }
  return object
}

/** Whether a value that is there equals the zero of its Go type. Structs never do: they are written even when they are empty. */
function isZero(field: MessageField, value: unknown): boolean {
  if (field.repeated) return (value as readonly unknown[]).length === 0
  if (field.key !== undefined) return isEmptyObject(value)
  if (field.message !== undefined) return field.omitZero && value === null // the zero time
  return value === '' || value === 0 || value === false
}

function isEmptyObject(value: unknown): boolean {
  for (const _key in value as object) return false
  return true
}

/** What Go writes for a field that nobody set; undefined when it writes nothing. Always a fresh value. */
export function zeroOf(field: MessageField): unknown {
  if (field.pointer || field.repeated || field.key !== undefined) return field.omitEmpty ? undefined : null
  if (field.omitZero) return undefined
  if (field.message !== undefined) return zeroOfMessage(field.message)
  return field.omitEmpty ? undefined : zeroOfScalar(field)
}

/** The zero of one element of a list or map, or of a scalar field that is always written. */
export function zeroOfElement(field: MessageField): unknown {
  return field.message === undefined
    ? field.scalar === 'bytes'
      ? ''
      : zeroOfScalar(field)
    : zeroOfMessage(field.message)
}

function zeroOfScalar(field: MessageField): unknown {
  switch (field.scalar) {
    case 'bool':
      return false
    case 'string':
      return ''
    case 'bytes':
      return null
    default:
      return 0
  }
}

function zeroOfMessage(message: Message): unknown {
  switch (message.form) {
    case undefined:
      return shapeOf(message, [])
    case 'quantity':
      return '0'
    case 'int-or-string':
      return 0
    case 'duration':
      return '0s'
    case 'schema-or-bool':
      return false
    default:
      return null
  }
}
