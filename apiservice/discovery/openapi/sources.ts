import type { ServedGroup } from '../groups.ts'
import { type DocumentContext, type OpenApiDocument, pathDocument, versionDocument } from './document.ts'
import { groupTitle, metaType } from './names.ts'
import { rootPath } from './operations.ts'

/** A document that can be made. */
export interface DocumentSource {
  /** What it is made of, compared one by one: the same things give the same document. */
  readonly basis: readonly unknown[]
  readonly build: (context: DocumentContext) => Promise<OpenApiDocument>
}

/** Every document there is, by its path below `/openapi/v3/`, in alphabetical order. Groups of custom kinds have none of their own. */
export function documentSources(groups: readonly ServedGroup[]): ReadonlyMap<string, DocumentSource> {
  const sources = new Map<string, DocumentSource>()
  const addPath = (path: string, tag: string, id: string, type: string, contentTypes?: readonly string[]) =>
    sources.set(path, {
      basis: [],
      build: (context) =>
        pathDocument({ path: `/${path}`, tag, id, type, ...(contentTypes ? { contentTypes } : {}) }, context),
    })
  addPath('api', 'core', 'getCoreAPIVersions', metaType('APIVersions'))
  addPath('apis', 'apis', 'getAPIVersions', metaType('APIGroupList'))
  addPath('version', 'version', 'getCodeVersion', 'io.k8s.apimachinery.pkg.version.Info', ['application/json'])
  for (const { name, versions } of groups) {
    const builtIn = versions.some(({ resources }) => resources.some(({ custom }) => !custom))
    const title = groupTitle(name)
    const tag = `${title.slice(0, 1).toLowerCase()}${title.slice(1)}`
    if (builtIn && name !== '') addPath(`apis/${name}`, tag, `get${title}APIGroup`, metaType('APIGroup'))
    for (const served of versions) {
      sources.set(rootPath(name, served.version).slice(1), {
        basis: served.resources,
        build: (context) => versionDocument(name, served, context),
      })
    }
  }
  return new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1)))
}
