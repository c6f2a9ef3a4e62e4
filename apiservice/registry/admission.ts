import type { KubeObject, ObjectKey } from '../../src/machinery/object.ts'
import type { Condition } from '../../storage/store.ts'
import type { WriteContext } from './context.ts'
import type { ResourceDefinition } from './definition.ts'

/** What is about to be written. `object` is complete and final but for what plugins change; it is undefined for a delete. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly definition: ResourceDefinition
  readonly subresource: string
  readonly key: ObjectKey
  readonly object: KubeObject | undefined
  readonly old: KubeObject | undefined
  readonly context: WriteContext
}

/**
 * A rule about writes that goes beyond one kind. Plugins throw StatusErrors to refuse. What they read elsewhere to decide, they return as
 * conditions, so that it is still true in the instant of the write.
 */
export interface AdmissionPlugin {
  readonly name: string
  handles(request: AdmissionRequest): boolean
  /** The object as it shall be; called in order. */
  readonly mutate?: (request: AdmissionRequest) => Promise<KubeObject> | KubeObject
  /** What else must hold. */
  readonly validate?: (request: AdmissionRequest) => Promise<readonly Condition[]> | readonly Condition[]
}

/** The plugins in their order, as one. */
export class Admission {
  readonly #plugins: readonly AdmissionPlugin[]

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins
  }

  /** Runs what changes the object. */
  async mutate(request: AdmissionRequest): Promise<KubeObject | undefined> {
    let current = request
    for (const plugin of this.#plugins) {
      if (plugin.mutate && plugin.handles(current)) current = { ...current, object: await plugin.mutate(current) }
    }
    return current.object
  }

  /** Runs what only looks; returns the conditions under which the answer holds. */
  async validate(request: AdmissionRequest): Promise<readonly Condition[]> {
    const conditions: Condition[] = []
    for (const plugin of this.#plugins) {
      if (plugin.validate && plugin.handles(request)) conditions.push(...(await plugin.validate(request)))
    }
    return conditions
  }
}
