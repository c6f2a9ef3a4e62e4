import { printTime } from '../machinery/clock.ts'
import type { Cluster } from '../machinery/fleet.ts'
import { type KubeObject, type ObjectKey, printKey } from '../machinery/object.ts'
import { schemaOfKind } from '../machinery/schema/facts.ts'
import type { Schema } from '../machinery/schema/schema.ts'
import { hasReason, StatusError } from '../machinery/status-error.ts'
import type { Again } from '../machinery/workqueue.ts'
import { answerTo, contains } from './contains.ts'
import { healthOf } from './health.ts'
import { fieldManagerOf, ownerOf } from './identity.ts'
import type { Member } from './members.ts'
import type { Shipment, ShipmentState } from './shipments.ts'
import { objectFor, printTarget, type Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** A copy could not be delivered; the row says so, and the work queue tries again after its backoff. */
class Undelivered extends Error {
  override readonly name = 'Undelivered'
  readonly state: ShipmentState

  constructor(state: ShipmentState, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.state = state
  }
}

const requestTimeoutMs = 20_000
/** How long a copy may take to show up in, or to vanish from, what is seen of a cluster before it is looked at again. */
const echoTimeoutMs = 15_000
const vanishTimeoutMs = 1000

/**
 * Makes one row true: today's wish decides whether its copy is sent, left alone, or taken away. Called by the cluster's own workers, one
 * row at a time; every request about the row and every write to it happens here.
 */
export async function attend(
  key: string,
  member: Member,
  world: World,
  signal: AbortSignal,
): Promise<Again | undefined> {
  const wanted = world.wishes.wanted(key)
  const row = world.shipments.get(wanted?.key ?? parseKey(key))
  if (wanted) return ship(wanted, row, member, world, signal)
  if (row && world.wishes.verdict(row) === 'retire') return retire(row, member, world, signal)
  return undefined
}

async function ship(
  wanted: Wanted,
  row: Shipment | undefined,
  member: Member,
  world: World,
  signal: AbortSignal,
): Promise<Again | undefined> {
  const { cluster } = member
  if (!cluster?.reachable) {
    const opened = row ?? (await world.shipments.create(wanted, signal))
    // After a start: what the row says may well still be so, and the first probe brings it back here either way.
    if (cluster?.awaited) return undefined
    await world.shipments.setStatus(opened, { state: 'Unreachable', message: whyUnreachable(member) }, signal)
    return undefined
  }
  const { live, known } = member.observe(wanted.resource, wanted.target)
  if (row && row.status.hash === wanted.hash && wasTaken(row)) {
    // After a start: what is there is not known yet. The first look at the cluster brings the row back here.
    if (!known && !live) return undefined
    if (live && isOurs(live, wanted) && !live.metadata.deletionTimestamp && isRight(live, wanted, row, member)) {
      await recordHealth(row, live, wanted, world, signal)
      return undefined
    }
  }
  return deliver(wanted, row, live, member, cluster, world, signal)
}

async function deliver(
  wanted: Wanted,
  row: Shipment | undefined,
  seen: KubeObject | undefined,
  member: Member,
  cluster: Cluster,
  world: World,
  signal: AbortSignal,
): Promise<Again | undefined> {
  // The row is on disk before anything is sent; looking at the cluster changes nothing there and need not wait for it.
  const looking = seen && isOurs(seen, wanted) ? Promise.resolve(seen) : look(cluster, wanted, signal)
  const [opened, looked] = await Promise.allSettled([
    row ? world.shipments.respec(row, wanted, signal) : world.shipments.create(wanted, signal),
    looking,
  ])
  if (opened.status === 'rejected') throw opened.reason
  let current = opened.value
  if (world.wishes.wanted(printKey(wanted.key)) !== wanted) return { againAfterMs: 0 }
  try {
    if (looked.status === 'rejected') throw looked.reason
    const found = looked.value
    if (found?.metadata.deletionTimestamp) {
      await world.shipments.setStatus(current, { state: 'Pending', message: 'waiting for the old copy to go' }, signal)
      return { againAfterMs: vanishTimeoutMs }
    }
    const before = found && ownerOf(found)
    const refusal = found && refusalFor(found, wanted, world)
    if (refusal) throw new Undelivered('Refused', refusal)
    const answer = await send(cluster, wanted, found, signal)
    if (before && before !== printKey(wanted.application)) await letGo(cluster, wanted, before, world, signal)
    remember(member, wanted, answer)
    const health = healthOf(answer)
    current = await world.shipments.setStatus(
      current,
      {
        state: health.healthy ? 'Healthy' : 'Shipped',
        hash: wanted.hash,
        message: health.message,
        lastShippedTime: printTime(world.clock.now()),
        ...(answer.metadata.resourceVersion === undefined ? {} : { resourceVersion: answer.metadata.resourceVersion }),
      },
      signal,
    )
    world.log.debug({ cluster: member.name, shipment: printKey(wanted.key) }, 'a copy was sent')
    return { againAfterMs: echoTimeoutMs }
  } catch (error) {
    if (signal.aborted) throw error
    const failure = failureOf(error, wanted)
    if (failure.state === 'Conflict') member.distrust(wanted.resource, wanted.target)
    await world.shipments.setStatus(current, { state: failure.state, message: failure.message }, signal)
    throw failure
  }
}

async function retire(row: Shipment, member: Member, world: World, signal: AbortSignal): Promise<Again | undefined> {
  const { cluster } = member
  if (cluster?.awaited && row.status.state === 'Retiring') return undefined
  const message = cluster?.reachable === false && !cluster.awaited ? whyUnreachable(member) : ''
  const current = await world.shipments.setStatus(row, { state: 'Retiring', message }, signal)
  // Without its registration a cluster cannot be told anything any more: to detach it is to give up on its copies.
  if (!cluster) return close(current, member, world, signal)
  if (!cluster.reachable) return undefined
  try {
    const found = await look(cluster, current, signal)
    if (!found || ownerOf(found) !== printKey(current.application)) return close(current, member, world, signal)
    const heirs = world.wishes.wanting(current.target)
    if (heirs.length > 0) {
      // Somebody wants this very object by now: they take it over, and only then is this row done.
      for (const heir of heirs) member.add(printKey(heir))
      return { againAfterMs: vanishTimeoutMs }
    }
    if (world.wishes.verdict(current) !== 'retire') return { againAfterMs: 0 }
    if (!found.metadata.deletionTimestamp) {
      const { uid } = found.metadata
      const options = { signal: limited(signal), ...(uid === undefined ? {} : { uid }) }
      await cluster.client.remove(current.resource, current.target, options)
      world.log.debug({ cluster: member.name, shipment: printKey(current.key) }, 'a copy was removed')
    }
    const left = await look(cluster, current, signal)
    if (left && left.metadata.uid === found.metadata.uid) return { againAfterMs: vanishTimeoutMs }
    return close(current, member, world, signal)
  } catch (error) {
    if (signal.aborted) throw error
    if (hasReason(error, 'NotFound')) return close(current, member, world, signal)
    const failure = failureOf(error, current)
    await world.shipments.setStatus(current, { state: 'Retiring', message: failure.message }, signal)
    throw failure
  }
}

async function close(row: Shipment, member: Member, world: World, signal: AbortSignal): Promise<undefined> {
  member.forget(printKey(row.key))
  member.distrust(row.resource, row.target)
  await world.shipments.close(row, signal)
}

/** The object as the cluster has it now; undefined when there is none, or no such kind. */
async function look(
  cluster: Cluster,
  { resource, target }: Pick<Wanted, 'resource' | 'target'>,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await cluster.client.get(resource, target, { signal: limited(signal) })
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined
    throw error
  }
}

