import { fieldAt, type KubeObject } from '../machinery/object.ts'
import { parseApiVersion } from '../machinery/resource.ts'

/** Whether a copy works, and what its owner would like to read about it. */
export interface Health {
  readonly healthy: boolean
  readonly message: string
}

type Rule = (live: KubeObject) => Health

const rules: Readonly<Record<string, Rule>> = {
  'apps/Deployment': (live) => {
    const wanted = count(live, 'spec', 'replicas') ?? 1
    const { ready, updated, total } = {
      ready: count(live, 'status', 'readyReplicas') ?? 0,
      updated: count(live, 'status', 'updatedReplicas') ?? 0,
      total: count(live, 'status', 'replicas') ?? 0,
    }
    const healthy = ready === wanted && updated === wanted && total === wanted && isObserved(live)
    return { healthy, message: `Ready:${ready}/${wanted}` }
  },
  'apps/StatefulSet': (live) => {
    const wanted = count(live, 'spec', 'replicas') ?? 1
    const ready = count(live, 'status', 'readyReplicas') ?? 0
    const updated = count(live, 'status', 'updatedReplicas') ?? 0
    // A partition holds back an update on purpose.
    const partition = count(live, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0
    const healthy = ready === wanted && updated >= Math.max(0, wanted - partition) && isObserved(live)
    return { healthy, message: `Ready:${ready}/${wanted}` }
  },
  'apps/DaemonSet': (live) => {
    const wanted = count(live, 'status', 'desiredNumberScheduled') ?? 0
    const ready = count(live, 'status', 'numberReady') ?? 0
    const updated = count(live, 'status', 'updatedNumberScheduled') ?? 0
    const healthy = ready === wanted && updated === wanted && isObserved(live)
    return { healthy, message: `Ready:${ready}/${wanted}` }
  },
  'batch/Job': (live) => {
    const wanted = count(live, 'spec', 'completions') ?? 1
    const succeeded = count(live, 'status', 'succeeded') ?? 0
    return { healthy: succeeded >= wanted, message: `Succeeded:${succeeded}/${wanted}` }
  },
}

/**
 * The health of a live copy. Deployments, StatefulSets and DaemonSets must have all replicas updated, ready and observed, Jobs must have
 * succeeded; every other kind is healthy because it exists (application semantics, section 6.9).
 */
export function healthOf(live: KubeObject): Health {
  return rules[kindOf(live)]?.(live) ?? { healthy: true, message: '' }
}

/** Whether the status of this kind says anything about its health: caches may forget the status of all others. */
export function healthNeedsStatus(object: KubeObject): boolean {
  return rules[kindOf(object)] !== undefined
}

function kindOf(object: KubeObject): string {
  return `${parseApiVersion(object.apiVersion)?.group ?? ''}/${object.kind}`
}

function isObserved(live: KubeObject): boolean {
  return (count(live, 'status', 'observedGeneration') ?? 0) >= (live.metadata.generation ?? 0)
}

function count(live: KubeObject, ...path: readonly string[]): number | undefined {
  const value = fieldAt(live, ...path)
  return typeof value === 'number' ? value : undefined
}
