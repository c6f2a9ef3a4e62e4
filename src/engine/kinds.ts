import type { ResourceInfo } from '../machinery/resource.ts'

/** Groups that a bare resource name means before all others, in this order. */
const preferredGroups = ['', 'apps', 'batch', 'networking.k8s.io', 'rbac.authorization.k8s.io']
const builtInRank = preferredGroups.length
const customRank = builtInRank + 1

/**
 * The kind that a reference means by `resource` (singular or plural, any case, no short names) and `group`. An exact group wins, then a
 * prefix of one (`storage` means `storage.k8s.io`). Without a group the core group wins, then apps, batch, networking and RBAC, then other
 * built-in groups, then custom resources. Within a group the first version offered wins. Throws an Error for people: nothing matches, or
 * several groups do. (Application semantics, section 6.3, “ours”: KubeVela's own answer depends on what its mapper happens to have loaded.)
 */
export function resolveResource(
  offered: readonly ResourceInfo[],
  wanted: { readonly resource: string; readonly group: string },
): ResourceInfo {
  const name = wanted.resource.toLowerCase()
  const named = offered.filter(
    ({ resource, singular }) => resource.toLowerCase() === name || singular.toLowerCase() === name,
  )
  const candidates = wanted.group === '' ? closest(named) : inGroup(named, wanted.group)
  const groups = [...new Set(candidates.map(({ group }) => group))]
  if (groups.length > 1) {
    throw new Error(
      `resource ${wanted.resource} is ambiguous: it is in the groups ${groups.sort().join(', ')}; set group`,
    )
  }
  const [first] = candidates
  if (!first)
    throw new Error(
      `no matches for ${wanted.group}/, Resource=${wanted.resource}: kubectl api-resources lists what there is`,
    )
  return first
}

function inGroup(named: readonly ResourceInfo[], group: string): readonly ResourceInfo[] {
  const exact = named.filter((info) => info.group === group)
  return exact.length > 0 ? exact : named.filter((info) => info.group.startsWith(group))
}

function closest(named: readonly ResourceInfo[]): readonly ResourceInfo[] {
  const best = Math.min(...named.map(({ group }) => rankOf(group)))
  return named.filter(({ group }) => rankOf(group) === best)
}

function rankOf(group: string): number {
  const rank = preferredGroups.indexOf(group)
  if (rank >= 0) return rank
  // Groups of Kubernetes itself are a single word or end in k8s.io.
  return !group.includes('.') || group.endsWith('.k8s.io') ? builtInRank : customRank
}
