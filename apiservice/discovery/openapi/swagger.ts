import { isObject } from '../../../src/machinery/object.ts'
import { type OpenApiDocument, securitySchemes } from './document.ts'
import type { OpenApiObject } from './published.ts'

/** An OpenAPI v2 document: everything that is served, in one piece. */
export interface SwaggerDocument {
  readonly swagger: '2.0'
  readonly info: OpenApiDocument['info']
  readonly paths: OpenApiObject
  readonly definitions: OpenApiObject
  readonly securityDefinitions: OpenApiObject
  readonly security: readonly OpenApiObject[]
}

/**
 * Joins OpenAPI v3 documents into one of version 2, which older clients read. What version 2 cannot say is left out, as kube-apiserver does
 * for custom kinds: alternatives, null, defaults, and everything below a value that may hold anything. The documents are added one by one,
 * so that no more than one of them has to be in memory beside the result.
 */
export class SwaggerBuilder {
  readonly #paths = new Map<string, OpenApiObject>()
  readonly #definitions = new Map<string, OpenApiObject>()

  add(document: OpenApiDocument): void {
    for (const [path, item] of Object.entries(document.paths)) {
      if (isObject(item)) this.#paths.set(path, swaggerPath(item))
    }
    for (const [name, schema] of Object.entries(document.components.schemas ?? {})) {
      if (isObject(schema)) this.#define(name, swaggerSchema(schema, true))
    }
  }

  document(info: OpenApiDocument['info']): SwaggerDocument {
    return {
      swagger: '2.0',
      info,
      paths: sorted(this.#paths),
      definitions: sorted(this.#definitions),
      securityDefinitions: securitySchemes,
      security: [{ BearerToken: [] }],
    }
  }

  /** A type that belongs to every group says so here once for each of them. */
  #define(name: string, schema: OpenApiObject): void {
    const known = this.#definitions.get(name)
    const kinds = [...kindsOf(known), ...kindsOf(schema)]
    if (known === undefined || kinds.length === 0) {
      this.#definitions.set(name, known ?? schema)
      return
    }
    const distinct = new Map(kinds.map((kind) => [JSON.stringify(kind), kind]))
    this.#definitions.set(name, { ...known, 'x-kubernetes-group-version-kind': [...distinct.values()] })
  }
}

function kindsOf(schema: OpenApiObject | undefined): readonly unknown[] {
  const kinds = schema?.['x-kubernetes-group-version-kind']
  return Array.isArray(kinds) ? kinds : []
}

function sorted(entries: ReadonlyMap<string, OpenApiObject>): OpenApiObject {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function swaggerPath(item: OpenApiObject): OpenApiObject {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => {
      if (key === 'parameters') return [key, listOf(value).map(swaggerParameter)]
      return [key, isObject(value) ? swaggerOperation(value) : value]
    }),
  )
}

function swaggerOperation(operation: OpenApiObject): OpenApiObject {
  const { parameters, requestBody, responses, ...rest } = operation
  const body = isObject(requestBody) ? requestBody : undefined
  const [bodyTypes, bodySchema] = contentOf(body)
  const produces = new Set<string>()
  const answers = Object.entries(isObject(responses) ? responses : {}).map(([code, response]) => {
    const [types, schema] = contentOf(response)
    for (const type of types) produces.add(type)
    const { description = '' } = isObject(response) ? response : {}
    return [code, { description, ...(schema === undefined ? {} : { schema }) }]
  })
  const bodyParameter = {
    name: 'body',
    in: 'body',
    ...(body?.['required'] === true ? { required: true } : {}),
    ...(bodySchema === undefined ? {} : { schema: bodySchema }),
  }
  const all = [...(body === undefined ? [] : [bodyParameter]), ...listOf(parameters).map(swaggerParameter)]
  return {
    ...rest,
    consumes: body === undefined ? ['*/*'] : bodyTypes,
    produces: [...produces],
    schemes: ['https'],
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: Object.fromEntries(answers),
  }
}

function contentOf(holder: unknown): readonly [types: readonly string[], schema: OpenApiObject | undefined] {
  const content = isObject(holder) && isObject(holder['content']) ? holder['content'] : {}
  const [first] = Object.values(content)
  const schema = isObject(first) && isObject(first['schema']) ? swaggerSchema(first['schema']) : undefined
  return [Object.keys(content), schema]
}

function swaggerParameter(parameter: unknown): unknown {
  if (!isObject(parameter)) return parameter
  const { schema, ...rest } = parameter
  return { ...(isObject(schema) ? schema : {}), ...rest }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Fields whose value is a schema, a list of them or a map of them. */
const inexpressible = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'default'])
const belowAnything = new Set(['type', 'properties', 'additionalProperties', 'items', 'required', 'format'])

/** `isKind` is true for the schema of a whole type, which stays an object whatever it may hold. */
function swaggerSchema(schema: OpenApiObject, isKind = false): OpenApiObject {
  const holdsAnything = schema['x-kubernetes-preserve-unknown-fields'] === true
  const converted: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (inexpressible.has(key)) continue
    if (holdsAnything && belowAnything.has(key)) continue
    if (key === 'type' && schema['nullable'] === true) continue
    if (key === '$ref') converted[key] = definitionPath(value)
    else if (key === 'properties' && isObject(value)) converted[key] = swaggerProperties(value)
    else if ((key === 'items' || key === 'additionalProperties') && isObject(value))
      converted[key] = swaggerSchema(value)
    else converted[key] = value
  }
  if (holdsAnything && isKind) {
    delete converted['x-kubernetes-preserve-unknown-fields']
    converted['type'] = 'object'
  }
  const [only] = listOf(schema['allOf'])
  if (isObject(only)) Object.assign(converted, swaggerSchema(only))
  // Quantity and IntOrString are either a number or a text; a text is what all clients can send.
  if (schema['oneOf'] !== undefined) converted['type'] = 'string'
  return converted
}

function swaggerProperties(properties: OpenApiObject): OpenApiObject {
  return Object.fromEntries(
    Object.entries(properties).map(([field, schema]) => [field, isObject(schema) ? swaggerSchema(schema) : schema]),
  )
}

function definitionPath(reference: unknown): unknown {
  return typeof reference === 'string' ? reference.replace('#/components/schemas/', '#/definitions/') : reference
}
