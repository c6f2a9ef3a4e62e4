import { kindsOfType, type TypeFact, typeFact } from '../../../src/machinery/schema/facts.ts'
import type { ResourceDefinition } from '../../registry/definition.ts'
import type { ServedVersion } from '../groups.ts'
import type { Descriptions, TypeDescription } from './descriptions.ts'
import { groupTitle, listTypeNameOf, metaType, tagOf, typeNameOf } from './names.ts'
import { operationsOf, rootPath } from './operations.ts'
import { type Operation, pathItem } from './path-item.ts'
import { type OpenApiObject, publishedSchema, type Refer } from './published.ts'
import { structuralSchema } from './structural.ts'

/** An OpenAPI v3 document of one path of discovery and everything below it. */
export interface OpenApiDocument {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: OpenApiObject
  readonly components: { readonly schemas?: OpenApiObject; readonly securitySchemes: OpenApiObject }
}

/** What documents have in common. `release` is `1.36`. */
export interface DocumentContext {
  readonly release: string
  readonly descriptions: Descriptions
}

const discoveryTypes = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']

/** How clients prove who they are: the name that every document has for it. */
export const securitySchemes = {
  BearerToken: { type: 'apiKey', description: 'A bearer token', name: 'authorization', in: 'header' },
} as const

/** The document of a group version: its list of resources, every operation on them, and every type these need. */
export async function versionDocument(
  group: string,
  { version, resources }: ServedVersion,
  context: DocumentContext,
): Promise<OpenApiDocument> {
  const types = new Types({ group, version }, resources)
  const operations = new Map<string, readonly Operation[]>()
  if (resources.some(({ custom }) => !custom)) {
    operations.set(`${rootPath(group, version)}/`, [
      discoveryOperation(
        tagOf(group, version),
        `get${groupTitle(group)}${version.slice(0, 1).toUpperCase()}${version.slice(1)}APIResources`,
        types.refer(metaType('APIResourceList')),
      ),
    ])
  }
  for (const definition of resources) {
    for (const [path, ofPath] of operationsOf(definition, types.refer)) operations.set(path, ofPath)
  }
  return documentOf(operations, types, context)
}

/** One answer of discovery that is no list of resources. `type` is a published type. */
export interface DiscoveryPath {
  readonly path: string
  readonly tag: string
  readonly id: string
  readonly type: string
  readonly contentTypes?: readonly string[]
}

/** The document of a single path: `/api/`, `/apis/`, a group, `/version/`. */
export function pathDocument(
  { path, tag, id, type, contentTypes }: DiscoveryPath,
  context: DocumentContext,
): Promise<OpenApiDocument> {
  const types = new Types({ group: '', version: 'v1' }, [])
  const operation = discoveryOperation(tag, id, types.refer(type), contentTypes)
  return documentOf(new Map([[`${path}/`, [operation]]]), types, context)
}

function discoveryOperation(
  tag: string,
  id: string,
  schema: OpenApiObject,
  types = discoveryTypes as readonly string[],
): Operation {
  return { method: 'get', tag, id, answer: { types, schema } }
}

async function documentOf(
  operations: ReadonlyMap<string, readonly Operation[]>,
  types: Types,
  { release, descriptions }: DocumentContext,
): Promise<OpenApiDocument> {
  const paths = [...operations.keys()].sort().map((path) => [path, pathItem(operations.get(path) ?? [])])
  const schemas = await types.schemas(descriptions)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: release },
    paths: Object.fromEntries(paths),
    components: { ...(Object.keys(schemas).length === 0 ? {} : { schemas }), securitySchemes },
  }
}

/** The types of a document: those that were referred to, and what they refer to in turn. */
class Types {
  readonly #groupVersion: { readonly group: string; readonly version: string }
  readonly #custom = new Map<string, (refer: Refer) => OpenApiObject>()
  readonly #wanted = new Set<string>()
  readonly #descriptions = new Map<string, Promise<TypeDescription | undefined>>()

