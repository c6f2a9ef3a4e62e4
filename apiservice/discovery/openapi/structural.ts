import type { Schema } from '../../../src/machinery/schema/schema.ts'
import type { OpenApiObject, Refer } from './published.ts'

/**
 * The structural schema of a custom kind as OpenAPI v3 schema. Types with a name become references, which is also what ends the walk:
 * only named types lead back to themselves.
 */
export function structuralSchema(schema: Schema, refer: Refer): OpenApiObject {
  if (schema.name !== undefined) return refer(schema.name)
  return {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...typeOf(schema),
    ...(schema.nullable ? { nullable: true } : {}),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.enum === undefined ? {} : { enum: schema.enum }),
    ...(schema.required === undefined || schema.required.length === 0 ? {} : { required: schema.required }),
    ...(schema.properties === undefined ? {} : { properties: propertiesOf(schema.properties, refer) }),
    ...(schema.values === undefined ? {} : { additionalProperties: structuralSchema(schema.values, refer) }),
    ...(schema.items === undefined ? {} : { items: structuralSchema(schema.items, refer) }),
    ...(schema.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': schema.listMapKeys }),
    ...(schema.listType === undefined ? {} : { 'x-kubernetes-list-type': schema.listType }),
    ...(schema.mapType === undefined ? {} : { 'x-kubernetes-map-type': schema.mapType }),
    ...(schema.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...(schema.embedded ? { 'x-kubernetes-embedded-resource': true } : {}),
  }
}

function propertiesOf(properties: ReadonlyMap<string, Schema>, refer: Refer): OpenApiObject {
  return Object.fromEntries([...properties].map(([field, schema]) => [field, structuralSchema(schema, refer)]))
}

function typeOf(schema: Schema): OpenApiObject {
  switch (schema.type) {
    case 'any':
      return {}
    case 'int-or-string':
      return { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }
    case 'quantity':
      return { oneOf: [{ type: 'string' }, { type: 'number' }] }
    default:
      return schema.format === undefined ? { type: schema.type } : { type: schema.type, format: schema.format }
  }
}
