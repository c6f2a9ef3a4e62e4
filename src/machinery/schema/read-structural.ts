import { setOwn } from '../json.ts'
import { isObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import { messageNamed } from './messages.ts'
import { type MessageWalk, maxObjectDepth, readMessage } from './read-message.ts'
import type { Schema } from './schema.ts'

const objectMeta = 'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** What a walk carries along: `unknown` are fields that the schema does not have, `metadata` those of embedded objects' metadata. */
interface StructuralWalk {
  readonly unknown: string[]
  readonly metadata: string[]
  readonly notes: MessageWalk['notes']
  depth: number
}

/**
 * Reads a custom resource by its structural schema: unknown fields and nulls that have no place are gone, `metadata` is read like that of
 * built-in kinds, keys are sorted as kube-apiserver writes unstructured objects. Types are left to validation, which reports them all.
 * Returns the unknown fields in the order in which kube-apiserver reports them. Throws BadRequest for metadata of the wrong type.
 */
export function readStructural(
  schema: Schema,
  object: Record<string, unknown>,
  notes: MessageWalk['notes'],
): { readonly object: Record<string, unknown>; readonly unknown: readonly string[] } {
  const walk: StructuralWalk = { unknown: [], metadata: [], notes, depth: 0 }
  const rootMetadata: string[] = []
  const result: Record<string, unknown> = {}
  for (const name of Object.keys(object).sort()) {
    const value = object[name]
    if (name === 'apiVersion' || name === 'kind') result[name] = value
    else if (name === 'metadata') result[name] = readMetadata(value, rootMetadata, notes, metadataMismatch)
    else readProperty(schema, result, name, value, '', walk)
  }
  return { object: result, unknown: [...rootMetadata, ...walk.unknown.sort(), ...walk.metadata] }
}

function readProperty(
  schema: Schema,
  result: Record<string, unknown>,
  name: string,
  value: unknown,
  path: string,
  walk: StructuralWalk,
): void {
  const here = path === '' ? name : `${path}.${name}`
  const known = schema.properties?.get(name) ?? schema.values
  if (known === undefined) {
    if (keepsUnknown(schema)) setOwn(result, name, keep(value, walk))
    else walk.unknown.push(here)
    return
  }
  // A null that the schema does not allow is as if it were absent; where there is a default, defaulting replaces it.
  if (value === null && !known.nullable && known.default === undefined && !acceptsAnything(known)) return
  setOwn(result, name, readValue(known, value, here, walk))
}

/** `any`, or an object of which nothing is said but that its fields stay. */
function keepsUnknown(schema: Schema): boolean {
  return schema.preserveUnknown === true || schema.type === 'any'
}

function acceptsAnything(schema: Schema): boolean {
  return schema.type === 'any' && schema.properties === undefined
}

function readValue(schema: Schema, value: unknown, path: string, walk: StructuralWalk): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (++walk.depth > maxObjectDepth) throw StatusError.badRequest('exceeded max depth')
  const result = Array.isArray(value)
    ? readItems(schema, value, path, walk)
    : readObject(schema, value as Record<string, unknown>, path, walk)
  walk.depth--
  return result
}

function readItems(schema: Schema, list: readonly unknown[], path: string, walk: StructuralWalk): unknown[] {
  const { items } = schema
  if (items === undefined) return list.map((item) => keep(item, walk))
  return list.map((item, index) => readValue(items, item, `${path}[${index}]`, walk))
}

function readObject(
  schema: Schema,
  object: Record<string, unknown>,
  path: string,
  walk: StructuralWalk,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const name of Object.keys(object).sort()) {
    const value = object[name]
    if (schema.embedded && (name === 'apiVersion' || name === 'kind')) result[name] = value
    else if (schema.embedded && name === 'metadata') {
      const unknown: string[] = []
      result[name] = readMetadata(value, unknown, walk.notes, (error) =>
        embeddedMismatch(error, `${path}.metadata`, value),
      )
      walk.metadata.push(...unknown.map((one) => `${path}.${one}`))
    } else readProperty(schema, result, name, value, path, walk)
  }
  return result
}

/** A value of which nothing is known: a copy with sorted keys. */
function keep(value: unknown, walk: StructuralWalk): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (++walk.depth > maxObjectDepth) throw StatusError.badRequest('exceeded max depth')
  let result: unknown
  if (Array.isArray(value)) result = value.map((item: unknown) => keep(item, walk))
  else {
    const copy: Record<string, unknown> = {}
    for (const name of Object.keys(value).sort())
      setOwn(copy, name, keep((value as Record<string, unknown>)[name], walk))
    result = copy
  }
  walk.depth--
  return result
}

function readMetadata(
  value: unknown,
  unknown: string[],
  notes: MessageWalk['notes'],
  refusal: (error: StatusError) => StatusError,
): Record<string, unknown> {
  if (value === null || value === undefined) return {}
  const message = messageNamed(objectMeta)
  if (!isObject(value)) {
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    throw refusal(StatusError.badRequest(`json: cannot unmarshal ${kind} into Go value of type ${message.goType}`))
  }
  const found: string[] = []
  let metadata: Record<string, unknown>
  try {
    metadata = readMessage(message, value, { unknown: found, notes, depth: 0 }, undefined)
  } catch (error) {
    throw error instanceof StatusError ? refusal(error) : error
  }
  for (const name of found) unknown.push(`metadata.${name}`)
  const sorted: Record<string, unknown> = {}
  for (const name of Object.keys(metadata).sort()) sorted[name] = metadata[name]
  return sorted
}

const metadataMismatch = (error: StatusError) => error

function embeddedMismatch(error: StatusError, path: string, value: unknown): StatusError {
  return StatusError.badRequest(`${path}: Invalid value: ${JSON.stringify(value)}: ${error.message}`)
}
