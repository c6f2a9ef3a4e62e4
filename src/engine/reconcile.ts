import { type KubeObject, keyOf, type ObjectKey, printKey } from '../machinery/object.ts'
import type { Again } from '../machinery/workqueue.ts'
import { type Application, parseApplication, pauseLabel } from './application.ts'
import type { Reference } from './components/component.ts'
import { place } from './place.ts'
import { type Plan, planFor, planNothing } from './plan.ts'
import type { Placement } from './policies/policy.ts'
import { PropertiesError } from './properties.ts'
import { type ParsedComponent, parseComponents, referenceFailure, render } from './render.ts'
import { type ApplicationStatus, happenings, isUnderWay, report, reportDeletion } from './report.ts'
import type { Shipment } from './shipments.ts'
import type { Loaded } from './sources.ts'
import type { Failure, View } from './views.ts'
import { servicesOf, type Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** A status is not written for what is over within this time. */
const settleMs = 100
/** What no event will tell (a kind that a cluster begins to offer) is looked at again after this. */
const recheckMs = 10_000
const waitingRecheckMs = 1000

/**
 * One application, from wish to status: render → place → plan → dispatch → report. Reads the world as it is now, hands each cluster its
 * rows, and writes the status; clusters answer in their own time and bring the application back here. Twice changes nothing the second
 * time.
 */
export async function reconcile(key: ObjectKey, world: World, signal: AbortSignal): Promise<Again | undefined> {
  const name = printKey(key)
  const object = world.applications.get(key)
  if (object?.metadata.labels?.[pauseLabel] === 'true') return pause(name, world)
  if (!object || object.metadata.deletionTimestamp) return leave(key, object, world, signal)
  const application = parseApplication(object)
  const stale = world.views.takeStale(name)
  try {
    const view = stale ? await workOut(application, world, signal) : world.views.get(name)
    if (!view) {
      world.views.markStale(name)
      return { againAfterMs: waitingRecheckMs }
    }
    world.views.set(name, view)
    const rows = world.shipments.of(key)
    const plan = view.services && planFor(view.services, rows, view.lostSource)
    if (plan) dispatch(name, plan, world)
    // Clusters are busy already. Should the application vanish before it is marked, its rows still tell what is to be taken back.
    await world.applications.addFinalizer(object, signal)
    return await tell(object, view, plan, rows, stale, world, signal)
  } catch (error) {
    if (stale) world.views.markStale(name)
    throw error
  }
}

/** Parses, reads, renders and places. Undefined: a source is not known yet, and its arrival brings the application back. */
async function workOut(application: Application, world: World, signal: AbortSignal): Promise<View | undefined> {
  const last = world.views.get(printKey(application.key))
  const before = last?.uid === application.uid ? last : undefined
  const failed = (condition: Failure['condition'], message: string): View => ({
    uid: application.uid,
    services: before?.services,
    lostSource: before?.lostSource ?? (() => false),
    failure: { condition, message },
  })
  let condition: Failure['condition'] = 'Parsed'
  try {
    const components = parseComponents(application, world.scope)
    const references = components.flatMap((component) => component.references)
    const loaded = await world.sources.load(application.key, references, signal)
    const failure = loaded.find((one) => one.state === 'failed')
    if (failure?.state === 'failed') return failed('Parsed', `${referenceFailure}: ${failure.error.message}`)
    if (loaded.some(({ state }) => state === 'waiting')) return undefined
    const reading = new Map(references.map((reference, index) => [reference, loaded[index]]))
    condition = 'Render'
    const rendered = render(application, components, (reference) => {
      const answer = reading.get(reference)
      return answer?.state === 'ready' ? answer.pieces : []
    })
    if (application.hasWorkflow) {
      // To deploy everywhere at once is not what somebody who wrote steps asked for.
      return failed(
        'Workflow',
        'workflow steps are not executed by this engine; remove spec.workflow to deploy without them',
      )
    }
    // KubeVela carries out policies inside the deploy step, and reports them as its failure.
    condition = 'Workflow'
    const placements = place(application.policies, world.fleet.list())
    condition = 'Render'
    const services = servicesOf(application.key, rendered, placements)
    return {
      uid: application.uid,
      services,
      lostSource: lostSourceOf(components, reading, placements, world),
      failure: undefined,
    }
  } catch (error) {
    if (!(error instanceof PropertiesError)) throw error
    return failed(
      condition,
      condition === 'Workflow' ? `function call error for deploy: ${error.message}` : error.message,
    )
  }
}

/** Whether a row was selected by labels from a place that is still looked at, and its source is not there any more. */
function lostSourceOf(
  components: readonly ParsedComponent[],
  reading: ReadonlyMap<Reference, Loaded | undefined>,
  placements: readonly Placement[],
  world: World,
): View['lostSource'] {
  return (row) => {
    const { source, target, resource } = row
    const isPlaced = placements.some(
      ({ cluster, namespace }) =>
        cluster === target.cluster && (namespace ?? source.namespace) === (target.namespace || source.namespace),
    )
    if (!isPlaced) return false
    return components.some(
      ({ spec, references }) =>
        spec.name === row.component &&
        references.some((reference) => {
          const answer = reading.get(reference)
          return (
            'labels' in reference.by &&
            answer?.state === 'ready' &&
            answer.resource.group === resource.group &&
            answer.resource.resource === resource.resource &&
            reference.cluster === source.cluster &&
            (source.namespace === '' || reference.namespace === source.namespace) &&
            world.sources.exists(source.cluster, answer.resource, source) === false
          )
        }),
    )
  }
}

/** Makes the plan today's wish, and gives every row that it concerns to the queue of its cluster. */
function dispatch(application: string, plan: Plan, world: World): void {
  const give = (cluster: string, key: ObjectKey) => world.members.of(cluster).add(printKey(key))
  for (const wanted of world.wishes.set(application, plan)) give(wanted.target.cluster, wanted.key)
  for (const wanted of plan.ship.values()) {
    if (!world.shipments.get(wanted.key)) give(wanted.target.cluster, wanted.key)
  }
  for (const row of plan.retire) {
    if (row.status.state !== 'Retiring') give(row.target.cluster, row.key)
  }
}

async function tell(
  object: KubeObject,
  view: View,
  plan: Plan | undefined,
  rows: readonly Shipment[],
  fresh: boolean,
  world: World,
  signal: AbortSignal,
): Promise<Again | undefined> {
  const rowOf = ({ key }: Wanted) => world.shipments.get(key)
  const name = printKey(keyOf(object))
  const now = world.clock.now()
  if (fresh) world.views.endSettling(name)
  const settlesInMs = world.views.settlesAt(name, now + settleMs) - now
  if (settlesInMs > 0 && isUnderWay(view, rowOf)) return { againAfterMs: settlesInMs }
  const kept = rows.filter(({ key }) => plan?.keep.has(printKey(key)))
  await save(object, report(object, view, rowOf, kept, now), world, signal)
  if (view.failure?.condition !== 'Parsed') return undefined
  world.views.markStale(name)
  return { againAfterMs: recheckMs }
}

/** Leaves an application and its copies alone: without a plan nothing is done about its rows. */
function pause(name: string, world: World): undefined {
  world.wishes.delete(name)
  world.views.markStale(name)
}

/** Takes leave of an application that is gone or going: its copies go, and what cannot be reached now stays behind as tombstones. */
async function leave(
  key: ObjectKey,
  object: KubeObject | undefined,
  world: World,
  signal: AbortSignal,
): Promise<Again | undefined> {
  const name = printKey(key)
  const rows = world.shipments.of(key)
  if (world.views.get(name)) world.views.endSettling(name)
  world.views.delete(name)
  world.sources.release(name)
  dispatch(name, planNothing(rows), world)
  if (!object) {
    world.views.endSettling(name)
    if (rows.length === 0) world.wishes.delete(name)
    return undefined
  }
  const waitingFor = rows.filter((row) => {
    const cluster = world.fleet.get(row.target.cluster)
    const isTombstone = row.status.state === 'Retiring' && !cluster?.reachable && !cluster?.awaited
    return !isTombstone
  })
  if (waitingFor.length === 0) {
    await world.applications.removeFinalizer(object, signal)
    return undefined
  }
  const settlesInMs = world.views.settlesAt(name, world.clock.now() + settleMs) - world.clock.now()
  if (settlesInMs > 0) return { againAfterMs: settlesInMs }
  await save(object, reportDeletion(object, waitingFor, world.clock.now()), world, signal)
  return undefined
}

async function save(object: KubeObject, status: ApplicationStatus, world: World, signal: AbortSignal): Promise<void> {
  await world.applications.saveStatus(object, status, signal)
  for (const happening of happenings(object, status)) world.events.record(object, happening)
}
