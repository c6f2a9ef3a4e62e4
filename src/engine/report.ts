import { printTime } from '../machinery/clock.ts'
import { type Condition, findCondition, setCondition } from '../machinery/conditions.ts'
import { isObject, type KubeObject } from '../machinery/object.ts'
import type { Shipment, ShipmentState } from './shipments.ts'
import type { View } from './views.ts'
import type { Service, Wanted } from './wanted.ts'

/** The phases that the engine reports (application semantics, section 1.5). */
export type Phase = 'rendering' | 'runningWorkflow' | 'running' | 'unhealthy' | 'deleting'

/** `status` of an Application, as far as the engine writes it. */
export interface ApplicationStatus {
  readonly status: Phase
  readonly observedGeneration: number
  readonly conditions: readonly Condition[]
  readonly services: readonly unknown[]
  readonly [field: string]: unknown
}

/** Something that happened to an application, for people who read events. */
export interface Happening {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Where a wanted object stands: nothing answered yet, taken by its cluster, or not to be delivered at present. */
type Standing = 'pending' | 'taken' | 'failing'

const failingStates: readonly ShipmentState[] = ['Conflict', 'Refused', 'Unreachable']
const conditionOrder = ['Parsed', 'Policy', 'Render', 'Workflow', 'Ready', 'Synced']
const mostErrors = 10
const mostMessageCharacters = 4096

/** Whether some object of the view is on its way to a cluster that has not answered yet. */
export function isUnderWay(view: View, rowOf: (wanted: Wanted) => Shipment | undefined): boolean {
  return (view.services ?? []).some(({ wanted }) => wanted.some((one) => standingOf(one, rowOf(one)) === 'pending'))
}

/** The status of an application from its view and its rows. Conditions that are not decided now stay as they were. */
export function report(
  application: KubeObject,
  view: View,
  rowOf: (wanted: Wanted) => Shipment | undefined,
  kept: readonly Shipment[],
  nowMs: number,
): ApplicationStatus {
  const before = statusOf(application)
  const conditions = new Conditions(before.conditions, nowMs)
  const services = (view.services ?? []).map((service) => assess(service, rowOf))
  const failures = services.flatMap(({ errors }) => errors)
  const pending = services.some((service) => service.pending)
  const generation = application.metadata.generation ?? 0

  if (view.failure) {
    conditions.set(view.failure.condition, 'False', 'ReconcileError', view.failure.message)
    for (const passed of conditionOrder.slice(0, conditionOrder.indexOf(view.failure.condition))) {
      conditions.set(passed, 'True', 'Available')
    }
    conditions.set('Ready', 'False', 'ReconcileError', view.failure.message)
  } else {
    for (const passed of ['Parsed', 'Policy', 'Render']) conditions.set(passed, 'True', 'Available')
    if (failures.length > 0) {
      const message = `function call error for deploy: ${printErrors(failures)}`
      conditions.set('Workflow', 'False', 'ReconcileError', message)
      conditions.set('Ready', 'False', 'ReconcileError', message)
    } else if (pending) {
      conditions.set('Ready', 'False', 'Progressing', 'waiting for clusters to answer')
    } else {
      conditions.set('Workflow', 'True', 'Available')
      conditions.set('Ready', 'True', 'ReconcileSuccess')
    }
  }
  if (kept.length > 0) {
    const message = `the source is gone, its copies are kept: ${printKept(kept)}`
    conditions.set('Synced', 'False', 'SourceDeleted', message)
    if (!view.failure && failures.length === 0) conditions.set('Ready', 'False', 'SourceDeleted', message)
  } else if (conditions.has('Synced')) {
    conditions.set('Synced', 'True', 'Available')
  }
  return {
    status: phaseOf(view, services, before, generation),
    observedGeneration: generation,
    conditions: conditions.list(),
    // What was known is kept as long as nothing can be worked out.
    services: view.services ? services.map(({ entry }) => entry) : before.services,
  }
}

/** The status of an application that is being deleted and still waits for copies to go. */
export function reportDeletion(
  application: KubeObject,
  waitingFor: readonly Shipment[],
  nowMs: number,
): ApplicationStatus {
  const before = statusOf(application)
  const conditions = new Conditions(before.conditions, nowMs)
  const [first] = waitingFor
  if (first) {
    const where = `(Cluster: ${first.target.cluster}${first.target.namespace === '' ? '' : `, Namespace: ${first.target.namespace}`})`
    conditions.set(
      'Ready',
      'False',
      'Deleting',
      `Waiting for ${first.resource.kind} ${first.target.name} ${where} to delete. (At least ${waitingFor.length} resources are deleting.)`,
    )
  }
  return {
    status: 'deleting',
    observedGeneration: application.metadata.generation ?? 0,
    conditions: conditions.list(),
    services: before.services,
  }
}

const failedReasons: Readonly<Record<string, string>> = {
  Parsed: 'FailedParse',
  Policy: 'FailedParse',
  Render: 'FailedWorkflow',
  Workflow: 'FailedApply',
  Synced: 'SourceDeleted',
}

/** What a change of status is worth telling as an event: conditions that turned bad or bad for another reason, and success. */
export function happenings(application: KubeObject, after: ApplicationStatus): readonly Happening[] {
  const before = statusOf(application)
  const told: Happening[] = []
  for (const { type, status, message = '' } of after.conditions) {
    const old = before.conditions.find((condition) => condition.type === type)
    if (status === 'False' && (old?.status !== 'False' || (old.message ?? '') !== message)) {
      const reason = failedReasons[type]
      if (reason) told.push({ type: 'Warning', reason, message })
    }
    if (type === 'Workflow' && status === 'True' && old?.status !== 'True') {
      told.push({ type: 'Normal', reason: 'Applied', message: 'Applied successfully' })
    }
  }
  if (after.status === 'running' && before.phase !== 'running') {
    told.push({ type: 'Normal', reason: 'Deployed', message: 'Deployed successfully' })
  }
  return told
}

interface Assessed {
  readonly entry: { readonly healthy: boolean; readonly [field: string]: unknown }
  readonly pending: boolean
  readonly errors: readonly string[]
}

function assess(service: Service, rowOf: (wanted: Wanted) => Shipment | undefined): Assessed {
  const rows = service.wanted.map((wanted) => ({ wanted, row: rowOf(wanted) }))
  const standings = rows.map(({ wanted, row }) => standingOf(wanted, row))
  const failing = rows.filter((_, index) => standings[index] === 'failing')
  const workload = rows[0]?.row
  const taken = standings.every((standing) => standing === 'taken')
  const workloadHealthy = !rows[0] || (standings[0] === 'taken' && workload?.status.state === 'Healthy')
  const message =
    failing[0]?.row?.status.message ??
    (rows.length === 0 ? 'no objects matched' : standings[0] === 'taken' ? (workload?.status.message ?? '') : '')
  return {
    entry: {
      name: service.component,
      namespace: service.namespace,
      cluster: service.cluster,
      workloadDefinition: { apiVersion: '', kind: '' },
      healthy: workloadHealthy && taken,
      workloadHealthy,
      ...(message === '' ? {} : { message: cut(message) }),
      ...(service.traits.length === 0 ? {} : { traits: service.traits.map((type) => ({ type, healthy: true })) }),
    },
    pending: standings.includes('pending'),
    errors: failing.map(
      ({ row }) => `error encountered in cluster ${service.cluster}: Dispatch: ${row?.status.message ?? ''}`,
    ),
  }
}

function standingOf(wanted: Wanted, row: Shipment | undefined): Standing {
  if (!row) return 'pending'
  if (failingStates.includes(row.status.state)) return 'failing'
  const isTaken = row.status.state === 'Shipped' || row.status.state === 'Healthy'
  return isTaken && row.status.hash === wanted.hash ? 'taken' : 'pending'
}

function phaseOf(view: View, services: readonly Assessed[], before: Before, generation: number): Phase {
  if (!view.services) return before.phase ?? 'rendering'
  if (services.some(({ errors }) => errors.length > 0)) return 'unhealthy'
  if (services.some(({ pending }) => pending)) return 'runningWorkflow'
  if (services.every(({ entry }) => entry.healthy)) return 'running'
  // A first rollout waits for its replicas; later on, missing replicas are a failure.
  const ranBefore = before.phase === 'running' || before.phase === 'unhealthy'
  return ranBefore && before.observedGeneration === generation ? 'unhealthy' : 'runningWorkflow'
}

function printErrors(errors: readonly string[]): string {
  const shown = errors.slice(0, mostErrors).map((error) => `(${error})`)
  const more = errors.length > mostErrors ? [`and ${errors.length - mostErrors} more`] : []
  return `Found ${errors.length} errors. [${[...shown, ...more].join(', ')}]`
}

function printKept(kept: readonly Shipment[]): string {
  const names = [
    ...new Set(kept.map(({ resource, source }) => `${resource.kind} ${source.namespace}/${source.name}`)),
  ].sort()
  return names.length > mostErrors
    ? `${names.slice(0, mostErrors).join(', ')} and ${names.length - mostErrors} more`
    : names.join(', ')
}

/** Conditions in the order in which an application passes its stages. */
class Conditions {
  readonly #now: string
  #conditions: readonly Condition[]

