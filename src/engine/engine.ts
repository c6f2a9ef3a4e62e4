import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import type { Fleet } from '../machinery/fleet.ts'
import { Informer } from '../machinery/informer.ts'
import type { Logger } from '../machinery/log.ts'
import { equalJson, type KubeObject, type ObjectKey, printKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { WorkQueue } from '../machinery/workqueue.ts'
import { applicationResource, asksTheSame } from './application.ts'
import { Applications } from './applications.ts'
import type { ReferenceScope } from './components/component.ts'
import { attend } from './dispatch.ts'
import { EventRecorder } from './events.ts'
import { Members } from './members.ts'
import { reconcile } from './reconcile.ts'
import { parseShipment, Shipments, shipmentResource } from './shipments.ts'
import { Sources } from './sources.ts'
import { Views } from './views.ts'
import { Wishes } from './wishes.ts'
import type { World } from './world.ts'

/**
 * What the engine runs on. `hub` must serve Applications and shipments. The fleet must know every registered cluster before the engine
 * starts, because a cluster that it does not know is a detached one, whose copies are given up; `local` in it is the hub again.
 */
export interface EngineOptions {
  readonly hub: ObjectClient
  readonly fleet: Fleet
  readonly clock: Clock
  readonly log: Logger
  /** How far references of applications may reach. */
  readonly scope: ReferenceScope
  /** Stops the engine, like `close`. */
  readonly signal?: AbortSignal
}

/** A running engine. `close` resolves when no request of it is under way any more. */
export interface Engine {
  close(): Promise<void>
}

/** Applications that are worked on at the same time. They never wait for a cluster, only for the hub. */
const concurrency = 32
const backoff = { firstMs: 100, maxMs: 30_000 }

/**
 * Starts to ship: resolves when the hub's Applications and shipments have been read once and the workers run. Everything afterwards is
 * driven by events of the hub, of the clusters and of the fleet.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { hub, fleet, clock, log, scope } = options
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const queue = new WorkQueue({
    concurrency,
    clock,
    backoff,
    onFailure: (application, error, failures) =>
      log.warn({ application, failures, err: error }, 'an application could not be worked on, trying again'),
  })
  const applications = informerOf(hub, applicationResource, log, clock)
  const rows = informerOf(hub, shipmentResource, log, clock)
  const shipments = new Shipments(hub, rows, clock)
  const wishes = new Wishes()
  const views = new Views()
  const onStale = (application: string): void => {
    views.markStale(application)
    queue.add(application)
  }
  const world: World = {
    clock,
    log,
    fleet,
    scope,
    applications: new Applications(hub, applications, clock),
    shipments,
    wishes,
    views,
    sources: new Sources({ fleet, clock, log, signal, onStale }),
    events: new EventRecorder(hub, clock, log, signal),
    members: new Members({
      fleet,
      clock,
      log,
      attend: (key, member, aborted) => attend(key, member, world, aborted),
      rowsAbout: (cluster, resource, key) => {
        const target = { cluster, group: resource.group, resource: resource.resource, ...key }
        return [...shipments.about(target).map((row) => row.key), ...wishes.wanting(target)].map(printKey)
      },
      rowsOfKind: (cluster, resource) => shipments.ofKind(cluster, resource).map((row) => printKey(row.key)),
    }),
  }

  applications.onChange((key, current, previous) => {
    if (!current || !previous || !asksTheSame(current, previous)) onStale(printKey(key))
  })
  rows.onChange((key, current, previous) => rowChanged(world, queue, key, current, previous))
  const stopListening = fleet.onChange(clusterListener(world, queue, applications, onStale))

  const running = [applications.run(signal), rows.run(signal)]
  try {
    await Promise.all([applications.whenSynced(signal), rows.whenSynced(signal)])
  } catch (error) {
    stop.abort()
    stopListening()
    await Promise.allSettled(running)
    throw error
  }
  running.push(queue.run((application, aborted) => reconcile(parseKey(application), world, aborted), signal))

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    stop.abort()
    stopListening()
    world.sources.close()
    await Promise.all([world.members.close(), ...running])
    await world.events.settled()
  }
  const closeOnce = (): Promise<void> => {
    closing ??= close()
    return closing
  }
  signal.addEventListener('abort', () => void closeOnce(), { once: true })
  return { close: closeOnce }
}

/** A row is the business of its application's report, of its cluster's watch, and, where it is new, of its cluster's queue. */
function rowChanged(
  world: World,
  queue: WorkQueue,
  key: ObjectKey,
  current: KubeObject | undefined,
  previous: KubeObject | undefined,
): void {
  const row = current ?? previous
  if (!row) return
  const { application, target, resource } = parseShipment(row)
  const member = world.members.of(target.cluster)
  if (current) {
    member.watch(resource)
    if (!previous) member.add(printKey(key))
  } else if (world.shipments.ofKind(target.cluster, resource).length === 0) {
    member.unwatch(resource)
  }
  queue.add(printKey(application))
}

/** What a change of the fleet asks for: the cluster's own rows and sources at once; placements only when they may come out differently. */
function clusterListener(
  world: World,
  queue: WorkQueue,
  applications: Informer,
  onStale: (application: string) => void,
): (name: string) => void {
  const labelsOf = (name: string) => world.fleet.get(name)?.labels
  const known = new Map(world.fleet.list().map(({ name, labels }) => [name, labels]))
  return (name) => {
    const labels = labelsOf(name)
    const placesDifferently = !equalJson(known.get(name), labels)
    if (labels) known.set(name, labels)
    else known.delete(name)
    world.sources.clusterChanged(name)
    world.members.find(name)?.changed()
    for (const row of world.shipments.onCluster(name)) {
      const member = world.members.of(name)
      member.watch(row.resource)
      member.add(printKey(row.key))
      // A deleted application may be waiting for exactly this cluster to answer, or to be given up.
      if (row.status.state === 'Retiring') queue.add(printKey(row.application))
    }
    if (!placesDifferently) return
    for (const { metadata } of applications.list()) {
      onStale(printKey({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' }))
    }
  }
}

function informerOf(client: ObjectClient, resource: ResourceInfo, log: Logger, clock: Clock): Informer {
  return new Informer({
    client,
    resource,
    log,
    clock,
    transform: withoutManagedFields,
    backoff: { firstMs: 50, maxMs: 5000 },
  })
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  return { ...object, metadata }
}

function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
