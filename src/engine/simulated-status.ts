import { createHash } from 'node:crypto'
import { printTime } from '../machinery/clock.ts'
import { type Condition, findCondition, setCondition } from '../machinery/conditions.ts'
import { fieldAt, isObject, type KubeObject } from '../machinery/object.ts'

/** `status` of a workload; a count of nothing may be absent. */
export type Status = Readonly<Record<string, unknown>>

/**
 * What the controller of a kind would have reported. `started` is its first answer to a new generation, `ready` its last one. Both are
 * pure, and give back a status that already says it: times of conditions and jobs move only when what they belong to does.
 */
export interface Simulation {
  /** Whether `started` has been said for the present generation. */
  isStarted(object: KubeObject): boolean
  /** Whether there is nothing more to say, now or after a while. */
  isOver?(object: KubeObject): boolean
  started(object: KubeObject, nowMs: number): Status
  ready(object: KubeObject, nowMs: number): Status
}

const isObserved = (object: KubeObject): boolean =>
  count(object, 'status', 'observedGeneration') === (object.metadata.generation ?? 0)

/** Deployments (kubectl’s `rollout status` and `wait --for=condition=Available` read these fields). */
export const deployments: Simulation = {
  isStarted: isObserved,
  started: (object, nowMs) => {
    const replicas = count(object, 'spec', 'replicas') ?? 1
    const ready = Math.min(count(object, 'status', 'readyReplicas') ?? 0, replicas)
    return {
      observedGeneration: object.metadata.generation,
      replicas,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: replicas - ready,
      conditions: deploymentConditions(object, nowMs, ready === replicas, 'ReplicaSetUpdated'),
    }
  },
  ready: (object, nowMs) => {
    const replicas = count(object, 'spec', 'replicas') ?? 1
    return {
      observedGeneration: object.metadata.generation,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: deploymentConditions(object, nowMs, true, 'NewReplicaSetAvailable'),
    }
  },
}

function deploymentConditions(
  object: KubeObject,
  nowMs: number,
  available: boolean,
  progress: string,
): readonly Condition[] {
  const wanted = [
    {
      type: 'Available',
      status: available ? 'True' : 'False',
      reason: available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: available ? 'Simulated: all replicas are available.' : 'Simulated: replicas are starting.',
    },
    {
      type: 'Progressing',
      status: 'True',
      reason: progress,
      message:
        progress === 'NewReplicaSetAvailable'
          ? 'Simulated: the rollout is complete.'
          : 'Simulated: the rollout has begun.',
    },
  ]
  return wanted.reduce((conditions, next) => {
    const before: (Condition & { readonly lastUpdateTime?: unknown }) | undefined = findCondition(conditions, next.type)
    const same = before?.status === next.status && before.reason === next.reason
    const now = printTime(nowMs)
    const dated = { ...next, lastUpdateTime: same ? before.lastUpdateTime : now, lastTransitionTime: now }
    return setCondition(conditions, dated)
  }, conditionsOf(object))
}

/** StatefulSets. The revision is a hash of the template, as the controller names ControllerRevisions. */
export const statefulSets: Simulation = {
  isStarted: isObserved,
  started: (object) => {
    const replicas = count(object, 'spec', 'replicas') ?? 1
    const ready = Math.min(count(object, 'status', 'readyReplicas') ?? 0, replicas)
    const revision = revisionOf(object)
    return {
      observedGeneration: object.metadata.generation,
      replicas,
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: ready,
      currentRevision: fieldAt(object, 'status', 'currentRevision') ?? revision,
      updateRevision: revision,
      collisionCount: 0,
    }
  },
  ready: (object) => {
    const replicas = count(object, 'spec', 'replicas') ?? 1
    const revision = revisionOf(object)
    return {
      observedGeneration: object.metadata.generation,
      replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      currentReplicas: replicas,
      updatedReplicas: replicas,
      currentRevision: revision,
      updateRevision: revision,
      collisionCount: 0,
    }
  },
}

function revisionOf(object: KubeObject): string {
  const template = JSON.stringify(fieldAt(object, 'spec', 'template') ?? {})
  const hash = createHash('sha256').update(template).digest('hex').slice(0, 10)
  // A revision is a name of its own: 253 characters at most.
  return `${(object.metadata.name ?? '').slice(0, 240)}-${hash}`
}