/** Applies the object. Only what is already ours is forced; its uid makes sure that it still is the object that was looked at. */
function send(
  cluster: Cluster,
  wanted: Wanted,
  found: KubeObject | undefined,
  signal: AbortSignal,
): Promise<KubeObject> {
  const object = objectFor(wanted)
  const uid = found?.metadata.uid
  const addressed = uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } }
  return cluster.client.apply(wanted.resource, addressed, {
    fieldManager: fieldManagerOf(printKey(wanted.application)),
    force: found !== undefined,
    signal: limited(signal),
  })
}

/** Gives up, in the name of the application that had the object before, every field that the new owner does not share. */
async function letGo(
  cluster: Cluster,
  wanted: Wanted,
  before: string,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const { apiVersion, kind, metadata } = objectFor(wanted)
  const { namespace } = metadata
  const bare = {
    apiVersion,
    kind,
    metadata: { name: wanted.target.name, ...(namespace === undefined ? {} : { namespace }) },
  }
  const options = { fieldManager: fieldManagerOf(before), signal: limited(signal) }
  try {
    await cluster.client.apply(wanted.resource, bare, options)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    // The copy is right as it is; what stays is that a field of the old owner may outlive its source.
    world.log.warn(
      { cluster: cluster.name, shipment: printKey(wanted.key), reason: error.reason },
      'the fields of the previous application were not released',
    )
  }
}

