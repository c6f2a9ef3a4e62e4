import { StatusError } from '../../src/machinery/status-error.ts'

/**
 * What a request asks for, parsed once. Authorization, admission, handlers, metrics and the audit line all read this, so what was
 * authorised is what runs.
 */
export interface RequestInfo {
  readonly isResourceRequest: boolean
  /** The decoded path, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `''` for a method that has none; for other paths the lower-case method. */
  readonly verb: string
  readonly group: string
  readonly version: string
  /** `''` when the request is not about one namespace. */
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  /** What stands behind the subresource in the path, for `proxy`. */
  readonly rest: string
  readonly name: string
}

const verbs: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

/** Subresources of the Namespace object itself: everything else below a namespace is a resource inside it. */
const namespaceSubresources = new Set(['status', 'finalize'])

/**
 * Parses method and URL by the rules of kube-apiserver (`RequestInfoFactory`). Throws BadRequest for a path that has a second reading:
 * empty, `.` or `..` segments, encoded slashes, NUL or undecodable escapes, because a filter and a handler might read it differently.
 */
export function parseRequestInfo(method: string, url: string): RequestInfo {
  const mark = url.indexOf('?')
  const rawPath = mark === -1 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
  const path = decodePath(rawPath)
  const segments = path.split('/').filter((segment) => segment !== '')
  const nonResource: RequestInfo = {
    isResourceRequest: false,
    path,
    query,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    rest: '',
    name: '',
  }
  const prefix = segments[0]
  if (prefix !== 'api' && prefix !== 'apis') return nonResource
  const versionAt = prefix === 'api' ? 1 : 2
  // `/api/v1`, `/apis/apps/v1` and what is shorter are discovery.
  if (segments.length <= versionAt + 1) return nonResource
  const group = prefix === 'api' ? '' : (segments[1] ?? '')
  const version = segments[versionAt] ?? ''
  let parts = segments.slice(versionAt + 1)
  let verb = verbs.get(method) ?? ''
  let legacyWatch = false
  if (parts[0] === 'watch' && parts.length > 1) {
    legacyWatch = true
    parts = parts.slice(1)
  }
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? ''
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) parts = parts.slice(2)
  }
  const resource = parts[0] ?? ''
  const name = parts[1] ?? ''
  const subresource = parts[2] ?? ''
  const rest = parts.slice(3).join('/')
  const selectedName = name === '' ? nameFromFieldSelector(query.get('fieldSelector')) : name
  if (legacyWatch) verb = 'watch'
  else if (name === '' && verb === 'get') verb = isWatch(query) ? 'watch' : 'list'
  else if (name === '' && verb === 'delete') verb = 'deletecollection'
  const byName = verb === 'list' || verb === 'watch' || verb === 'deletecollection'
  return {
    isResourceRequest: true,
    path,
    query,
    verb,
    group,
    version,
    namespace: namespace !== '' && resource === 'namespaces' && group === '' ? '' : namespace,
    resource,
    subresource,
    rest,
    name: byName ? selectedName : name,
  }
}

/** A bare `?watch` counts as true, as `watch=1` and `watch=true` do. */
function isWatch(query: URLSearchParams): boolean {
  const value = query.get('watch')
  return value !== null && value !== 'false' && value !== '0'
}

/** The name that a list, watch or deletecollection is limited to, so that rules about names can allow it. */
function nameFromFieldSelector(selector: string | null): string {
  const match = selector === null ? null : /^metadata\.name==?([^,=!\\/%]+)$/.exec(selector)
  const name = match?.[1] ?? ''
  return name === '.' || name === '..' ? '' : name
}

function decodePath(rawPath: string): string {
  const ambiguous =
    !rawPath.startsWith('/') ||
    rawPath.includes('//') ||
    rawPath.includes('\\') ||
    /%2f|%5c|%00|\0/i.test(rawPath) ||
    rawPath.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))
  if (ambiguous) throw StatusError.badRequest('the request path has empty, relative or encoded segments')
  if (!rawPath.includes('%')) return rawPath
  try {
    return decodeURIComponent(rawPath)
  } catch (cause) {
    throw StatusError.badRequest('the request path has an invalid escape', cause)
  }
}
