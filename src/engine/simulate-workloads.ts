import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import { Informer } from '../machinery/informer.ts'
import type { Logger } from '../machinery/log.ts'
import { equalJson, fieldAt, isObject, type KubeObject, type ObjectKey, printKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { hasReason } from '../machinery/status-error.ts'
import { WorkQueue } from '../machinery/workqueue.ts'
import { daemonSets, deployments, jobs, type Simulation, type Status, statefulSets } from './simulated-status.ts'

/** Which cluster is simulated, and how long a workload takes to get ready; half a second by default. */
export interface SimulationOptions {
  readonly client: ObjectClient
  readonly log: Logger
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly delayMs?: number
}

const fieldManager = 'entrepot-simulation'
const concurrency = 4
const backoff = { firstMs: 100, maxMs: 10_000 }

const kinds: readonly { readonly resource: ResourceInfo; readonly simulation: Simulation }[] = [
  { resource: namespaced('apps', 'deployments', 'Deployment'), simulation: deployments },
  { resource: namespaced('apps', 'statefulsets', 'StatefulSet'), simulation: statefulSets },
  { resource: namespaced('apps', 'daemonsets', 'DaemonSet'), simulation: daemonSets },
  { resource: namespaced('batch', 'jobs', 'Job'), simulation: jobs },
]

/**
 * Stands in for the controllers and nodes of a cluster that has none: Deployments, StatefulSets, DaemonSets and Jobs report that they
 * were seen, and after `delayMs` that they are ready, as a cluster with enough room would. No pods are made. Runs until `signal`
 * aborts; resolves when nothing of it is under way any more, and never rejects.
 */
export async function startSimulatedWorkloads(options: SimulationOptions): Promise<void> {
  await Promise.all(kinds.map(({ resource, simulation }) => simulate(resource, simulation, options)))
}

async function simulate(resource: ResourceInfo, simulation: Simulation, options: SimulationOptions): Promise<void> {
  const { client, log, clock, signal, delayMs = 500 } = options
  const informer = new Informer({ client, resource, log, clock, transform: withoutManagedFields })
  const keys = new Map<string, ObjectKey>()
  // When a generation gets ready, by key. What is not here was begun before this process, and begins to wait now.
  const due = new Map<string, { readonly generation: number; readonly atMs: number }>()
  const queue = new WorkQueue({
    concurrency,
    clock,
    backoff,
    onFailure: (key, error, failures) =>
      log.debug({ resource: resource.resource, key, failures, err: error }, 'a status could not be simulated'),
  })
  informer.onChange((key, current) => {
    const printed = printKey(key)
    if (current) keys.set(printed, key)
    else {
      keys.delete(printed)
      due.delete(printed)
    }
    if (current) queue.add(printed)
  })

  const write = async (key: ObjectKey, object: KubeObject, status: Status): Promise<void> => {
    const patch = statusPatch(object, status)
    if (patch === undefined) return
    try {
      await client.patch(resource, key, { status: patch }, { fieldManager, subresource: 'status', signal })
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error
    }
  }

  const work = async (printed: string) => {
    const key = keys.get(printed)
    const object = key && informer.get(key)
    if (!key || !object || object.metadata.deletionTimestamp || simulation.isOver?.(object)) return
    const generation = object.metadata.generation ?? 0
    const waiting = due.get(printed)
    if (waiting?.generation !== generation) due.set(printed, { generation, atMs: clock.now() + delayMs })
    if (!simulation.isStarted(object)) {
      await write(key, object, simulation.started(object, clock.now()))
      return { againAfterMs: delayMs }
    }
    const remainingMs = (due.get(printed)?.atMs ?? 0) - clock.now()
    if (remainingMs > 0) return { againAfterMs: remainingMs }
    await write(key, object, simulation.ready(object, clock.now()))
    return undefined
  }
  await Promise.all([informer.run(signal), queue.run(work, signal)])
}

/** The merge patch that turns an object's status into `wanted`, or undefined when it says that already. */
function statusPatch(object: KubeObject, wanted: Status): Status | undefined {
  const status = fieldAt(object, 'status')
  const current = isObject(status) ? status : {}
  if (equalJson(withoutZeros(current), withoutZeros(wanted))) return undefined
  const gone = Object.keys(current).filter((field) => wanted[field] === undefined)
  return { ...wanted, ...Object.fromEntries(gone.map((field) => [field, null])) }
}

/** Servers leave out most counts of nothing. */
function withoutZeros(status: Status): Status {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0))
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata
  return { ...object, metadata }
}

function namespaced(group: string, resource: string, kind: string): ResourceInfo {
  return { group, version: 'v1', resource, kind, namespaced: true, singular: kind.toLowerCase() }
}