/** Why a live object must be left alone, in KubeVela's words; undefined when it is ours, or left to us by its last owner. */
function refusalFor(found: KubeObject, wanted: Wanted, world: World): string | undefined {
  const owner = ownerOf(found)
  const what = printTarget(wanted)
  if (owner === undefined) {
    return `cannot apply ApplyOption: ${what} exists but not managed by any application now`
  }
  if (owner === printKey(wanted.application)) return undefined
  const isRetiring = world.shipments
    .about(wanted.target)
    .some((row) => printKey(row.application) === owner && world.wishes.verdict(row) === 'retire')
  if (isRetiring) return undefined
  return `cannot apply ApplyOption: existing object ${what} is managed by other application ${owner}`
}

function remember(member: Member, wanted: Wanted, answer: KubeObject): void {
  const object = objectFor(wanted)
  const normalised = contains(answer, object, schemaFor(wanted)) ? undefined : answerTo(answer, object)
  member.wrote(wanted.resource, answer, printKey(wanted.key), wanted.hash, normalised)
}

/** Whether a live object is as wanted. Looks into it only when it is neither our last write nor known to be right. */
function isRight(live: KubeObject, wanted: Wanted, row: Shipment, member: Member): boolean {
  if (member.isVerified(live, wanted.hash)) return true
  const answer = member.acceptedFor(printKey(wanted.key), wanted.hash)
  const right =
    live.metadata.resourceVersion === row.status.resourceVersion ||
    contains(live, answer ?? objectFor(wanted), schemaFor(wanted))
  if (right) member.verified(live, wanted.hash)
  return right
}

async function recordHealth(
  row: Shipment,
  live: KubeObject,
  wanted: Wanted,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const { healthy, message } = healthOf(live)
  const current = await world.shipments.respec(row, wanted, signal)
  await world.shipments.setStatus(current, { state: healthy ? 'Healthy' : 'Shipped', message }, signal)
}

/** Whether the member has taken what the row's hash stands for, as far as the row knows. */
function wasTaken({ status }: Shipment): boolean {
  return status.state === 'Shipped' || status.state === 'Healthy' || status.state === 'Unreachable'
}

function isOurs(live: KubeObject, wanted: Wanted): boolean {
  return ownerOf(live) === printKey(wanted.application)
}

/** The state and the words for what went wrong. A plain Error is a bug and is not dressed up. */
function failureOf(error: unknown, { resource }: Pick<Wanted, 'resource'>): Undelivered {
  if (error instanceof Undelivered) return error
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new Undelivered('Unreachable', `the cluster did not answer within ${requestTimeoutMs / 1000} s`, error)
  }
  if (!(error instanceof StatusError)) throw error
  const state =
    error.code >= 500 || error.code === 429 ? 'Unreachable' : error.reason === 'Conflict' ? 'Conflict' : 'Refused'
  // The cause is logged with the failure, so that of a Secret is not kept either.
  return isSecret(resource)
    ? new Undelivered(state, withoutValues(error))
    : new Undelivered(state, error.message, error)
}

/** Validation messages, and those of webhooks, may repeat the value that they refuse. For a Secret only the fields are named. */
function withoutValues(error: StatusError): string {
  const mayRepeat = error.code === 400 || error.code === 422 || error.message.startsWith('admission webhook')
  if (!mayRepeat) return error.message
  const fields = (error.details?.causes ?? []).map(({ field, reason }) => `${field}: ${reason}`)
  return `the cluster refused the Secret (${error.reason})${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`
}

function isSecret(resource: Wanted['resource']): boolean {
  return resource.group === '' && resource.resource === 'secrets'
}

function schemaFor({ resource }: Wanted): Schema | undefined {
  return schemaOfKind(resource.group, resource.version, resource.kind)
}

function whyUnreachable({ name, cluster }: Member): string {
  if (!cluster) return `no such cluster ${name}`
  return cluster.message ? `cluster ${name} is unreachable: ${cluster.message}` : `cluster ${name} is unreachable`
}

function limited(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)])
}

function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
