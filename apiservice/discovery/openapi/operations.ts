import { pathOf } from '../../../src/machinery/resource.ts'
import type { ResourceDefinition, SubresourceDefinition } from '../../registry/definition.ts'
import { capitalized, groupTitle, listTypeNameOf, metaType, tagOf, typeNameOf, typeNameOfKind } from './names.ts'
import {
  connectParameters,
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  logParameters,
  nameInPath,
  namespaceInPath,
  type Parameter,
  patchParameters,
  pathInPath,
  pretty,
  resourceVersion,
  writeParameters,
} from './parameters.ts'
import type { Operation } from './path-item.ts'
import type { OpenApiObject, Refer } from './published.ts'

/** Operations by path. */
export type Paths = ReadonlyMap<string, readonly Operation[]>

const plainTypes = ['application/json', 'application/yaml']
const allTypes = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
const streamTypes = [
  'application/json',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/yaml',
]
const customPatches = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json']
const builtInPatches = [...customPatches, 'application/strategic-merge-patch+json']
const anyType = ['*/*']

/** Methods of a connection by the verb that discovery names; proxies pass on two more. */
const connectMethods: readonly (readonly [verb: string, methods: readonly Operation['method'][]])[] = [
  ['get', ['get']],
  ['update', ['put']],
  ['create', ['post']],
  ['delete', ['delete']],
  ['patch', ['options', 'head', 'patch']],
]

/** Every operation on a kind and its subresources, with the paths, names and parameters of kube-apiserver 1.36. */
export function operationsOf(definition: ResourceDefinition, refer: Refer): Paths {
  const writer = new OperationWriter(definition, refer)
  writer.collection()
  writer.item()
  for (const subresource of definition.subresources) writer.subresource(subresource)
  if (!definition.custom) writer.legacyWatches()
  return writer.paths
}

class OperationWriter {
  readonly paths = new Map<string, Operation[]>()
  readonly #definition: ResourceDefinition
  readonly #refer: Refer
  readonly #types: readonly string[]
  readonly #tag: string
  readonly #title: string
  readonly #scope: readonly Parameter[]

  constructor(definition: ResourceDefinition, refer: Refer) {
    const { group, version, custom, namespaced } = definition
    this.#definition = definition
    this.#refer = refer
    this.#types = custom ? plainTypes : allTypes
    this.#tag = tagOf(group, version)
    this.#title = `${groupTitle(group)}${capitalized(version)}`
    this.#scope = namespaced ? [namespaceInPath, pretty] : [pretty]
  }

