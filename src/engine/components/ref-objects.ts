import { listField, PropertiesError, strictFields, stringField, stringMapField } from '../properties.ts'
import type { Component, ComponentContext, Reference } from './component.ts'

const itemFields = [
  'resource',
  'group',
  'apiVersion',
  'kind',
  'name',
  'namespace',
  'cluster',
  'labelSelector',
  'selector',
]

interface RefObjects {
  readonly references: readonly Reference[]
}

interface Item {
  readonly resource: string
  readonly group: string
  readonly name: string
  readonly namespace: string
  readonly cluster: string
  readonly labels: Readonly<Record<string, string>> | undefined
  readonly hasOldSelector: boolean
}

/**
 * Copies of objects that exist: on the hub, or in a registered cluster. The texts of refusals are KubeVela's (application semantics,
 * sections 6.1 to 6.4). A namespace that names the application's own is within every scope.
 */
export const refObjects: Component<RefObjects> = {
  type: 'ref-objects',
  parse(properties, context) {
    const { items, urls } = decode(properties, context.name)
    if (urls > 0) throw new PropertiesError('referring objects from url is disabled')
    return { references: items.map((item) => referenceOf(item, context)) }
  },
  references: ({ references }) => references,
  render: ({ references }, read) => references.flatMap((reference) => read(reference)),
}

function decode(properties: unknown, component: string): { readonly items: readonly Item[]; readonly urls: number } {
  try {
    const fields = strictFields(properties ?? {}, ['objects', 'urls'])
    const items = listField(fields, 'objects') ?? []
    return {
      items: items.map((item, index) => decodeItem(item, `objects[${index}]`)),
      urls: listField(fields, 'urls')?.length ?? 0,
    }
  } catch (error) {
    if (!(error instanceof PropertiesError)) throw error
    throw new PropertiesError(`invalid properties for ref-objects in component ${component}: ${error.message}`, {
      cause: error,
    })
  }
}

function decodeItem(item: unknown, path: string): Item {
  const fields = strictFields(item, itemFields, path)
  const text = (field: string) => stringField(fields, field, path) ?? ''
  return {
    resource: text('resource'),
    group: text('group'),
    name: text('name'),
    namespace: text('namespace'),
    cluster: text('cluster') || 'local',
    labels: stringMapField(fields, 'labelSelector', path),
    hasOldSelector: stringMapField(fields, 'selector', path) !== undefined,
  }
}

function referenceOf(item: Item, context: ComponentContext): Reference {
  const { name, namespace, cluster, labels } = item
  if (labels === undefined && item.hasOldSelector) {
    // Ignoring it, as KubeVela does by default, would read another object than the one that was meant.
    throw new PropertiesError('selector is deprecated for referring objects, use labelSelector')
  }
  if (name !== '' && labels !== undefined) {
    throw new PropertiesError('invalid object selector for ref-objects, name and labelSelector cannot be both set')
  }
  if (context.scope === 'namespace' && namespace !== '' && namespace !== context.namespace) {
    throw new PropertiesError("cannot refer to objects outside the application's namespace")
  }
  if (context.scope !== 'global' && cluster !== 'local') {
    throw new PropertiesError('cannot refer to objects outside control plane')
  }
  if (item.resource === '') {
    throw new PropertiesError('resource is not set and legacy object type identifier is disabled for referring objects')
  }
  return {
    cluster,
    group: item.group,
    resource: item.resource,
    namespace: namespace || context.namespace,
    by: labels === undefined ? { name: name || context.name } : { labels },
    clusterScoped: context.scope !== 'namespace',
  }
}
