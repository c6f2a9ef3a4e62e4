import type { ObjectClient } from '../machinery/client.ts'
import { type Clock, printTime } from '../machinery/clock.ts'
import type { Informer } from '../machinery/informer.ts'
import { equalJson, isObject, type KubeObject, keyOf, type ObjectKey, printKey } from '../machinery/object.ts'
import { apiVersionOf, parseApiVersion, type ResourceInfo } from '../machinery/resource.ts'
import { hasReason } from '../machinery/status-error.ts'
import type { SourceRef } from './components/component.ts'
import { nameLabel, type Target, targetId } from './identity.ts'
import { clusterLabel } from './labels.ts'
import { OwnWrites } from './own-writes.ts'
import type { Wanted } from './wanted.ts'

/** How the engine addresses shipments on the hub. */
export const shipmentResource: ResourceInfo = {
  group: 'shipments.entrepot.dev',
  version: 'v1alpha1',
  resource: 'shipments',
  kind: 'Shipment',
  namespaced: true,
  singular: 'shipment',
}

/**
 * Keeps a shipment that is deleted for as long as its copy is wanted or there: the row is the only trace of the copy, and until the
 * engine itself closes it, it goes on as if nothing had happened.
 */
export const shipmentFinalizer = 'shipments.entrepot.dev/copy'

/** The states of a shipment; a row without status is Pending. */
export const shipmentStates = [
  'Pending',
  'Shipped',
  'Healthy',
  'Conflict',
  'Refused',
  'Unreachable',
  'Retiring',
] as const
export type ShipmentState = (typeof shipmentStates)[number]

/** What is known of one copy. Times are RFC 3339. Holds no content: `hash` is salted with the secret uid of the source. */
export interface ShipmentStatus {
  readonly state: ShipmentState
  /** Of what the member took last. */
  readonly hash?: string
  /** The member's, after our last write. */
  readonly resourceVersion?: string
  readonly message?: string
  readonly lastShippedTime?: string
  readonly lastTransitionTime?: string
}

/** The typed view of a row. */
export interface Shipment {
  readonly key: ObjectKey
  readonly application: ObjectKey
  readonly component: string
  readonly resource: ResourceInfo
  readonly target: Target
  readonly source: SourceRef
  readonly status: ShipmentStatus
  readonly deleting: boolean
  readonly object: KubeObject
}

const fieldManager = 'entrepot'

/**
 * The books: one row per (object, cluster), read through the engine's own last writes. Rows outlive their Application; what a row says
 * about a member is written only by the worker that holds its key.
 */
export class Shipments {
  readonly #hub: ObjectClient
  readonly #clock: Clock
  readonly #informer: Informer
  readonly #own: OwnWrites

