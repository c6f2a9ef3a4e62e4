import { apiVersionOf } from '../../src/machinery/resource.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import type { ServedGroup, ServedVersion } from './groups.ts'

/** `/api` (Kubernetes API reference, `APIVersions`). `serverAddress` is `host:port`. */
export function apiVersions(core: ServedGroup, serverAddress: string): Record<string, unknown> {
  return {
    kind: 'APIVersions',
    versions: core.versions.map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** `/apis`: every group but the core one. */
export function apiGroupList(groups: readonly ServedGroup[]): Record<string, unknown> {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter(({ name }) => name !== '').map(groupEntry) }
}

/** `/apis/GROUP`. */
export function apiGroup(group: ServedGroup): Record<string, unknown> {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) }
}

function groupEntry({ name, versions }: ServedGroup): Record<string, unknown> {
  const entries = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group: name, version }), version }))
  return { name, versions: entries, preferredVersion: entries[0] }
}

/** `/apis/GROUP/VERSION`, or `/api/v1`, which does not say what version of the list it is. Subresources follow their resource. */
export function apiResourceList(group: string, { version, resources }: ServedVersion): Record<string, unknown> {
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.flatMap(resourceEntries),
  }
}

function resourceEntries(definition: ResourceDefinition): readonly Record<string, unknown>[] {
  const { resource, singular, namespaced, kind, verbs, shortNames, categories, storageVersionHash } = definition
  const main = {
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  }
  const subresources = definition.subresources.map((subresource) => ({
    name: `${resource}/${subresource.name}`,
    singularName: '',
    namespaced,
    ...(subresource.kind === undefined ? {} : foreign(definition, subresource.kind)),
    kind: subresource.kind?.kind ?? kind,
    verbs: subresource.verbs,
  }))
  return [main, ...subresources]
}

/** Group and version are named where they are not those of the list. */
function foreign(
  definition: ResourceDefinition,
  { group, version }: { readonly group: string; readonly version: string },
): Record<string, unknown> {
  if (group === definition.group && version === definition.version) return {}
  return group === '' ? { version } : { group, version }
}
