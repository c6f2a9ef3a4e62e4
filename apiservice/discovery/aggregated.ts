import type { ResourceDefinition } from '../registry/definition.ts'
import type { ServedGroup } from './groups.ts'

/** Every resource of these groups in one answer (Kubernetes API concepts, “Aggregated discovery”). */
export function groupDiscoveryList(groups: readonly ServedGroup[]): Record<string, unknown> {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, resources }) => ({
        version,
        resources: resources.map(resourceEntry),
        freshness: 'Current',
      })),
    })),
  }
}

function resourceEntry(definition: ResourceDefinition): Record<string, unknown> {
  const { resource, kind, namespaced, singular, verbs, shortNames, categories, subresources } = definition
  return {
    resource,
    responseKind: responseKind(definition, { ...definition, kind }),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: responseKind(definition, subresource.kind ?? definition),
            verbs: subresource.verbs,
          })),
        }),
  }
}

/** Built-in kinds of the group version itself leave it out; the field is there all the same, since clients have crashed without it. */
function responseKind(
  definition: ResourceDefinition,
  { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string },
): Record<string, unknown> {
  const own = !definition.custom && group === definition.group && version === definition.version
  return own ? { group: '', version: '', kind } : { group, version, kind }
}
