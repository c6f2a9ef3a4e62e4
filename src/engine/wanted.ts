import { isObject, type KubeObject, type ObjectKey, printKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import type { SourceRef } from './components/component.ts'
import { digest, shipmentKey, type Target, targetId } from './identity.ts'
import { clusterLabel } from './labels.ts'
import type { Placement } from './policies/policy.ts'
import { PropertiesError } from './properties.ts'
import type { RenderedComponent, RenderedObject } from './render.ts'

/** One object that should be in one cluster. */
export interface Wanted {
  /** Of its shipment. */
  readonly key: ObjectKey
  readonly application: ObjectKey
  readonly component: string
  readonly resource: ResourceInfo
  readonly target: Target
  readonly source: SourceRef
  readonly rendered: RenderedObject
  /** Changes whenever something else is to be sent. */
  readonly hash: string
}

/** What one component should be at one placement: the unit of which the status of an application speaks. */
export interface Service {
  readonly component: string
  readonly traits: readonly string[]
  readonly cluster: string
  readonly namespace: string
  /** The workload first; empty when nothing matched. */
  readonly wanted: readonly Wanted[]
}

/** An application must fit into memory and into a status: more shipments than this are refused. */
const mostShipments = 20_000

/**
 * Rendered components times placements, in a stable order: components as written, then clusters by name. Throws PropertiesError when two
 * objects would be the same one in some cluster.
 */
export function servicesOf(
  application: ObjectKey,
  components: readonly RenderedComponent[],
  placements: readonly Placement[],
): readonly Service[] {
  const objects = components.reduce((sum, component) => sum + component.objects.length, 0)
  if (objects * placements.length > mostShipments) {
    throw new PropertiesError(
      `${objects} objects in ${placements.length} places are more than ${mostShipments} shipments; split the application`,
    )
  }
  const claimed = new Map<string, string>()
  const ordered = [...placements].sort((a, b) => compare(a.cluster, b.cluster) || compare(a.namespace, b.namespace))
  return components.flatMap((component) =>
    ordered.map((placement) => ({
      component: component.name,
      traits: component.traits,
      cluster: placement.cluster,
      namespace: placement.namespace ?? application.namespace,
      wanted: component.objects.map((rendered) => {
        const wanted = wantedAt(application, component.name, rendered, placement)
        claim(claimed, wanted)
        return wanted
      }),
    })),
  )
}

/** The complete object to send: namespace and cluster label are the placement's. */
export function objectFor({ rendered, target }: Wanted): KubeObject {
  const { namespace: _source, ...metadata } = rendered.object.metadata
  const labels = isObject(metadata.labels) ? metadata.labels : {}
  return {
    ...rendered.object,
    metadata: {
      ...metadata,
      ...(target.namespace === '' ? {} : { namespace: target.namespace }),
      // The name of a cluster may be longer than a label's value can be.
      labels: target.cluster.length > 63 ? labels : { ...labels, [clusterLabel]: target.cluster },
    },
  }
}

/** `Secret examples/a`, as messages name an object. */
export function printTarget({ resource, target }: Pick<Wanted, 'resource' | 'target'>): string {
  return `${resource.kind} ${printKey(target)}`
}

function wantedAt(
  application: ObjectKey,
  component: string,
  rendered: RenderedObject,
  { cluster, namespace }: Placement,
): Wanted {
  const { object, resource, source } = rendered
  const target: Target = {
    cluster,
    group: resource.group,
    resource: resource.resource,
    namespace: resource.namespaced ? (namespace ?? object.metadata.namespace ?? application.namespace) : '',
    name: object.metadata.name ?? '',
  }
  const hash = digest(rendered.digest, target)
  const key = shipmentKey(application, target)
  return { key, application, component, resource, target, source, rendered, hash }
}

function claim(claimed: Map<string, string>, wanted: Wanted): void {
  const id = targetId(wanted.target)
  const other = claimed.get(id)
  if (other !== undefined) {
    throw new PropertiesError(
      `${printTarget(wanted)} in cluster ${wanted.target.cluster} would come from two sources, in components ${other} and ${wanted.component}`,
    )
  }
  claimed.set(id, wanted.component)
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}