  constructor(hub: ObjectClient, informer: Informer, clock: Clock) {
    this.#hub = hub
    this.#clock = clock
    this.#informer = informer
    this.#own = new OwnWrites(clock)
    informer.index('application', (row) => [printKey(parseShipment(row).application)])
    informer.index('cluster', (row) => [parseShipment(row).target.cluster])
    informer.index('target', (row) => [targetId(parseShipment(row).target)])
    informer.index('kind', (row) => [kindKey(parseShipment(row))])
    informer.onChange((key, current) => this.#own.seen(key, current))
  }

  get(key: ObjectKey): Shipment | undefined {
    const row = this.#own.newest(key, this.#informer.get(key))
    return row && parseShipment(row)
  }

  /** All rows of an application, also those that the cache does not show yet. */
  of(application: ObjectKey): readonly Shipment[] {
    const rows = new Map(this.#found('application', printKey(application)))
    for (const object of this.#own.pending()) {
      const row = this.get(keyOf(object))
      if (row && printKey(row.application) === printKey(application)) rows.set(printKey(row.key), row)
    }
    return [...rows.values()]
  }

  onCluster(cluster: string): readonly Shipment[] {
    return [...this.#found('cluster', cluster).values()]
  }

  /** The rows about one object in one cluster: one per application that wants it, or wanted it. */
  about(target: Target): readonly Shipment[] {
    return [...this.#found('target', targetId(target)).values()]
  }

  /** The rows about one kind of object in one cluster. */
  ofKind(cluster: string, resource: ResourceInfo): readonly Shipment[] {
    return [...this.#found('kind', kindKey({ target: { cluster }, resource })).values()]
  }

  /** Opens the row of a wanted object, before anything is sent. Answers the row that is there when it was opened before. */
  async create(wanted: Wanted, signal: AbortSignal): Promise<Shipment> {
    try {
      return this.#wrote(await this.#hub.create(shipmentResource, rowFor(wanted), { fieldManager, signal }))
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error
      return this.#wrote(await this.#hub.get(shipmentResource, wanted.key, { signal }))
    }
  }

  /** Brings the spec of a row up to date, when the same target now comes from another source, component or version. */
  async respec(row: Shipment, wanted: Wanted, signal: AbortSignal): Promise<Shipment> {
    const { spec, metadata } = rowFor(wanted)
    if (equalJson(row.object['spec'], spec)) return row
    const patch = { metadata: { labels: metadata.labels ?? {} }, spec }
    return this.#wrote(await this.#hub.patch(shipmentResource, row.key, patch, { fieldManager, signal }))
  }

  /** Writes what is now known of the copy, if that is news. `message: ''` takes the message away. */
  async setStatus(
    row: Shipment,
    change: Omit<ShipmentStatus, 'lastTransitionTime'>,
    signal: AbortSignal,
  ): Promise<Shipment> {
    const before = row.status
    const merged = { ...before, ...change }
    const status = {
      ...merged,
      message: merged.message || undefined,
      lastTransitionTime:
        before.state === merged.state && before.lastTransitionTime
          ? before.lastTransitionTime
          : printTime(this.#clock.now()),
    }
    if (equalJson(status, before)) return row
    // A merge patch takes away by null what an absent field would keep.
    const patch = { status: { ...status, message: status.message ?? null } }
    const options = { fieldManager, subresource: 'status', signal }
    return this.#wrote(await this.#hub.patch(shipmentResource, row.key, patch, options))
  }

  /** Closes a row whose copy is gone or no longer ours. */
  async close(row: Shipment, signal: AbortSignal): Promise<void> {
    try {
      if (!row.deleting) await this.#hub.remove(shipmentResource, row.key, { signal })
      await this.#hub.patch(shipmentResource, row.key, { metadata: { finalizers: null } }, { fieldManager, signal })
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error
    }
    this.#own.forget(row.key)
  }

  #wrote(object: KubeObject): Shipment {
    this.#own.wrote(object)
    return parseShipment(object)
  }

  #found(index: string, value: string): ReadonlyMap<string, Shipment> {
    const rows = new Map<string, Shipment>()
    for (const cached of this.#informer.byIndex(index, value)) {
      const row = this.get(keyOf(cached))
      if (row) rows.set(printKey(row.key), row)
    }
    return rows
  }
}

const parsed = new WeakMap<KubeObject, Shipment>()

/** The typed view of a row. */
export function parseShipment(object: KubeObject): Shipment {
  const known = parsed.get(object)
  if (known) return known
  const spec = isObject(object['spec']) ? object['spec'] : {}
  const ref = isObject(spec['object']) ? spec['object'] : {}
  const source = isObject(spec['source']) ? spec['source'] : {}
  const namespace = object.metadata.namespace ?? ''
  const { group, version } = parseApiVersion(text(ref['apiVersion'])) ?? { group: '', version: '' }
  const kind = text(ref['kind'])
  const shipment: Shipment = {
    key: keyOf(object),
    application: { namespace, name: text(spec['application']) },
    component: text(spec['component']),
    resource: {
      group,
      version,
      resource: text(ref['resource']),
      kind,
      singular: kind.toLowerCase(),
      namespaced: text(ref['namespace']) !== '',
    },
    target: {
      cluster: text(spec['cluster']),
      group,
      resource: text(ref['resource']),
      namespace: text(ref['namespace']),
      name: text(ref['name']),
    },
    source: {
      cluster: text(source['cluster']),
      namespace: text(source['namespace']),
      name: text(source['name']),
    },
    status: parseStatus(object['status']),
    deleting: object.metadata.deletionTimestamp !== undefined,
    object,
  }
  parsed.set(object, shipment)
  return shipment
}

function parseStatus(value: unknown): ShipmentStatus {
  const status = isObject(value) ? value : {}
  const optional = (field: string) => (text(status[field]) === '' ? {} : { [field]: text(status[field]) })
  return {
    state: shipmentStates.find((state) => state === status['state']) ?? 'Pending',
    ...optional('hash'),
    ...optional('resourceVersion'),
    ...optional('message'),
    ...optional('lastShippedTime'),
    ...optional('lastTransitionTime'),
  }
}

function rowFor(wanted: Wanted): KubeObject {
  const { application, component, resource, target, source, key } = wanted
  return {
    apiVersion: apiVersionOf(shipmentResource),
    kind: shipmentResource.kind,
    metadata: {
      name: key.name,
      namespace: key.namespace,
      labels: {
        [nameLabel]: application.name,
        'app.oam.dev/component': component,
        ...(target.cluster.length > 63 ? {} : { [clusterLabel]: target.cluster }),
      },
      finalizers: [shipmentFinalizer],
    },
    spec: {
      application: application.name,
      component,
      cluster: target.cluster,
      object: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        resource: resource.resource,
        ...(target.namespace === '' ? {} : { namespace: target.namespace }),
        name: target.name,
      },
      source: {
        cluster: source.cluster,
        ...(source.namespace === '' ? {} : { namespace: source.namespace }),
        name: source.name,
      },
    },
  }
}

function kindKey({
  target,
  resource,
}: {
  readonly target: Pick<Target, 'cluster'>
  readonly resource: ResourceInfo
}): string {
  return `${target.cluster}|${resource.group}|${resource.version}|${resource.resource}`
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
