import type { Application } from './application.ts'
import { nameLabel, namespaceLabel } from './identity.ts'

/** The label that names the cluster of a copy. */
export const clusterLabel = 'app.oam.dev/cluster'

/** Never copied from an application to its objects. */
const keptBack = [
  'app.oam.dev/inplace-upgrade',
  'filter.oam.dev/annotation-keys',
  'filter.oam.dev/label-keys',
  'kubectl.kubernetes.io/last-applied-configuration',
  'oam.dev/kubevela-version',
  // Who asked is the hub's business.
  'app.oam.dev/username',
  'app.oam.dev/group',
]

/**
 * The labels that every object of a component gets besides its own (application semantics, section 2.2): those of the application, then
 * ours, which win. `index` is the object's place in the component; the first is the workload. Labels of ApplicationRevisions are left
 * out as long as there are none, and hashes live in the shipment, not in the copy.
 */
export function labelsFor(
  application: Application,
  component: { readonly name: string; readonly type: string },
  index: number,
): Readonly<Record<string, string>> {
  return {
    ...withoutKeys(application.labels, application.annotations['filter.oam.dev/label-keys']),
    [nameLabel]: application.key.name,
    [namespaceLabel]: application.key.namespace,
    'app.oam.dev/component': component.name,
    'app.oam.dev/resourceType': index === 0 ? 'WORKLOAD' : 'TRAIT',
    ...(index === 0
      ? { 'workload.oam.dev/type': component.type }
      : { 'trait.oam.dev/type': 'AuxiliaryWorkload', 'trait.oam.dev/resource': `objects-${index}` }),
  }
}

/** The annotations that every object of an application gets besides its own. */
export function annotationsFor(application: Application): Readonly<Record<string, string>> {
  return withoutKeys(application.annotations, application.annotations['filter.oam.dev/annotation-keys'])
}

function withoutKeys(map: Readonly<Record<string, string>>, filter = ''): Record<string, string> {
  const unwanted = new Set([...keptBack, ...filter.split(',').map((key) => key.trim())])
  return Object.fromEntries(Object.entries(map).filter(([key]) => !unwanted.has(key)))
}