  constructor(before: readonly Condition[], nowMs: number) {
    this.#now = printTime(nowMs)
    this.#conditions = before
  }

  has(type: string): boolean {
    return findCondition(this.#conditions, type) !== undefined
  }

  set(type: string, status: 'True' | 'False', reason: string, message = ''): void {
    const told = message === '' ? {} : { message: cut(message) }
    this.#conditions = setCondition(this.#conditions, { type, status, reason, ...told, lastTransitionTime: this.#now })
  }

  list(): readonly Condition[] {
    const known = conditionOrder.flatMap((type) => findCondition(this.#conditions, type) ?? [])
    return [...known, ...this.#conditions.filter(({ type }) => !conditionOrder.includes(type))]
  }
}

interface Before {
  readonly phase: Phase | undefined
  readonly observedGeneration: number
  readonly conditions: readonly Condition[]
  readonly services: readonly unknown[]
}

const phases: readonly Phase[] = ['rendering', 'runningWorkflow', 'running', 'unhealthy', 'deleting']

function statusOf(application: KubeObject): Before {
  const status = isObject(application['status']) ? application['status'] : {}
  const { conditions, services, observedGeneration } = status
  return {
    phase: phases.find((phase) => phase === status['status']),
    observedGeneration: typeof observedGeneration === 'number' ? observedGeneration : 0,
    conditions: Array.isArray(conditions) ? conditions.flatMap(parseCondition) : [],
    services: Array.isArray(services) ? services : [],
  }
}

function parseCondition(value: unknown): Condition[] {
  if (!isObject(value)) return []
  const { type, status, reason, message, lastTransitionTime } = value
  if (typeof type !== 'string' || typeof status !== 'string') return []
  return [
    {
      type,
      status,
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(typeof message === 'string' ? { message } : {}),
      ...(typeof lastTransitionTime === 'string' ? { lastTransitionTime } : {}),
    },
  ]
}

function cut(message: string): string {
  return message.length <= mostMessageCharacters ? message : `${message.slice(0, mostMessageCharacters - 1)}…`
}
