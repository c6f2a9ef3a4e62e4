import type { Clock } from '../machinery/clock.ts'
import type { Fleet } from '../machinery/fleet.ts'
import type { Logger } from '../machinery/log.ts'
import type { Applications } from './applications.ts'
import type { ReferenceScope } from './components/component.ts'
import type { EventRecorder } from './events.ts'
import type { Members } from './members.ts'
import type { Shipments } from './shipments.ts'
import type { Sources } from './sources.ts'
import type { Views } from './views.ts'
import type { Wishes } from './wishes.ts'

/** Everything that a reconcile reads and writes. */
export interface World {
  readonly clock: Clock
  readonly log: Logger
  readonly fleet: Fleet
  readonly scope: ReferenceScope
  readonly applications: Applications
  readonly shipments: Shipments
  readonly sources: Sources
  readonly members: Members
  readonly wishes: Wishes
  readonly views: Views
  readonly events: EventRecorder
}
