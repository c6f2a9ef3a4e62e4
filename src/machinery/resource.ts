/** The three names that address a kind over HTTP. `group` is `''` for the core group. */
export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** The three names that an object carries. */
export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** Everything a client must know of a kind to address it: what discovery answers, in one row. */
export interface ResourceInfo extends GroupVersionResource {
  readonly kind: string
  readonly namespaced: boolean
  /** Lower-case singular, e.g. `deployment`. */
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly verbs?: readonly string[]
}

/** `v1`, `apps/v1`: how objects write group and version. */
export function apiVersionOf(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`
}

/** The inverse of `apiVersionOf`; undefined when there is more than one slash or an empty part. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } | undefined {
  const parts = apiVersion.split('/')
  if (parts.length > 2 || parts.some((part) => part === '')) return undefined
  const [first = '', second] = parts
  return second === undefined ? { group: '', version: first } : { group: first, version: second }
}

/** `deployments.apps`, `secrets`: how Status messages name a resource (the group's dot is left out for core). */
export function qualified(gr: { readonly group: string; readonly resource: string }): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`
}

/** `Deployment.apps`, `Secret`: how an Invalid Status names a kind. */
export function qualifiedKind(gk: { readonly group: string; readonly kind: string }): string {
  return gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`
}

/** The URL path of a collection, or of one object in it. */
export function pathOf(
  resource: GroupVersionResource & { readonly namespaced: boolean },
  at: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = resource.namespaced && at.namespace ? `/namespaces/${encodeURIComponent(at.namespace)}` : ''
  const item = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`
  const sub = at.subresource === undefined ? '' : `/${at.subresource}`
  return `${root}${scope}/${resource.resource}${item}${sub}`
}
