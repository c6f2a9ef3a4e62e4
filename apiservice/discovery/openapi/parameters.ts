import type { OpenApiObject } from './published.ts'

/** A parameter of an operation, as OpenAPI v3 writes it. */
export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly type: 'string' | 'integer' | 'boolean'
}

const parameter =
  (where: Parameter['in'], type: Parameter['type']) =>
  (name: string): Parameter => ({ name, in: where, type })
const text = parameter('query', 'string')
const integer = parameter('query', 'integer')
const flag = parameter('query', 'boolean')
const inPath = parameter('path', 'string')

/** Every operation on objects can be asked for readable output. */
export const pretty = text('pretty')
export const namespaceInPath = inPath('namespace')
export const nameInPath = inPath('name')
export const pathInPath = inPath('path')
export const resourceVersion = text('resourceVersion')

/** Create and update. */
export const writeParameters: readonly Parameter[] = [text('dryRun'), text('fieldManager'), text('fieldValidation')]

export const patchParameters: readonly Parameter[] = [...writeParameters, flag('force')]

export const deleteParameters: readonly Parameter[] = [
  text('dryRun'),
  integer('gracePeriodSeconds'),
  flag('ignoreStoreReadErrorWithClusterBreakingPotential'),
  flag('orphanDependents'),
  text('propagationPolicy'),
]

const selectionParameters: readonly Parameter[] = [
  text('continue'),
  text('fieldSelector'),
  text('labelSelector'),
  integer('limit'),
  resourceVersion,
  text('resourceVersionMatch'),
  flag('sendInitialEvents'),
  text('shardSelector'),
  integer('timeoutSeconds'),
]

/** List and watch. */
export const listParameters: readonly Parameter[] = [...selectionParameters, flag('allowWatchBookmarks'), flag('watch')]

export const deleteCollectionParameters: readonly Parameter[] = [...selectionParameters, ...deleteParameters]

/** What the options of a connection are, by the kind of the options (Kubernetes API reference, `PodExecOptions` and the like). */
export const connectParameters: Readonly<Record<string, readonly Parameter[]>> = {
  PodAttachOptions: [text('container'), flag('stderr'), flag('stdin'), flag('stdout'), flag('tty')],
  PodExecOptions: [text('command'), text('container'), flag('stderr'), flag('stdin'), flag('stdout'), flag('tty')],
  PodPortForwardOptions: [integer('ports')],
  PodProxyOptions: [text('path')],
  ServiceProxyOptions: [text('path')],
  NodeProxyOptions: [text('path')],
}

/** `pods/log` (Kubernetes API reference, `PodLogOptions`). */
export const logParameters: readonly Parameter[] = [
  text('container'),
  flag('follow'),
  flag('insecureSkipTLSVerifyBackend'),
  integer('limitBytes'),
  flag('previous'),
  integer('sinceSeconds'),
  text('stream'),
  integer('tailLines'),
  flag('timestamps'),
]

/** Parameters in alphabetical order, as OpenAPI v3 writes them. */
export function printParameters(parameters: readonly Parameter[]): readonly OpenApiObject[] {
  return parameters
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({ name, in: where, type }) => ({
      name,
      in: where,
      ...(where === 'path' ? { required: true } : {}),
      schema: { type, uniqueItems: true },
    }))
}

/** What tells two parameters apart: a path may have one called `path` in the path and in the query. */
export function keyOf(parameter: Parameter): string {
  return `${parameter.name} ${parameter.in}`
}
