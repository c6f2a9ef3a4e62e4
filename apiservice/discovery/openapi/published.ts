import type { FieldFact, TypeFact, ValueFact } from '../../../src/machinery/schema/facts.ts'
import type { TypeDescription } from './descriptions.ts'

/** A part of an OpenAPI document. */
export type OpenApiObject = Readonly<Record<string, unknown>>

/** Makes a reference to a type, and remembers that the document needs it. */
export type Refer = (name: string) => OpenApiObject

/** A built-in type as OpenAPI v3 schema, with the extensions that kube-apiserver publishes and, where there are any, descriptions. */
export function publishedSchema(fact: TypeFact, refer: Refer, description: TypeDescription | undefined): OpenApiObject {
  const fields = Object.entries(fact.f ?? {})
  return {
    ...(description?.text ? { description: description.text } : {}),
    ...(fact.t === undefined ? { type: 'object' } : schemaOfNotation(fact.t, {}, refer)),
    ...(fact.required === undefined ? {} : { required: fact.required }),
    ...(fields.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            fields.map(([field, row]) => [field, schemaOfField(row, refer, description?.field(field))]),
          ),
        }),
    ...(fact.map === undefined ? {} : { 'x-kubernetes-map-type': fact.map }),
    ...(fact.unions === undefined ? {} : { 'x-kubernetes-unions': fact.unions }),
  }
}

function schemaOfField(row: string | FieldFact, refer: Refer, description: string | undefined): OpenApiObject {
  const fact = typeof row === 'string' ? { t: row } : row
  const schema = schemaOfValue(fact.t, fact, refer)
  // A reference in a field is always wrapped: OpenAPI 3.0 ignores whatever stands beside one, and fields have descriptions.
  const wrapped = schema['$ref'] === undefined ? schema : { allOf: [schema] }
  return description ? { description, ...wrapped } : wrapped
}

function schemaOfValue(notation: string, fact: ValueFact, refer: Refer): OpenApiObject {
  const schema = schemaOfNotation(notation, fact, refer)
  const facts = {
    ...(fact.default === undefined ? {} : { default: fact.default }),
    ...(fact.enum === undefined ? {} : { enum: fact.enum }),
    ...(fact.keys === undefined ? {} : { 'x-kubernetes-list-map-keys': fact.keys }),
    ...(fact.list === undefined ? {} : { 'x-kubernetes-list-type': fact.list }),
    ...(fact.map === undefined ? {} : { 'x-kubernetes-map-type': fact.map }),
    ...(fact.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': fact.mergeKey }),
    ...(fact.patch === undefined ? {} : { 'x-kubernetes-patch-strategy': fact.patch }),
  }
  const wrap = schema['$ref'] !== undefined && Object.keys(facts).length > 0
  return wrap ? { ...facts, allOf: [schema] } : { ...schema, ...facts }
}

function schemaOfNotation(notation: string, fact: ValueFact, refer: Refer): OpenApiObject {
  if (notation.startsWith('[]')) {
    return { type: 'array', items: schemaOfValue(notation.slice(2), fact.items ?? {}, refer) }
  }
  if (notation.startsWith('{}')) {
    return { type: 'object', additionalProperties: schemaOfValue(notation.slice(2), fact.values ?? {}, refer) }
  }
  if (notation.startsWith('@')) return refer(notation.slice(1))
  const [types = '', format] = notation.split('/')
  const formatted = format === undefined ? {} : { format }
  if (types === 'any') return formatted
  const [type, ...others] = types.split('|')
  if (others.length === 0) return { type, ...formatted }
  return { ...formatted, oneOf: [type, ...others].map((one) => ({ type: one })) }
}
