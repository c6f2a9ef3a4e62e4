import { isObject } from '../../machinery/object.ts'
import { parseApiVersion } from '../../machinery/resource.ts'
import { PropertiesError, strictFields } from '../properties.ts'
import type { Trait } from './trait.ts'

/** Kinds of Kubernetes itself that are scaled by `spec.replicas`. Custom resources are believed when they have the field. */
const scalable = ['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet', '/ReplicationController']

/** Sets `spec.replicas`, 1 unless told otherwise. */
export const scaler: Trait<{ readonly replicas: number }> = {
  type: 'scaler',
  parse(properties) {
    const { replicas = 1 } = strictFields(properties ?? {}, ['replicas'])
    if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
      throw new PropertiesError('replicas must be a non-negative integer')
    }
    return { replicas }
  },
  decorate(object, { replicas }) {
    const spec = isObject(object['spec']) ? object['spec'] : {}
    const kind = `${parseApiVersion(object.apiVersion)?.group ?? ''}/${object.kind}`
    if (!scalable.includes(kind) && spec['replicas'] === undefined) {
      throw new PropertiesError(`trait scaler cannot be applied to ${object.kind}`)
    }
    return { ...object, spec: { ...spec, replicas } }
  },
}
