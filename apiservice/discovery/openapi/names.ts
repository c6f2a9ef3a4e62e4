import { apiVersionOf, type GroupVersionKind } from '../../../src/machinery/resource.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import type { ResourceDefinition } from '../../registry/definition.ts'

/** The OpenAPI name of a kind: that of its published type, or group, version and kind read from the right: `com.example.v1.Widget`. */
export function typeNameOf(definition: ResourceDefinition): string {
  const { schema, group, version, kind } = definition
  return schema.name ?? `${group.split('.').toReversed().join('.')}.${version}.${kind}`
}

/** The OpenAPI name of the list of a kind. */
export function listTypeNameOf(definition: ResourceDefinition): string {
  const name = typeNameOf(definition)
  return `${name.slice(0, name.length - definition.kind.length)}${definition.listKind}`
}

/** The OpenAPI name of a built-in kind. Throws for one that the fact tables do not have: subresources answer built-in kinds only. */
export function typeNameOfKind(kind: GroupVersionKind): string {
  const name = schemaOfKind(kind.group, kind.version, kind.kind)?.name
  if (name === undefined) throw new Error(`no published type for ${kind.kind} of ${apiVersionOf(kind)}`)
  return name
}

const metaTypes = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Types that operations of every kind use. */
export const metaType = (kind: string) => `${metaTypes}.${kind}`

/** `RbacAuthorization`, `DiscoExampleCom`, `Core`: a group as part of an operation's name. */
export function groupTitle(group: string): string {
  if (group === '') return 'Core'
  return group
    .replace(/\.k8s\.io$/, '')
    .split('.')
    .map(capitalized)
    .join('')
}

/** `rbacAuthorization_v1`: the tag of the operations of a group version. */
export function tagOf(group: string, version: string): string {
  const title = groupTitle(group)
  return `${title.slice(0, 1).toLowerCase()}${title.slice(1)}_${version}`
}

export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
