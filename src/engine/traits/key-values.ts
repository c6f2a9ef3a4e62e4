import { isObject, type KubeObject } from '../../machinery/object.ts'
import { PropertiesError } from '../properties.ts'

/** Values by key; null takes the key away. */
export type KeyValues = Readonly<Record<string, string | null>>

/** Properties that are one map of strings. Throws PropertiesError. */
export function parseKeyValues(properties: unknown): KeyValues {
  if (!isObject(properties)) throw new PropertiesError('json: properties must be a map of strings')
  const values: Record<string, string | null> = {}
  for (const [key, value] of Object.entries(properties)) {
    if (value !== null && typeof value !== 'string') {
      throw new PropertiesError(`json: cannot unmarshal ${typeof value} into field ${key} of type string`)
    }
    values[key] = value
  }
  return values
}

/** The object with values set in the labels or annotations at each of the paths that exist; the object's own always does. */
export function withKeyValues(
  object: KubeObject,
  field: 'labels' | 'annotations',
  values: KeyValues,
  templates: readonly (readonly string[])[],
): KubeObject {
  const merge = (map: unknown): Record<string, unknown> => {
    const merged: Record<string, unknown> = isObject(map) ? { ...map } : {}
    for (const [key, value] of Object.entries(values)) {
      if (value === null) delete merged[key]
      else merged[key] = value
    }
    return merged
  }
  const metadata = { ...object.metadata, [field]: merge(object.metadata[field]) }
  let result: KubeObject = { ...object, metadata }
  for (const path of templates) {
    result = {
      ...result,
      ...changedAt(result, path, (template) => {
        const meta = isObject(template['metadata']) ? template['metadata'] : {}
        return { ...template, metadata: { ...meta, [field]: merge(meta[field]) } }
      }),
    }
  }
  return result
}

/** A copy with the object at a path replaced; the same object where the path leads nowhere. */
function changedAt(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  change: (value: Record<string, unknown>) => Record<string, unknown>,
): Readonly<Record<string, unknown>> {
  const [step, ...rest] = path
  if (step === undefined) return change({ ...object })
  const inner = object[step]
  return isObject(inner) ? { ...object, [step]: changedAt(inner, rest, change) } : object
}
