import { applicationResource } from '../engine/application.ts'
import { parseShipment, type Shipment, type ShipmentState, shipmentResource } from '../engine/shipments.ts'
import type { ObjectClient } from '../machinery/client.ts'
import { systemClock } from '../machinery/clock.ts'
import { ageOf } from '../machinery/human-duration.ts'
import { fieldAt, isObject, type KubeObject } from '../machinery/object.ts'
import { hasReason, StatusError } from '../machinery/status-error.ts'
import { type HubOptions, withHub } from './hub-client.ts'
import { type Cell, type OutputFormat, plain, Terminal, type Tone } from './terminal.ts'

/** How an Application stands: what its status says, and each of its copies. */
export interface ApplicationReport {
  readonly namespace: string
  readonly name: string
  /** `''` until the engine has looked at it. */
  readonly phase: string
  /** Whether the engine has seen the newest spec. */
  readonly isCurrent: boolean
  readonly services: readonly ServiceReport[]
  readonly shipments: readonly ShipmentReport[]
  /** Why it is not as wanted: the messages of its conditions that are False. */
  readonly problems: readonly string[]
}

/** One component in one cluster. */
export interface ServiceReport {
  readonly name: string
  readonly cluster: string
  readonly healthy: boolean
  readonly message: string
}

/** One object in one cluster. */
export interface ShipmentReport {
  /** `Secret examples/a`. */
  readonly object: string
  readonly cluster: string
  readonly state: ShipmentState
  readonly message: string
  /** When the cluster took it last, RFC 3339; `''` when it never did. */
  readonly lastShippedTime: string
}

/** The tone of a state. */
export function toneOf(state: ShipmentState): Tone {
  if (state === 'Healthy') return 'good'
  return state === 'Conflict' || state === 'Refused' || state === 'Unreachable' ? 'bad' : 'busy'
}

/** `Secret examples/a`: what a shipment carries, as people say it. */
export function printObject({ resource, target }: Shipment): string {
  return `${resource.kind} ${target.namespace === '' ? '' : `${target.namespace}/`}${target.name}`
}

/** `entrepot status APP`: shows how an Application stands. Throws StatusErrors in words for people. */
export async function status(
  name: string,
  options: HubOptions & { readonly namespace: string; readonly output: OutputFormat },
  terminal = new Terminal(),
): Promise<void> {
  const report = await withHub(options, (hub) => reportOn(hub, { namespace: options.namespace, name }))
  if (options.output !== 'text') terminal.data(report, options.output)
  else show(report, terminal)
}

/** Reads an Application and its shipments. */
export async function reportOn(
  hub: ObjectClient,
  key: { readonly namespace: string; readonly name: string },
): Promise<ApplicationReport> {
  const application = await hub.get(applicationResource, key).catch((error: unknown) => {
    if (!hasReason(error, 'NotFound')) throw error
    const message = `there is no Application ${key.name} in the namespace ${key.namespace}: kubectl get applications -A shows all`
    throw new StatusError(404, 'NotFound', message, { cause: error })
  })
  const { items } = await hub.list(shipmentResource, {
    namespace: key.namespace,
    fieldSelector: `spec.application=${key.name}`,
  })
  const shipments = items.map(parseShipment).map((shipment) => ({
    object: printObject(shipment),
    cluster: shipment.target.cluster,
    state: shipment.status.state,
    message: shipment.status.message ?? '',
    lastShippedTime: shipment.status.lastShippedTime ?? '',
  }))
  return {
    ...key,
    phase: text(application, 'status', 'status'),
    isCurrent: fieldAt(application, 'status', 'observedGeneration') === application.metadata.generation,
    services: listAt(application, 'status', 'services').map((service) => ({
      name: text(service, 'name'),
      cluster: text(service, 'cluster'),
      healthy: service['healthy'] === true,
      message: text(service, 'message'),
    })),
    shipments: shipments.sort((a, b) => compare(a.object, b.object) || compare(a.cluster, b.cluster)),
    problems: [...new Set(problemsOf(application))],
  }
}

function show(report: ApplicationReport, terminal: Terminal): void {
  const phase = report.phase === '' ? 'not looked at yet' : report.phase
  const tone = report.phase === 'running' ? 'good' : report.phase === 'unhealthy' ? 'bad' : 'busy'
  const stale = report.isCurrent || report.phase === '' ? '' : ', and has not seen the newest spec yet'
  terminal.line(
    `${terminal.paint('strong', `${report.namespace}/${report.name}`)} is ${terminal.paint(tone, phase)}${stale}`,
  )
  for (const problem of report.problems) terminal.line(`  ${terminal.paint('bad', plain(problem))}`)
  if (report.services.length > 0) {
    terminal.line()
    terminal.table(
      ['SERVICE', 'CLUSTER', 'HEALTHY', 'MESSAGE'],
      report.services.map(({ name, cluster, healthy, message }): Cell[] => [
        name,
        cluster,
        healthy ? { text: 'yes', tone: 'good' } : { text: 'no', tone: 'bad' },
        message,
      ]),
    )
  }
  if (report.shipments.length === 0) return
  const now = systemClock.now()
  terminal.line()
  terminal.table(
    ['OBJECT', 'CLUSTER', 'STATE', 'SHIPPED', 'MESSAGE'],
    report.shipments.map(({ object, cluster, state, message, lastShippedTime }): Cell[] => [
      object,
      cluster,
      { text: state, tone: toneOf(state) },
      lastShippedTime === '' ? 'never' : `${ageOf(lastShippedTime, now)} ago`,
      message,
    ]),
  )
}

/** Conditions mostly repeat one reason: the words of each are told once. */
function problemsOf(application: KubeObject): readonly string[] {
  return listAt(application, 'status', 'conditions')
    .filter((condition) => condition['status'] === 'False')
    .map((condition) => text(condition, 'message') || `${text(condition, 'type')}: ${text(condition, 'reason')}`)
}

function listAt(object: unknown, ...path: readonly string[]): readonly Record<string, unknown>[] {
  const value = fieldAt(object, ...path)
  return Array.isArray(value) ? value.filter(isObject) : []
}

function text(object: unknown, ...path: readonly string[]): string {
  const value = fieldAt(object, ...path)
  return typeof value === 'string' ? value : ''
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