/** DaemonSets, on one imagined node. */
export const daemonSets: Simulation = {
  isStarted: isObserved,
  started: (object) => {
    const ready = Math.min(count(object, 'status', 'numberReady') ?? 0, 1)
    return {
      observedGeneration: object.metadata.generation,
      desiredNumberScheduled: 1,
      currentNumberScheduled: 1,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready,
      numberUnavailable: 1 - ready,
    }
  },
  ready: (object) => ({
    observedGeneration: object.metadata.generation,
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    updatedNumberScheduled: 1,
    numberMisscheduled: 0,
    numberReady: 1,
    numberAvailable: 1,
  }),
}

/** Jobs: every pod succeeds. A suspended one waits, and one that another controller manages (`managedBy`) is left to it. */
export const jobs: Simulation = {
  isStarted: (object) =>
    isSuspended(object)
      ? hasCondition(object, 'Suspended', 'True')
      : fieldAt(object, 'status', 'startTime') !== undefined,
  isOver: (object) => {
    const manager = fieldAt(object, 'spec', 'managedBy')
    const isForeign = manager !== undefined && manager !== 'kubernetes.io/job-controller'
    return isForeign || hasCondition(object, 'Complete', 'True') || hasCondition(object, 'Failed', 'True')
  },
  started: (object, nowMs) => {
    const now = printTime(nowMs)
    const conditions = conditionsOf(object)
    if (isSuspended(object)) {
      const suspended = {
        type: 'Suspended',
        status: 'True',
        reason: 'JobSuspended',
        message: 'Simulated: the job waits.',
      }
      return { ready: 0, terminating: 0, conditions: dated(conditions, suspended, now) }
    }
    const { parallelism, wanted } = sizeOf(object)
    const resumed = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Simulated: the job goes on.' }
    return {
      startTime: fieldAt(object, 'status', 'startTime') ?? now,
      active: Math.min(parallelism, wanted),
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      ...(findCondition(conditions, 'Suspended') ? { conditions: dated(conditions, resumed, now) } : {}),
    }
  },
  ready: (object, nowMs) => {
    const { parallelism, wanted, isIndexed } = sizeOf(object)
    // Nothing may run, so nothing ends.
    if (isSuspended(object) || (parallelism === 0 && wanted > 0)) return jobs.started(object, nowMs)
    const now = printTime(nowMs)
    const reached = { status: 'True', reason: 'CompletionsReached', message: 'Simulated: every pod succeeded.' }
    const met = dated(conditionsOf(object), { type: 'SuccessCriteriaMet', ...reached }, now)
    return {
      startTime: fieldAt(object, 'status', 'startTime') ?? now,
      completionTime: now,
      succeeded: wanted,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      ...(isIndexed && wanted > 0 ? { completedIndexes: wanted === 1 ? '0' : `0-${wanted - 1}` } : {}),
      conditions: dated(met, { type: 'Complete', ...reached }, now),
    }
  },
}

/** How many pods of a job run at once and succeed in the end. Without `completions` all that run together do. */
function sizeOf(object: KubeObject): {
  readonly parallelism: number
  readonly wanted: number
  readonly isIndexed: boolean
} {
  const parallelism = count(object, 'spec', 'parallelism') ?? 1
  const wanted = count(object, 'spec', 'completions') ?? parallelism
  return { parallelism, wanted, isIndexed: fieldAt(object, 'spec', 'completionMode') === 'Indexed' }
}

const isSuspended = (object: KubeObject): boolean => fieldAt(object, 'spec', 'suspend') === true

function hasCondition(object: KubeObject, type: string, status: string): boolean {
  return findCondition(conditionsOf(object), type)?.status === status
}

function dated(conditions: readonly Condition[], next: Condition, now: string): readonly Condition[] {
  return setCondition(conditions, { ...next, lastTransitionTime: now })
}

function conditionsOf(object: KubeObject): readonly Condition[] {
  const conditions = fieldAt(object, 'status', 'conditions')
  const isCondition = (value: unknown): value is Condition =>
    isObject(value) && typeof value['type'] === 'string' && typeof value['status'] === 'string'
  return Array.isArray(conditions) ? conditions.filter(isCondition) : []
}

function count(object: KubeObject, ...path: readonly string[]): number | undefined {
  const value = fieldAt(object, ...path)
  return typeof value === 'number' ? value : undefined
}
