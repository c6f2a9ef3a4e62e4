import { isObject, type KubeObject } from '../object.ts'
import { goJson } from '../patch/go-text.ts'
import type { Schema } from '../schema/schema.ts'
import { compareObjects } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { withoutOwners } from './owners.ts'
import { fieldSetOf, problemsOf } from './typed.ts'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** Of all annotations of an object together. */
const annotationBytes = 256 * 1024

/** Whether `kubectl apply` from the client left its annotation. */
export function hasLastApplied(object: KubeObject): boolean {
  return Boolean(object.metadata.annotations?.[annotation])
}

/**
 * The object with the annotation that says what was applied, so that a later apply from the client knows it. Without the annotation
 * where it would exceed what annotations may take.
 */
export function withLastApplied(object: KubeObject, config: KubeObject): KubeObject {
  const { [annotation]: _, ...others } = config.metadata.annotations ?? {}
  const given = config.metadata.annotations !== undefined
  const plain = given ? { ...config, metadata: { ...config.metadata, annotations: others } } : config
  const annotations: Record<string, string> = { ...object.metadata.annotations, [annotation]: `${goJson(plain)}\n` }
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (bytes > annotationBytes) delete annotations[annotation]
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/**
 * The fields that the annotation sets and that still have its values: those that `kubectl apply` owned from the client, and that the same
 * user may now take over from the server without a conflict. Undefined without a usable annotation.
 */
export function allowedByLastApplied(live: KubeObject, apiVersion: string, schema: Schema): FieldSet | undefined {
  const text = live.metadata.annotations?.[annotation]
  if (!text) return undefined
  let applied: unknown
  try {
    applied = JSON.parse(text)
  } catch {
    return undefined // not ours to repair: it allows nothing
  }
  if (!isObject(applied) || applied['apiVersion'] !== apiVersion || problemsOf(applied, schema) !== undefined) {
    return undefined
  }
  const { added, modified, removed } = compareObjects(applied, withoutOwners(live), schema)
  return fieldSetOf(applied, schema).difference(modified).difference(added).difference(removed)
}
