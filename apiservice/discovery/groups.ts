import type { ResourceDefinition } from '../registry/definition.ts'

/** Priorities of group versions, keyed `v1.apps` as APIServices are called. Higher ones come first. */
export type GroupPriorities = Readonly<Record<string, readonly [groupPriorityMinimum: number, versionPriority: number]>>

/** The served resources of one version of a group, by name. */
export interface ServedVersion {
  readonly version: string
  readonly resources: readonly ResourceDefinition[]
}

/** A served API group; `''` is the core group. The first version is the preferred one. */
export interface ServedGroup {
  readonly name: string
  readonly versions: readonly ServedVersion[]
}

/** What a group version has that no APIService speaks for: the priorities that kube-apiserver gives to custom resources. */
const customPriorities = [1000, 100] as const

/** The group of the APIServices themselves, which has none, and stands before all others. */
const aggregatorGroup = 'apiregistration.k8s.io'

/**
 * Definitions by group and version, in the order in which kube-apiserver 1.36 shows them: groups by priority, then by name; versions by
 * priority, then by how mature their names say they are; resources by name.
 */
export function servedGroups(
  definitions: readonly ResourceDefinition[],
  priorities: GroupPriorities,
): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>()
  for (const definition of definitions) {
    const versions = getOrInsert(groups, definition.group, () => new Map<string, ResourceDefinition[]>())
    getOrInsert(versions, definition.version, (): ResourceDefinition[] => []).push(definition)
  }
  const priorityOf = (group: string, version: string) => priorities[`${version}.${group}`] ?? customPriorities
  return [...groups]
    .map(([name, versions]) => ({
      name,
      priority: Math.max(...[...versions.keys()].map((version) => priorityOf(name, version)[0])),
      versions: [...versions]
        .map(([version, resources]) => ({ version, resources: resources.toSorted(byResource) }))
        .sort((a, b) => {
          const difference = priorityOf(name, b.version)[1] - priorityOf(name, a.version)[1]
          return difference === 0 ? compareVersions(a.version, b.version) : difference
        }),
    }))
    .sort((a, b) => {
      if ((a.name === aggregatorGroup) !== (b.name === aggregatorGroup)) return a.name === aggregatorGroup ? -1 : 1
      return b.priority - a.priority || byText(a.name, b.name)
    })
    .map(({ name, versions }) => ({ name, versions }))
}

function getOrInsert<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

const byResource = (a: ResourceDefinition, b: ResourceDefinition) => byText(a.resource, b.resource)

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const levels: Readonly<Record<string, number>> = { alpha: 1, beta: 2 }

/**
 * The order of version names: stable before beta before alpha, newer before older, and names of any other form last, in alphabetical order
 * (Kubernetes documentation, “Versions in CustomResourceDefinitions”). Negative when `a` comes first.
 */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a)
  const right = parseVersion(b)
  if (left === undefined || right === undefined) {
    if (left === undefined && right === undefined) return byText(a, b)
    return left === undefined ? 1 : -1
  }
  for (let index = 0; index < left.length; index++) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Level, major, minor: what is compared, in this order. */
function parseVersion(version: string): readonly number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (match === null) return undefined
  return [match[2] === undefined ? 3 : (levels[match[2]] ?? 0), Number(match[1]), Number(match[3] ?? 0)]
}
