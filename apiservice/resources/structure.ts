import { firstComplaint, subdomainName } from '../../src/machinery/names.ts'
import { schemaOfType } from '../../src/machinery/schema/facts.ts'
import type { Schema } from '../../src/machinery/schema/schema.ts'
import type { ResourceDefinition } from '../registry/definition.ts'

/** Shorthand for the structural schemas of the hub's own kinds, which no fact table has. */

/** A string, or one of a few. */
export function text(...values: readonly string[]): Schema {
  return values.length === 0 ? { type: 'string' } : { type: 'string', enum: values }
}

/** A moment in RFC 3339. */
export const time: Schema = { type: 'string', format: 'date-time' }

export const bool: Schema = { type: 'boolean' }

export const integer: Schema = { type: 'integer', format: 'int64' }

/** An object whose fields are nobody's business but its reader's. */
export const free: Schema = { type: 'object', preserveUnknown: true }

/** A map of strings. */
export const textMap: Schema = { type: 'object', values: { type: 'string' } }

/** A list; with `keys`, one whose elements merge by these fields. */
export function list(items: Schema, ...keys: readonly string[]): Schema {
  return keys.length === 0 ? { type: 'array', items } : { type: 'array', items, listType: 'map', listMapKeys: keys }
}

/** An object with exactly these fields. */
export function object(fields: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  const properties = new Map(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

/** The same, with what `kubectl explain` says about it. */
export function told(description: string, schema: Schema): Schema {
  return { ...schema, description }
}

/** A whole kind: the fields that every object has, and these. */
export function kind(fields: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  const metadata = schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  return object({ apiVersion: text(), kind: text(), metadata, ...fields }, required)
}

/** The verbs of a kind that is stored, and those of its status, in the order of discovery. */
export const storedVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
export const statusVerbs = ['get', 'patch', 'update']

/** `status.conditions`. */
export const conditions: Schema = list(
  object({ lastTransitionTime: time, message: text(), reason: text(), status: text(), type: text() }, [
    'status',
    'type',
  ]),
  'type',
)

/** What is the same for all kinds of the hub's own: they behave as custom resources do. */
export const ownKind = {
  selectsNamespace: true,
  fieldLabelRefusal: 'field label not supported: LABEL',
  hasGeneration: true,
  createOnUpdate: false,
  unconditionalUpdate: false,
  returnsDeleted: false,
  defaultPropagation: 'Background',
  validateName: firstComplaint(subdomainName),
  custom: true,
} as const satisfies Partial<ResourceDefinition>
