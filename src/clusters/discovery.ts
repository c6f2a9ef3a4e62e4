import { isObject } from '../machinery/object.ts'
import { parseApiVersion, type ResourceInfo } from '../machinery/resource.ts'
import { StatusError } from '../machinery/status-error.ts'

/** Asks one path and gives the parsed JSON; throws StatusError. */
export type DiscoveryFetch = (path: string, accept: string) => Promise<unknown>

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const aggregatedBeta = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
const accept = `${aggregated},${aggregatedBeta},application/json`
const groupsAtOnce = 8

/**
 * Every resource that a server offers, groups and versions in the server's order of preference, the core group first. Two requests
 * where the server has aggregated discovery, one more per group version where it has not. A group whose own server is down is left
 * out. (Kubernetes API concepts, “Discovery API”.)
 */
export async function discover(fetch: DiscoveryFetch): Promise<readonly ResourceInfo[]> {
  const [core, groups] = await Promise.all([fetch('/api', accept), fetch('/apis', accept)])
  const legacy = [...legacyVersions(core), ...legacyVersions(groups)]
  const paths = [...legacy]
  const found = new Map<string, readonly ResourceInfo[]>()
  const worker = async (): Promise<void> => {
    for (let path = paths.shift(); path !== undefined; path = paths.shift())
      found.set(path, await fetchList(fetch, path))
  }
  await Promise.all(Array.from({ length: groupsAtOnce }, worker))
  return [...fromAggregated(core), ...fromAggregated(groups), ...legacy.flatMap((path) => found.get(path) ?? [])]
}

async function fetchList(fetch: DiscoveryFetch, path: string): Promise<readonly ResourceInfo[]> {
  try {
    return fromList(await fetch(path, 'application/json'))
  } catch (error) {
    // An extension server that is down, or a group that went since the list was made, must not hide all others.
    if (error instanceof StatusError && (error.code === 404 || error.code >= 500)) return []
    throw error
  }
}

/** The paths of the group versions in an `APIVersions` or `APIGroupList`; none for an aggregated document. */
function legacyVersions(document: unknown): readonly string[] {
  if (!isObject(document)) return []
  if (document['kind'] === 'APIVersions')
    return strings(document['versions'])
      .filter(isName)
      .map((version) => `/api/${version}`)
  if (document['kind'] !== 'APIGroupList') return []
  return objects(document['groups']).flatMap((group) => {
    const preferred = isObject(group['preferredVersion']) ? group['preferredVersion']['groupVersion'] : undefined
    const all = objects(group['versions']).flatMap(({ groupVersion }) => {
      const at = typeof groupVersion === 'string' ? parseApiVersion(groupVersion) : undefined
      return at !== undefined && isAddress(at) ? [`${at.group}/${at.version}`] : []
    })
    return [...all.filter((version) => version === preferred), ...all.filter((version) => version !== preferred)].map(
      (version) => `/apis/${version}`,
    )
  })
}

function fromAggregated(document: unknown): readonly ResourceInfo[] {
  if (!isObject(document) || document['kind'] !== 'APIGroupDiscoveryList') return []
  return objects(document['items']).flatMap((item) => {
    const group = isObject(item['metadata']) ? String(item['metadata']['name'] ?? '') : ''
    return objects(item['versions']).flatMap((version) =>
      objects(version['resources']).flatMap((entry): ResourceInfo[] => {
        const { resource, responseKind, scope, singularResource, shortNames, verbs } = entry
        const kind = isObject(responseKind) ? responseKind['kind'] : undefined
        const at = { group, version: String(version['version']) }
        if (!isName(resource) || typeof kind !== 'string' || kind === '' || !isAddress(at)) return []
        return [
          {
            ...at,
            resource,
            kind,
            namespaced: scope === 'Namespaced',
            ...names(singularResource, kind, shortNames, verbs),
          },
        ]
      }),
    )
  })
}

/** The resources of one `APIResourceList`, without its subresources. */
function fromList(document: unknown): readonly ResourceInfo[] {
  if (!isObject(document) || document['kind'] !== 'APIResourceList') return []
  const at = parseApiVersion(String(document['groupVersion']))
  if (at === undefined || !isAddress(at)) return []
  return objects(document['resources']).flatMap((entry): ResourceInfo[] => {
    const { name, kind, namespaced, singularName, shortNames, verbs } = entry
    if (!isName(name) || typeof kind !== 'string') return [] // subresources have a slash in their name
    return [
      { ...at, resource: name, kind, namespaced: namespaced === true, ...names(singularName, kind, shortNames, verbs) },
    ]
  })
}

function names(
  singular: unknown,
  kind: string,
  shortNames: unknown,
  verbs: unknown,
): Pick<ResourceInfo, 'singular' | 'shortNames' | 'verbs'> {
  const short = strings(shortNames)
  return {
    singular: typeof singular === 'string' && singular !== '' ? singular : kind.toLowerCase(),
    ...(short.length === 0 ? {} : { shortNames: short }),
    verbs: strings(verbs),
  }
}

// What a server calls its resources becomes part of paths: only what the names of Kubernetes may look like passes.
const isName = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)
const isAddress = (at: { readonly group: string; readonly version: string }): boolean =>
  isName(at.version) && (at.group === '' || isName(at.group))

const objects = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isObject) : []
const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
