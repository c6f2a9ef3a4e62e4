import { isObject, type KubeObject, type ObjectKey } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'

/** How the engine addresses Applications on the hub. */
export const applicationResource: ResourceInfo = {
  group: 'core.oam.dev',
  version: 'v1beta1',
  resource: 'applications',
  kind: 'Application',
  namespaced: true,
  singular: 'application',
}

/** Keeps a deleted Application until its copies are gone or left to tombstones. The name is KubeVela's, so its tools know it. */
export const applicationFinalizer = 'app.oam.dev/resource-tracker-finalizer'

/** A label with this key and the value `true` makes the engine leave an Application alone. */
export const pauseLabel = 'controller.core.oam.dev/pause'

/** One trait as written. */
export interface TraitSpec {
  readonly type: string
  readonly properties: unknown
}

/** One component as written. */
export interface ComponentSpec {
  readonly name: string
  readonly type: string
  readonly properties: unknown
  readonly traits: readonly TraitSpec[]
}

/** One policy as written; an unnamed one is called `<type>-auto-gen-<index>`. */
export interface PolicySpec {
  readonly name: string
  readonly type: string
  readonly properties: unknown
}

/** What the engine reads of an Application. `properties` are whatever the user wrote: their type parses them. */
export interface Application {
  readonly key: ObjectKey
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly components: readonly ComponentSpec[]
  readonly policies: readonly PolicySpec[]
  /** Whether the user wrote workflow steps of their own. */
  readonly hasWorkflow: boolean
  readonly object: KubeObject
}

const parsed = new WeakMap<KubeObject, Application>()

/** The typed view of an Application object. Lenient: the API layer has validated the structure. */
export function parseApplication(object: KubeObject): Application {
  const known = parsed.get(object)
  if (known) return known
  const spec = isObject(object['spec']) ? object['spec'] : {}
  const workflow = isObject(spec['workflow']) ? spec['workflow'] : {}
  const application: Application = {
    key: { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' },
    uid: object.metadata.uid ?? '',
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    components: objects(spec['components']).map((component) => ({
      name: text(component['name']),
      type: text(component['type']),
      properties: component['properties'],
      traits: objects(component['traits']).map((trait) => ({
        type: text(trait['type']),
        properties: trait['properties'],
      })),
    })),
    policies: objects(spec['policies']).map((policy, index) => ({
      name: text(policy['name']) || `${text(policy['type'])}-auto-gen-${index}`,
      type: text(policy['type']),
      properties: policy['properties'],
    })),
    hasWorkflow: text(workflow['ref']) !== '' || objects(workflow['steps']).length > 0,
    object,
  }
  parsed.set(object, application)
  return application
}

/** Whether two states of an Application ask the engine for the same: everything but status and bookkeeping is equal. */
export function asksTheSame(a: KubeObject, b: KubeObject): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.metadata.generation === b.metadata.generation &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    sameMap(a.metadata.labels, b.metadata.labels) &&
    sameMap(a.metadata.annotations, b.metadata.annotations) &&
    (a.metadata.finalizers ?? []).join() === (b.metadata.finalizers ?? []).join()
  )
}

function sameMap(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

function objects(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
