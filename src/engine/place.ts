import type { PolicySpec } from './application.ts'
import { policies as policyTypes } from './policies/index.ts'
import type { PlaceableCluster, Placement, Policy } from './policies/policy.ts'
import { PropertiesError, unknownType } from './properties.ts'

/**
 * Where an application goes: the union of its policies in the order written, each (cluster, namespace) once. Without any policy that
 * places, that is the hub itself. Throws PropertiesError.
 */
export function place(policies: readonly PolicySpec[], clusters: readonly PlaceableCluster[]): readonly Placement[] {
  if (policies.length === 0) return [{ cluster: 'local', namespace: undefined }]
  const placements = new Map<string, Placement>()
  for (const { name, type, properties } of policies) {
    const policy = typeOf(type, name)
    for (const placement of policy.place(policy.parse(properties, name), clusters, name)) {
      const key = `${placement.cluster}/${placement.namespace ?? ''}`
      if (!placements.has(key)) placements.set(key, placement)
    }
  }
  return [...placements.values()]
}

function typeOf(type: string, name: string): Policy {
  const policy = policyTypes.get(type)
  // Leaving out a policy that nobody understands would send objects where they were not meant to go.
  if (!policy) throw new PropertiesError(`policy ${name} ${unknownType(type, policyTypes)}`)
  return policy
}
