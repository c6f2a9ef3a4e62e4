import { expect } from 'vitest'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import { type ControlPlane, type Endpoint, startControlPlane } from '../fixtures/control-plane.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { create, read, register } from '../fixtures/members.ts'
import { send } from '../fixtures/send.ts'

/** An object as it came over the wire. */
export type Wire = Readonly<Record<string, unknown>>

/** The clusters of the documentation, with the labels that topologies match there. */
export const regions = {
  'hangzhou-1': { region: 'hangzhou' },
  'hangzhou-2': { region: 'hangzhou' },
  'beijing-1': { region: 'beijing' },
} as const

/** A hub with two real kube-apiservers of region hangzhou as its members. */
export interface RealStage {
  readonly hub: TestHub
  readonly first: ControlPlane
  readonly second: ControlPlane
  dispose(): Promise<void>
}

/** Starts a hub and two real control planes, registered as hangzhou-1 and hangzhou-2: about five seconds. */
export async function openRealStage(flags: readonly string[] = []): Promise<RealStage> {
  const parts = await allOrNone([startTestHub({ flags }), startControlPlane(), startControlPlane()])
  const [hub, first, second] = parts
  await register(hub, 'hangzhou-1', first, regions['hangzhou-1'])
  await register(hub, 'hangzhou-2', second, regions['hangzhou-2'])
  return { hub, first, second, dispose: () => disposeAll(parts) }
}

interface Disposable {
  dispose(): Promise<void>
}

/** Starts things at once; when one cannot start, the others are put away before the failure is told. */
export async function allOrNone<T extends readonly Promise<Disposable>[]>(
  starting: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(starting)
  } catch (error) {
    const started = await Promise.allSettled(starting)
    await disposeAll(started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    throw error
  }
}

/** Puts things away, the first one first: a hub stops before the members that it ships to. */
export async function disposeAll(parts: readonly Disposable[]): Promise<void> {
  const [hub, ...members] = parts
  await hub?.dispose()
  await Promise.all(members.map((member) => member.dispose()))
}

/** Creates a namespace in each of these places; one that is there is fine. */
export async function openNamespace(name: string, ...places: readonly Endpoint[]): Promise<void> {
  for (const place of places) {
    const { code, text } = await send(place, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    })
    if (code !== 201 && code !== 409) throw new Error(`namespace ${name}: ${code} ${text}`)
  }
}

/** The path of an Application, or of the collection. */
export const applicationPath = (namespace: string, name = ''): string =>
  pathOf('/apis/core.oam.dev/v1beta1', namespace, 'applications', name)
export const secretPath = (namespace: string, name = ''): string => pathOf('/api/v1', namespace, 'secrets', name)
export const servicePath = (namespace: string, name = ''): string => pathOf('/api/v1', namespace, 'services', name)
export const deploymentPath = (namespace: string, name = ''): string =>
  pathOf('/apis/apps/v1', namespace, 'deployments', name)
export const shipmentPath = (namespace: string): string =>
  pathOf('/apis/shipments.entrepot.dev/v1alpha1', namespace, 'shipments', '')

function pathOf(api: string, namespace: string, resource: string, name: string): string {
  return `${api}/namespaces/${namespace}/${resource}${name === '' ? '' : `/${name}`}`
}

/** A Secret to send. `data` values are base64 already. */
export const secret = (name: string, data: Readonly<Record<string, string>>, labels: object = {}): Wire => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, labels },
  type: 'Opaque',
  data,
})

/** An Application with one component that refers to objects, and one topology. */
export const application = (name: string, objects: readonly object[], topology: object): Wire => ({
  apiVersion: 'core.oam.dev/v1beta1',
  kind: 'Application',
  metadata: { name },
  spec: {
    components: [{ name: 'copies', type: 'ref-objects', properties: { objects } }],
    policies: [{ name: 'where', type: 'topology', properties: topology }],
  },
})

/** Region hangzhou, as the documentation selects it. */
export const hangzhou = { clusterLabelSelector: { region: 'hangzhou' } }

/** Creates the Secret of this name on the hub and an Application that copies it to region hangzhou. */
export async function shipSecret(
  hub: Endpoint,
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
  topology: object = hangzhou,
): Promise<void> {
  await create(hub, secretPath(namespace), secret(name, data))
  await create(hub, applicationPath(namespace), application(name, [{ resource: 'secret', name }], topology))
}

/** The items of a collection. */
export async function list(place: Endpoint, path: string): Promise<readonly Wire[]> {
  const answer = await read(place, path)
  const items = answer?.['items']
  if (!Array.isArray(items)) throw new Error(`${path} is no collection`)
  return items.filter(isObject)
}

/** `.status.status` of an Application. */
export async function phaseOf(hub: Endpoint, namespace: string, name: string): Promise<unknown> {
  return fieldAt(await read(hub, applicationPath(namespace, name)), 'status', 'status')
}

/** The message of a condition of an Application; undefined when there is none. */
export async function conditionMessage(
  hub: Endpoint,
  namespace: string,
  name: string,
  type: string,
): Promise<string | undefined> {
  const conditions = fieldAt(await read(hub, applicationPath(namespace, name)), 'status', 'conditions')
  const found = Array.isArray(conditions) ? conditions.find((one) => fieldAt(one, 'type') === type) : undefined
  const message = fieldAt(found, 'message')
  return typeof message === 'string' ? message : undefined
}

/** `Secret a → hangzhou-1: Healthy` of each row of a namespace, in order. */
export async function shipmentsIn(hub: Endpoint, namespace: string): Promise<readonly string[]> {
  const rows = await list(hub, shipmentPath(namespace))
  return rows
    .map((row) => {
      const object = ['kind', 'name'].map((field) => fieldAt(row, 'spec', 'object', field)).join(' ')
      return `${object} → ${fieldAt(row, 'spec', 'cluster')}: ${fieldAt(row, 'status', 'state') ?? 'Pending'}`
    })
    .sort()
}

/** `data` of the Secret at a place; undefined when there is none. */
export async function secretData(place: Endpoint, namespace: string, name: string): Promise<unknown> {
  return (await read(place, secretPath(namespace, name)))?.['data']
}

const patience = { timeout: 20_000, interval: 20 }

/** `expect.poll` with the patience that a busy machine needs. */
export function soon<T>(look: () => Promise<T> | T, timeout = patience.timeout) {
  return expect.poll(look, { ...patience, timeout })
}
