import { createHash } from 'node:crypto'
import { isObject, type KubeObject, type ObjectKey, printKey } from '../machinery/object.ts'

/** An object in a cluster, whatever version it is addressed in. */
export interface Target {
  readonly cluster: string
  readonly group: string
  readonly resource: string
  /** `''` for kinds without namespaces. */
  readonly namespace: string
  readonly name: string
}

/** One string per target: no part can contain the separator. */
export function targetId({ cluster, group, resource, namespace, name }: Target): string {
  return [cluster, group, resource, namespace, name].join('|')
}

/**
 * The name of the row that keeps the books on one target of an application: always the same, so that no crash and no rival can make two
 * rows of one. A DNS subdomain, as the application's name is one.
 */
export function shipmentKey(application: ObjectKey, target: Target): ObjectKey {
  const hash = createHash('sha256').update(targetId(target)).digest('hex').slice(0, 16)
  return { namespace: application.namespace, name: `${application.name.slice(0, 200)}-${hash}` }
}

/** Who owns a live object: `namespace/name` of an application, or undefined. Both labels are needed. */
export function ownerOf(live: KubeObject): string | undefined {
  const { [nameLabel]: name, [namespaceLabel]: namespace } = live.metadata.labels ?? {}
  return name && namespace ? printKey({ namespace, name }) : undefined
}

/** The two labels that say to which application a copy belongs. */
export const nameLabel = 'app.oam.dev/name'
export const namespaceLabel = 'app.oam.dev/namespace'

/** The field manager under which an application's copies are applied: at most 128 bytes, as the API demands. */
export function fieldManagerOf(application: string): string {
  const manager = `entrepot/${application}`
  return manager.length <= 128 ? manager : `entrepot/${createHash('sha256').update(application).digest('hex')}`
}

/** A hash of a JSON value that does not depend on the order of keys. */
export function digest(...values: readonly unknown[]): string {
  const hash = createHash('sha256')
  for (const value of values) hash.update(canonicalJson(value)).update('\n')
  return hash.digest('hex').slice(0, 32)
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (!isObject(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
