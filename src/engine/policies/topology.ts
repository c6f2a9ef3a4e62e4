import {
  booleanField,
  PropertiesError,
  strictFields,
  stringField,
  stringListField,
  stringMapField,
} from '../properties.ts'
import type { Placement, Policy } from './policy.ts'

interface Topology {
  readonly clusters: readonly string[] | undefined
  readonly clusterLabelSelector: Readonly<Record<string, string>> | undefined
  readonly allowEmpty: boolean
  readonly namespace: string | undefined
}

/** Chooses clusters by name or by labels, and the namespace there (application semantics, section 7.1). */
export const topology: Policy<Topology> = {
  type: 'topology',
  parse(properties, name) {
    if (properties === undefined || properties === null) {
      throw new PropertiesError(`topology policy ${name} must not have empty properties`)
    }
    try {
      const fields = strictFields(properties, ['clusters', 'clusterLabelSelector', 'allowEmpty', 'namespace'])
      return {
        clusters: stringListField(fields, 'clusters'),
        clusterLabelSelector: stringMapField(fields, 'clusterLabelSelector'),
        allowEmpty: booleanField(fields, 'allowEmpty'),
        namespace: stringField(fields, 'namespace') || undefined,
      }
    } catch (error) {
      if (!(error instanceof PropertiesError)) throw error
      throw new PropertiesError(`failed to parse topology policy ${name}: ${error.message}`, { cause: error })
    }
  },
  place({ clusters: names, clusterLabelSelector: selector, allowEmpty, namespace }, clusters) {
    const at = (cluster: string): Placement => ({ cluster, namespace })
    if (names) {
      const missing = names.find((name) => name !== 'local' && !clusters.some((cluster) => cluster.name === name))
      if (missing !== undefined) {
        throw new PropertiesError(
          `failed to get cluster ${missing}: virtualclusters.cluster.core.oam.dev "${missing}" not found`,
        )
      }
      return names.map(at)
    }
    if (!selector) return [at('local')]
    const wanted = Object.entries(selector)
    const matching = clusters.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value))
    if (matching.length === 0 && !allowEmpty) {
      throw new PropertiesError('failed to find any cluster matches given labels')
    }
    return matching.map(({ name }) => at(name))
  },
}
