import { applicationResource } from '../../engine/application.ts'
import { parseShipment, shipmentResource } from '../../engine/shipments.ts'
import type { ObjectClient } from '../../machinery/client.ts'
import { Informer } from '../../machinery/informer.ts'
import type { Logger } from '../../machinery/log.ts'
import { fieldAt, type KubeObject } from '../../machinery/object.ts'
import { printObject, toneOf } from '../status.ts'
import { plain, type Terminal } from '../terminal.ts'

/** What the ticker needs. `since` is when the first line counts from, in milliseconds of `performance.now()`. */
export interface TickerOptions {
  readonly hub: ObjectClient
  readonly log: Logger
  readonly terminal: Terminal
  readonly since: () => number
  readonly signal: AbortSignal
}

/** A running ticker. */
export interface Ticker {
  /** Resolves when these Applications run, and every shipment of the hub is healthy; rejects when the ticker stops before. */
  whenRunning(applications: readonly string[]): Promise<void>
  /** Resolves after `signal` has ended the ticker. */
  readonly ended: Promise<unknown>
}

/** Prints a line whenever a copy in some cluster gets another state or another content, as the hub's shipments tell it. */
export function startTicker({ hub, log, terminal, since, signal }: TickerOptions): Ticker {
  const applications = new Informer({ client: hub, resource: applicationResource, log })
  const shipments = new Informer({ client: hub, resource: shipmentResource, log })
  const tell = (row: KubeObject, what: string): void => {
    const seconds = ((performance.now() - since()) / 1000).toFixed(2)
    const shipment = parseShipment(row)
    const to = `${plain(printObject(shipment))} ${terminal.paint('faint', '→')} ${terminal.paint('strong', shipment.target.cluster)}`
    terminal.line(`${terminal.paint('faint', `${seconds.padStart(7)} s`)}  ${to}  ${what}`)
  }
  shipments.onChange((_, current, previous) => {
    if (!current) {
      if (previous) tell(previous, terminal.paint('faint', 'taken back'))
      return
    }
    const { state, hash, message = '' } = parseShipment(current).status
    const before = previous && parseShipment(previous).status
    // The same state again is news only where a cluster took something new.
    const tookNew = before?.hash !== hash && (state === 'Shipped' || state === 'Healthy')
    if (state === 'Pending' || (before?.state === state && !tookNew)) return
    const detail = message === '' ? '' : `  ${terminal.paint('faint', plain(message))}`
    tell(current, `${terminal.paint(toneOf(state), state)}${detail}`)
  })
  const isRunning = (name: string): boolean =>
    applications.list().some((application) => {
      const { status, observedGeneration } = statusOf(application)
      const isCurrent = observedGeneration === application.metadata.generation
      return application.metadata.name === name && isCurrent && status === 'running'
    })
  const ended = Promise.all([applications.run(signal), shipments.run(signal)])
  return {
    ended,
    whenRunning: (names) =>
      new Promise((resolve, reject) => {
        const stops = [applications, shipments].map((informer) => informer.onChange(() => check()))
        const check = (): void => {
          const arrived = shipments.list().every((row) => parseShipment(row).status.state === 'Healthy')
          if (!arrived || !names.every(isRunning)) return
          for (const stop of stops) stop()
          resolve()
        }
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        check()
      }),
  }
}

function statusOf(application: KubeObject): { readonly status: unknown; readonly observedGeneration: unknown } {
  return {
    status: fieldAt(application, 'status', 'status'),
    observedGeneration: fieldAt(application, 'status', 'observedGeneration'),
  }
}