  collection(): void {
    const { verbs, custom, namespaced } = this.#definition
    const path = this.#path({})
    if (verbs.includes('list')) {
      this.#add(path, { method: 'get', id: this.#id('list'), action: 'list', ...this.#list(this.#scope) })
      if (namespaced) {
        const id = this.#idEverywhere('list')
        this.#add(this.#path({ everywhere: true }), { method: 'get', id, action: 'list', ...this.#list([pretty]) })
      }
    }
    if (verbs.includes('create')) {
      this.#add(path, {
        method: 'post',
        id: this.#id('create'),
        action: 'post',
        ...this.#write(this.#object(), [...writeParameters, ...this.#scope]),
        codes: [201, 202],
      })
    }
    if (verbs.includes('deletecollection')) {
      this.#add(path, {
        method: 'delete',
        id: this.#id('delete', { collection: true }),
        action: 'deletecollection',
        answer: { types: this.#types, schema: this.#refer(metaType('Status')) },
        parameters: [...(custom ? listParameters : deleteCollectionParameters), ...this.#scope],
        ...(custom ? {} : { body: this.#deleteBody() }),
      })
    }
  }

  item(): void {
    const { verbs, returnsDeleted } = this.#definition
    const path = this.#path({ item: true })
    this.#readAndWrite(path, verbs, this.#object(), '')
    if (!verbs.includes('delete')) return
    this.#add(path, {
      method: 'delete',
      id: this.#id('delete'),
      action: 'delete',
      answer: { types: this.#types, schema: returnsDeleted ? this.#object() : this.#refer(metaType('Status')) },
      codes: [202],
      parameters: [...deleteParameters, nameInPath, ...this.#scope],
      body: this.#deleteBody(),
    })
  }

  subresource(subresource: SubresourceDefinition): void {
    const { name, verbs, kind } = subresource
    const path = this.#path({ item: true, subresource: name })
    if (kind !== undefined && connectParameters[kind.kind] !== undefined) {
      this.#connect(path, subresource, kind)
      return
    }
    const schema = kind === undefined ? this.#object() : this.#refer(typeNameOfKind(kind))
    if (name === 'log') {
      this.#add(path, {
        method: 'get',
        id: this.#id('read', { subresource: name }),
        action: 'get',
        answer: { types: ['text/plain', ...this.#types], schema: { type: 'string' } },
        parameters: [...logParameters, nameInPath, ...this.#scope],
      })
      return
    }
    this.#readAndWrite(path, verbs, schema, name, kind)
    if (!verbs.includes('create')) return
    this.#add(path, {
      method: 'post',
      id: this.#id('create', { subresource: name }),
      action: 'post',
      ...this.#write(schema, [...writeParameters, nameInPath, ...this.#scope]),
      codes: [201, 202],
      ...(kind === undefined ? {} : { kind }),
    })
  }

  /** The deprecated `/watch/` paths, which are still answered. */
  legacyWatches(): void {
    const { verbs, namespaced } = this.#definition
    if (!verbs.includes('watch')) return
    const answer = { types: streamTypes, schema: this.#refer(metaType('WatchEvent')) }
    const watch = (path: string, id: string, action: string, scope: readonly Parameter[]) =>
      this.#add(path, { method: 'get', id, action, answer, parameters: [...listParameters, ...scope] })
    watch(this.#path({ watch: true }), this.#id('watch', { suffix: 'List' }), 'watchlist', this.#scope)
    watch(this.#path({ watch: true, item: true }), this.#id('watch'), 'watch', [nameInPath, ...this.#scope])
    if (!namespaced) return
    const id = this.#idEverywhere('watch', 'List')
    watch(this.#path({ watch: true, everywhere: true }), id, 'watchlist', [pretty])
  }

  #readAndWrite(
    path: string,
    verbs: readonly string[],
    schema: OpenApiObject,
    subresource: string,
    kind?: SubresourceDefinition['kind'],
  ): void {
    const { custom } = this.#definition
    const scope = [nameInPath, ...this.#scope]
    const own = kind === undefined ? {} : { kind }
    if (verbs.includes('get')) {
      this.#add(path, {
        method: 'get',
        id: this.#id('read', { subresource }),
        action: 'get',
        answer: { types: this.#types, schema },
        parameters: custom ? [resourceVersion, ...scope] : scope,
        ...own,
      })
    }
    if (verbs.includes('update')) {
      this.#add(path, {
        method: 'put',
        id: this.#id('replace', { subresource }),
        action: 'put',
        ...this.#write(schema, [...writeParameters, ...scope]),
        codes: [201],
        ...own,
      })
    }
    if (!verbs.includes('patch')) return
    this.#add(path, {
      method: 'patch',
      id: this.#id('patch', { subresource }),
      action: 'patch',
      answer: { types: this.#types, schema },
      ...(custom ? {} : { codes: [201] }),
      parameters: [...patchParameters, ...scope],
      body: {
        types: custom ? customPatches : builtInPatches,
        schema: this.#refer(metaType('Patch')),
        required: true,
      },
      ...own,
    })
  }

  #connect(
    path: string,
    { name, verbs }: SubresourceDefinition,
    kind: NonNullable<SubresourceDefinition['kind']>,
  ): void {
    const proxies = verbs.includes('patch')
    const parameters = [
      ...(connectParameters[kind.kind] ?? []),
      nameInPath,
      ...this.#scope.filter((parameter) => parameter !== pretty),
    ]
    for (const [verb, methods] of connectMethods) {
      if (!verbs.includes(verb)) continue
      for (const method of methods) {
        const shared = { method, action: 'connect', answer: { types: anyType, schema: { type: 'string' } }, kind }
        const operation = `connect${this.#title}${capitalized(method)}${this.#subject()}${capitalized(name)}`
        this.#add(path, { ...shared, id: operation, parameters })
        if (!proxies) continue
        this.#add(`${path}/{path}`, {
          ...shared,
          id: `${operation}WithPath`,
          parameters: [...parameters, pathInPath],
        })
      }
    }
  }

  #list(scope: readonly Parameter[]): Pick<Operation, 'answer' | 'parameters'> {
    const types = this.#definition.custom ? plainTypes : streamTypes
    return {
      answer: { types, schema: this.#refer(listTypeNameOf(this.#definition)) },
      parameters: [...listParameters, ...scope],
    }
  }

  #write(schema: OpenApiObject, parameters: readonly Parameter[]): Pick<Operation, 'answer' | 'body' | 'parameters'> {
    const types = this.#definition.custom ? plainTypes : anyType
    return { answer: { types: this.#types, schema }, body: { types, schema, required: true }, parameters }
  }

  #deleteBody(): NonNullable<Operation['body']> {
    const types = this.#definition.custom ? plainTypes : anyType
    return { types, schema: this.#refer(metaType('DeleteOptions')), required: false }
  }

  #object(): OpenApiObject {
    return this.#refer(typeNameOf(this.#definition))
  }

  #add(path: string, operation: Omit<Operation, 'tag'>): void {
    const { group, version, kind } = this.#definition
    const operations = this.paths.get(path) ?? []
    operations.push({ kind: { group, version, kind }, tag: this.#tag, ...operation })
    this.paths.set(path, operations)
  }

  #path(to: {
    readonly watch?: boolean
    readonly everywhere?: boolean
    readonly item?: boolean
    readonly subresource?: string
  }): string {
    const { group, version, namespaced } = this.#definition
    const item = to.item ? '/{name}' : ''
    const subresource = to.subresource === undefined ? '' : `/${to.subresource}`
    const scope = namespaced && !to.everywhere ? '/namespaces/{namespace}' : ''
    const root = rootPath(group, version)
    return `${root}${to.watch ? '/watch' : ''}${scope}/${this.#definition.resource}${item}${subresource}`
  }

  #subject(): string {
    const { namespaced, kind } = this.#definition
    return namespaced ? `Namespaced${kind}` : kind
  }

  #id(
    verb: string,
    {
      collection = false,
      subresource = '',
      suffix = '',
    }: { readonly collection?: boolean; readonly subresource?: string; readonly suffix?: string } = {},
  ): string {
    const middle = collection ? 'Collection' : ''
    return `${verb}${this.#title}${middle}${this.#subject()}${capitalized(subresource)}${suffix}`
  }

  #idEverywhere(verb: string, suffix = ''): string {
    return `${verb}${this.#title}${this.#definition.kind}${suffix}ForAllNamespaces`
  }
}

/** `/api/v1`, `/apis/apps/v1`. */
export function rootPath(group: string, version: string): string {
  return pathOf({ group, version, resource: '', namespaced: false }).slice(0, -1)
}
