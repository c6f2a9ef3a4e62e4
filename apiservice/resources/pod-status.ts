import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { conditionIsTrue, conditionOf, count, objects, text } from './cells.ts'

type Status = Readonly<Record<string, unknown>>

/** The three cells of a pod that sum its containers up: `1/2`, `CrashLoopBackOff`, how often it restarted and when last. */
export interface PodSummary {
  readonly ready: string
  readonly status: string
  readonly restarts: number
  readonly lastRestart: string | undefined
}

/** What happened in one phase of a pod's life: its init containers, or its containers. */
interface Progress {
  readonly ready: number
  readonly restarts: number
  readonly lastRestart: string | undefined
  /** What the containers make of the pod's status, or undefined where they say nothing. */
  readonly status: string | undefined
}

/**
 * Sums a pod up as `kubectl get pods` shows it (the pod printer of Kubernetes 1.36). An init container that fails or waits speaks for the
 * pod; then the first of its containers that does not run.
 */
export function podStatusCells(pod: KubeObject): PodSummary {
  const sidecars = new Set(
    objects(pod, 'spec', 'initContainers')
      .filter(isSidecar)
      .map((container) => text(container, ['name'])),
  )
  const total = objects(pod, 'spec', 'containers').length + sidecars.size
  const init = initProgress(pod, sidecars)
  const initializing = init.status !== undefined && !conditionIsTrue(pod, 'Initialized')
  const main = initializing ? undefined : mainProgress(pod, init.sidecarRestarts, init.lastSidecarRestart)
  const phase = text(pod, ['status', 'phase'])
  const own = conditionOf(pod, 'PodScheduled')?.['reason'] === 'SchedulingGated' ? 'SchedulingGated' : undefined
  const reported = main?.status ?? init.status ?? own ?? text(pod, ['status', 'reason'], phase)
  return {
    ready: `${init.ready + (main?.ready ?? 0)}/${total}`,
    status: whileDeleting(pod, phase) ?? reported,
    restarts: main?.restarts ?? init.restarts,
    lastRestart: main ? main.lastRestart : init.lastRestart,
  }
}

/** Init containers that go on running beside the others. */
const isSidecar = (container: Status): boolean => container['restartPolicy'] === 'Always'

function whileDeleting(pod: KubeObject, phase: string): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined
  if (fieldAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown'
  return phase === 'Succeeded' || phase === 'Failed' ? undefined : 'Terminating'
}

function initProgress(
  pod: KubeObject,
  sidecars: ReadonlySet<string>,
): Progress & { readonly sidecarRestarts: number; readonly lastSidecarRestart: string | undefined } {
  let ready = 0
  let restarts = 0
  let lastRestart: string | undefined
  let sidecarRestarts = 0
  let lastSidecarRestart: string | undefined
  let status: string | undefined
  for (const [index, container] of objects(pod, 'status', 'initContainerStatuses').entries()) {
    const sidecar = sidecars.has(text(container, ['name']))
    restarts += count(container, 'restartCount')
    lastRestart = laterOf(lastRestart, endOfLastRun(container))
    if (sidecar) {
      sidecarRestarts += count(container, 'restartCount')
      lastSidecarRestart = laterOf(lastSidecarRestart, endOfLastRun(container))
    }
    const terminated = fieldAt(container, 'state', 'terminated')
    if (isObject(terminated) && count(terminated, 'exitCode') === 0) continue
    if (sidecar && container['started'] === true) {
      if (container['ready'] === true) ready++
      continue
    }
    status = `Init:${initStatus(container, index, objects(pod, 'spec', 'initContainers').length)}`
    break
  }
  return { ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart, status }
}

function initStatus(container: Status, index: number, total: number): string {
  const terminated = fieldAt(container, 'state', 'terminated')
  if (isObject(terminated)) return endOf(terminated)
  const waiting = text(container, ['state', 'waiting', 'reason'])
  return waiting === '' || waiting === 'PodInitializing' ? `${index}/${total}` : waiting
}

function mainProgress(pod: KubeObject, sidecarRestarts: number, lastSidecarRestart: string | undefined): Progress {
  let ready = 0
  let restarts = sidecarRestarts
  let lastRestart = lastSidecarRestart
  let status: string | undefined
  let failure: string | undefined
  let running = false
  // From the last to the first, so that the first container has the last word.
  for (const container of objects(pod, 'status', 'containerStatuses').toReversed()) {
    restarts += count(container, 'restartCount')
    lastRestart = laterOf(lastRestart, endOfLastRun(container))
    const waiting = text(container, ['state', 'waiting', 'reason'])
    const terminated = fieldAt(container, 'state', 'terminated')
    if (waiting !== '') status = waiting
    else if (isObject(terminated)) {
      status = endOf(terminated)
      if (count(terminated, 'exitCode') !== 0) failure = status
    } else if (container['ready'] === true && isObject(fieldAt(container, 'state', 'running'))) {
      running = true
      ready++
    }
  }
  if (status === 'Completed') {
    if (running && conditionIsTrue(pod, 'Ready')) status = 'Running'
    else status = failure ?? (running ? 'NotReady' : status)
  }
  return { ready, restarts, lastRestart, status }
}

/** Why a container ended: its reason, else the signal, else the exit code. */
function endOf(terminated: Status): string {
  const reason = text(terminated, ['reason'])
  if (reason !== '') return reason
  const signal = count(terminated, 'signal')
  return signal === 0 ? `ExitCode:${count(terminated, 'exitCode')}` : `Signal:${signal}`
}

const endOfLastRun = (container: Status): string | undefined =>
  text(container, ['lastState', 'terminated', 'finishedAt']) || undefined

function laterOf(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Date.parse(b) > Date.parse(a) ? b : a
}
