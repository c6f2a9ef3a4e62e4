import { printKey } from '../machinery/object.ts'
import type { Shipment } from './shipments.ts'
import type { Service, Wanted } from './wanted.ts'

/** What is to become of each row of an application. */
export interface Plan {
  /** Printed shipment key → the object that should be there. */
  readonly ship: ReadonlyMap<string, Wanted>
  /** Rows whose source is gone: their copies stay as they are. */
  readonly keep: ReadonlySet<string>
  /** Rows that nothing asks for any more: their copies go. */
  readonly retire: readonly Shipment[]
}

/** Nothing is wanted: every row retires. */
export function planNothing(rows: readonly Shipment[]): Plan {
  return { ship: new Map(), keep: new Set(), retire: rows }
}

/**
 * The wish of an application against its books. A row whose source was deleted is kept when `lostSource` says so: copies are never
 * deleted because something else was.
 */
export function planFor(
  services: readonly Service[],
  rows: readonly Shipment[],
  lostSource: (row: Shipment) => boolean,
): Plan {
  const ship = new Map<string, Wanted>()
  for (const { wanted } of services) for (const one of wanted) ship.set(printKey(one.key), one)
  const unwanted = rows.filter(({ key }) => !ship.has(printKey(key)))
  const keep = new Set(
    unwanted
      .filter((row) => row.status.state !== 'Retiring' && !row.deleting && lostSource(row))
      .map(({ key }) => printKey(key)),
  )
  return { ship, keep, retire: unwanted.filter(({ key }) => !keep.has(printKey(key))) }
}
