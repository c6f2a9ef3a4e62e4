import { printTime } from '../../src/machinery/clock.ts'
import { ageOf } from '../../src/machinery/human-duration.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Row, StrategyContext } from '../registry/definition.ts'
import type { Behaviour } from './behaviour.ts'
import { age, conditionIsTrue, count, nameOf, objects, text } from './cells.ts'
import { type DefaultTable, defaultsOf, under } from './defaulting.ts'
import { podSpecDefaults } from './pod-spec-defaults.ts'
import { podWarnings } from './pod-spec-warnings.ts'
import { podStatusCells } from './pod-status.ts'
import { validatePod, validatePodUpdate } from './pod-validation.ts'
import { qosClass } from './quality-of-service.ts'

/** What a Pod defaults beyond what every pod template does (Kubernetes API reference, `Pod`). */
const podDefaults: DefaultTable = { 'spec.enableServiceLinks': true, ...under('spec', podSpecDefaults) }
const applyDefaults = defaultsOf(podDefaults)

function defaults(draft: Record<string, unknown>): void {
  applyDefaults(draft)
  const spec = draft['spec']
  if (!isObject(spec)) return
  for (const list of [spec['containers'], spec['initContainers']]) {
    if (!Array.isArray(list)) continue
    for (const container of list) {
      if (!isObject(container)) continue
      requestWhatIsLimited(container)
      if (spec['hostNetwork'] === true) openOnHost(container)
    }
  }
}

/** A limit without a request asks for as much as it allows. */
function requestWhatIsLimited(container: Record<string, unknown>): void {
  const resources = container['resources']
  if (!isObject(resources) || !isObject(resources['limits'])) return
  const requests = isObject(resources['requests']) ? resources['requests'] : {}
  resources['requests'] = { ...resources['limits'], ...requests }
}

/** On the host's network a container port is a host port. */
function openOnHost(container: Record<string, unknown>): void {
  if (!Array.isArray(container['ports'])) return
  for (const port of container['ports']) {
    if (isObject(port) && !port['hostPort']) port['hostPort'] = port['containerPort']
  }
}

/** A new pod waits to be scheduled, whatever its author wrote of its status. */
function prepareForCreate(pod: KubeObject, { now }: StrategyContext): KubeObject {
  const gated = objects(pod, 'spec', 'schedulingGates').length > 0
  const scheduled = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: printTime(now),
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  }
  return {
    ...pod,
    status: { phase: 'Pending', ...(gated ? { conditions: [scheduled] } : {}), qosClass: qosClass(pod['spec']) },
  }
}

function cells(pod: KubeObject, now: number): readonly unknown[] {
  const { ready, status, restarts, lastRestart } = podStatusCells(pod)
  const since = restarts > 0 && lastRestart !== undefined ? ` (${ageOf(lastRestart, now)} ago)` : ''
  return [
    nameOf(pod),
    ready,
    status,
    `${restarts}${since}`,
    age(pod, now),
    text(objects(pod, 'status', 'podIPs')[0], ['ip'], '<none>'),
    text(pod, ['spec', 'nodeName'], '<none>'),
    text(pod, ['status', 'nominatedNodeName'], '<none>'),
    readinessGates(pod),
  ]
}

function readinessGates(pod: KubeObject): string {
  const gates = objects(pod, 'spec', 'readinessGates')
  if (gates.length === 0) return '<none>'
  const open = gates.filter((gate) => conditionIsTrue(pod, text(gate, ['conditionType'])))
  return `${open.length}/${gates.length}`
}

function rowConditions(pod: KubeObject): Row['conditions'] {
  const phase = fieldAt(pod, 'status', 'phase')
  if (phase === 'Succeeded') return [completed('Succeeded', 'The pod has completed successfully.')]
  if (phase === 'Failed') return [completed('Failed', 'The pod failed.')]
  return undefined
}

const completed = (reason: string, message: string) => ({ type: 'Completed', status: 'True', reason, message })

/**
 * Seconds that a deleted pod has to end (`podStrategy.CheckGracefulDelete`): as asked, else as its spec says. A pod on no node has nothing to
 * end and goes at once, and so does one that has ended.
 */
function gracePeriodSeconds(pod: KubeObject, asked: number | undefined): number {
  const period = asked ?? count(pod, 'spec', 'terminationGracePeriodSeconds')
  const phase = fieldAt(pod, 'status', 'phase')
  if (text(pod, ['spec', 'nodeName']) === '' || phase === 'Succeeded' || phase === 'Failed') return 0
  return period < 0 ? 1 : period
}

/** Pods: what runs. The hub stores them and runs none. */
export const pods: Behaviour = {
  cells,
  rowConditions,
  defaults,
  strategy: { prepareForCreate, gracePeriodSeconds, warnings: podWarnings },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  selectableFields: {
    'spec.host': (pod) => text(pod, ['spec', 'nodeName']),
    'spec.hostNetwork': (pod) => String(fieldAt(pod, 'spec', 'hostNetwork') === true),
    'status.podIP': (pod) => text(objects(pod, 'status', 'podIPs')[0], ['ip']) || text(pod, ['status', 'podIP']),
    // Accepted, and in no pod's set of fields: only the empty value selects.
    'status.podIPs': () => '',
  },
}
