import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { configKeyName } from '../../src/machinery/names.ts'
import { equalJson, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, sizeOfMap, textMap } from './cells.ts'

/** Values of a ConfigMap or a Secret together, in bytes. */
export const dataLimitBytes = 1_048_576

/** The length of what base64 text stands for; `conform` has refused anything else. */
export const decodedBytes = (base64: string): number => Buffer.byteLength(base64, 'base64')

/** Keys of a data map: names of files. */
export function validateKeys(data: Readonly<Record<string, string>>, path: string): readonly FieldError[] {
  return Object.keys(data).flatMap((key) =>
    configKeyName(key).map((complaint) => fieldErrors.invalid(`${path}[${key}]`, key, complaint)),
  )
}

/** What an object marked immutable may no longer change, and that it stays marked. */
export function immutableData(object: KubeObject, old: KubeObject, fields: readonly string[]): readonly FieldError[] {
  if (old['immutable'] !== true) return []
  const detail = 'field is immutable when `immutable` is set'
  return [
    ...(object['immutable'] === true ? [] : [fieldErrors.forbidden('immutable', detail)]),
    ...fields
      .filter((field) => !equalJson(object[field] ?? {}, old[field] ?? {}))
      .map((field) => fieldErrors.forbidden(field, detail)),
  ]
}

function validate(map: KubeObject): readonly FieldError[] {
  const data = textMap(map, 'data')
  const binary = textMap(map, 'binaryData')
  const errors = [...validateKeys(data, 'data')]
  for (const key of Object.keys(data)) {
    if (Object.hasOwn(binary, key))
      errors.push(fieldErrors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  }
  errors.push(...validateKeys(binary, 'binaryData'))
  let bytes = 0
  for (const value of Object.values(data)) bytes += Buffer.byteLength(value)
  for (const value of Object.values(binary)) bytes += decodedBytes(value)
  // The whole object is too long, so that Kubernetes names no field; it prints `[]`.
  if (bytes > dataLimitBytes) errors.push(fieldErrors.tooLong('[]', dataLimitBytes))
  return errors
}

/** ConfigMaps: settings by key. */
export const configMaps: Behaviour = {
  cells: (map, now) => [nameOf(map), sizeOfMap(map, 'data') + sizeOfMap(map, 'binaryData'), age(map, now)],
  validate,
  validateUpdate: (map, old) => immutableData(map, old, ['data', 'binaryData']),
}