  constructor(
    groupVersion: { readonly group: string; readonly version: string },
    definitions: readonly ResourceDefinition[],
  ) {
    this.#groupVersion = groupVersion
    for (const definition of definitions) {
      const { name } = definition.schema
      if (name !== undefined && typeFact(name) !== undefined) continue
      this.#custom.set(typeNameOf(definition), (refer) => customSchema(definition, refer))
      this.#custom.set(listTypeNameOf(definition), (refer) => customListSchema(definition, refer))
    }
  }

  readonly refer: Refer = (name) => {
    this.#wanted.add(name)
    return { $ref: `#/components/schemas/${name}` }
  }

  async schemas(descriptions: Descriptions): Promise<OpenApiObject> {
    const schemas = new Map<string, OpenApiObject>()
    // A Set that grows while it is walked is walked to its end.
    for (const name of this.#wanted) schemas.set(name, await this.#schema(name, descriptions))
    return Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  async #schema(name: string, descriptions: Descriptions): Promise<OpenApiObject> {
    const custom = this.#custom.get(name)
    if (custom !== undefined) return custom(this.refer)
    const fact = typeFact(name)
    if (fact === undefined) throw new Error(`no type ${name} in the fact tables`)
    const schema = publishedSchema(fact, this.refer, await this.#describe(name, fact, descriptions))
    const kinds = this.#kinds(name)
    return kinds.length === 0 ? schema : { ...schema, 'x-kubernetes-group-version-kind': kinds }
  }

  /**
   * The typings say nothing of a field that is a reference and nothing else, so the words for its type stand in: better for `kubectl explain`
   * than nothing.
   */
  async #describe(name: string, fact: TypeFact, descriptions: Descriptions): Promise<TypeDescription | undefined> {
    const own = await this.#description(name, descriptions)
    if (own === undefined) return undefined
    const substitutes = new Map<string, string>()
    for (const [field, row] of Object.entries(fact.f ?? {})) {
      const notation = typeof row === 'string' ? row : row.t
      if (!notation.startsWith('@') || own.field(field) !== undefined) continue
      const text = (await this.#description(notation.slice(1), descriptions))?.text
      if (text) substitutes.set(field, text)
    }
    return { text: own.text, field: (field) => own.field(field) ?? substitutes.get(field) }
  }

  #description(name: string, descriptions: Descriptions): Promise<TypeDescription | undefined> {
    const known = this.#descriptions.get(name)
    if (known !== undefined) return known
    const read = descriptions.of(name)
    this.#descriptions.set(name, read)
    return read
  }

  /** A type that belongs to every group, as DeleteOptions does, is shown as one of the core group and of this one. */
  #kinds(name: string): readonly OpenApiObject[] {
    const kinds = kindsOfType(name) ?? []
    const { group, version } = this.#groupVersion
    const here = ([ofGroup, ofVersion]: readonly string[]) =>
      (ofGroup === group && ofVersion === version) || (ofGroup === '' && ofVersion === 'v1')
    return (kinds.length > 1 ? kinds.filter(here) : kinds).map(([ofGroup, ofVersion, kind]) => ({
      group: ofGroup,
      kind,
      version: ofVersion,
    }))
  }
}

function customSchema(definition: ResourceDefinition, refer: Refer): OpenApiObject {
  const { group, version, kind, schema, selectableFields } = definition
  const selectable = Object.keys(selectableFields)
  return {
    ...structuralSchema(schema, refer),
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
    ...(selectable.length === 0
      ? {}
      : { 'x-kubernetes-selectable-fields': selectable.map((fieldPath) => ({ fieldPath })) }),
  }
}

function customListSchema(definition: ResourceDefinition, refer: Refer): OpenApiObject {
  const { group, version, listKind } = definition
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: refer(typeNameOf(definition)) },
      kind: { type: 'string' },
      metadata: refer(metaType('ListMeta')),
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  }
}
