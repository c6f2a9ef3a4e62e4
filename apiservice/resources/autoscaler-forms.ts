import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { objects, text } from './cells.ts'

/**
 * The two forms of a HorizontalPodAutoscaler. `autoscaling/v2` is stored; `autoscaling/v1` has one number for one metric, and keeps
 * everything else in annotations, in the encoding that Kubernetes gives them, so that v1 clients lose nothing.
 */

type Fields = Readonly<Record<string, unknown>>

const annotationPrefix = 'autoscaling.alpha.kubernetes.io/'
const annotations = {
  metrics: `${annotationPrefix}metrics`,
  currentMetrics: `${annotationPrefix}current-metrics`,
  conditions: `${annotationPrefix}conditions`,
  behavior: `${annotationPrefix}behavior`,
} as const

const defaultCpuPercent = 80

/** Use of cpu that a v1 autoscaler aims at where nobody says. It has none when its annotation says what else to aim at. */
export function defaultTarget(draft: Record<string, unknown>): void {
  const spec = draft['spec']
  if (!isObject(spec) || spec['targetCPUUtilizationPercentage'] !== undefined) return
  if (listIn(draft, annotations.metrics).length === 0) spec['targetCPUUtilizationPercentage'] = defaultCpuPercent
}

const withoutAbsent = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const isCpuPercent = (metric: Fields): boolean =>
  metric['type'] === 'Resource' &&
  fieldAt(metric, 'resource', 'name') === 'cpu' &&
  fieldAt(metric, 'resource', 'target', 'averageUtilization') !== undefined

const cpuPercent = (percent: unknown): Fields => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
})

/** v2 as v1 shows it. */
export function toV1(autoscaler: KubeObject): KubeObject {
  const metrics = objects(autoscaler, 'spec', 'metrics')
  const current = objects(autoscaler, 'status', 'currentMetrics')
  const conditions = objects(autoscaler, 'status', 'conditions')
  const { metrics: _metrics, behavior, ...spec } = asFields(autoscaler['spec'])
  const { currentMetrics: _current, conditions: _conditions, ...status } = asFields(autoscaler['status'])
  const others = metrics.filter((metric) => !isCpuPercent(metric))
  const encoded: Record<string, string> = {}
  if (others.length > 0) encoded[annotations.metrics] = JSON.stringify(others.map(metricToV1))
  if (current.length > 0) encoded[annotations.currentMetrics] = JSON.stringify(current.map(currentToV1))
  if (isObject(behavior)) encoded[annotations.behavior] = JSON.stringify(renameKeys(withAllRules(behavior), upperFirst))
  if (conditions.length > 0) encoded[annotations.conditions] = JSON.stringify(conditions)
  const currentPercent = current
    .filter((metric) => metric['type'] === 'Resource' && fieldAt(metric, 'resource', 'name') === 'cpu')
    .map((metric) => fieldAt(metric, 'resource', 'current', 'averageUtilization'))
    .findLast((percent) => percent !== undefined)
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(autoscaler, encoded),
    spec: withoutAbsent({
      ...spec,
      targetCPUUtilizationPercentage: fieldAt(metrics.find(isCpuPercent), 'resource', 'target', 'averageUtilization'),
    }),
    status: withoutAbsent({
      currentReplicas: 0,
      ...status,
      currentCPUUtilizationPercentage: currentPercent,
    }),
  }
}

/** v1 as v2 stores it. */
export function toV2(autoscaler: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: percent, ...spec } = asFields(autoscaler['spec'])
  const { currentCPUUtilizationPercentage: currentPercent, currentReplicas, ...status } = asFields(autoscaler['status'])
  const metrics = listIn(autoscaler, annotations.metrics).map(metricToV2)
  if (percent !== undefined) metrics.push(cpuPercent(percent))
  const annotated = listIn(autoscaler, annotations.currentMetrics).map(currentToV2)
  const measured =
    currentPercent === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: currentPercent } } }]
  const current = annotated.length > 0 ? annotated : measured
  const behavior = parse(autoscaler, annotations.behavior)
  const conditions = listIn(autoscaler, annotations.conditions)
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(autoscaler, {}),
    spec: withoutAbsent({
      ...spec,
      metrics: metrics.length > 0 ? metrics : [cpuPercent(defaultCpuPercent)],
      behavior: isObject(behavior) ? withoutNulls(renameKeys(behavior, lowerFirst)) : undefined,
    }),
    status: withoutAbsent({
      ...status,
      // v2 leaves out the zero that v1 writes.
      currentReplicas: currentReplicas === 0 ? undefined : currentReplicas,
      currentMetrics: current.length > 0 ? current : null,
      conditions: conditions.length > 0 ? conditions : undefined,
    }),
  }
}

function metricToV1(metric: Fields): Fields {
  const { type } = metric
  const object = fieldAt(metric, 'object')
  const pods = fieldAt(metric, 'pods')
  const external = fieldAt(metric, 'external')
  return withoutAbsent({
    type,
    object: isObject(object)
      ? withoutAbsent({
          target: object['describedObject'],
          metricName: text(object, ['metric', 'name']),
          targetValue: fieldAt(object, 'target', 'value') ?? '0',
          selector: fieldAt(object, 'metric', 'selector'),
          averageValue: fieldAt(object, 'target', 'averageValue'),
        })
      : undefined,
    pods: isObject(pods)
      ? withoutAbsent({
          metricName: text(pods, ['metric', 'name']),
          targetAverageValue: fieldAt(pods, 'target', 'averageValue') ?? '0',
          selector: fieldAt(pods, 'metric', 'selector'),
        })
      : undefined,
    resource: resourceToV1(fieldAt(metric, 'resource')),
    containerResource: resourceToV1(fieldAt(metric, 'containerResource')),
    external: isObject(external)
      ? withoutAbsent({
          metricName: text(external, ['metric', 'name']),
          metricSelector: fieldAt(external, 'metric', 'selector'),
          targetValue: fieldAt(external, 'target', 'value'),
          targetAverageValue: fieldAt(external, 'target', 'averageValue'),
        })
      : undefined,
  })
}

function resourceToV1(resource: unknown): Fields | undefined {
  if (!isObject(resource)) return undefined
  return withoutAbsent({
    name: resource['name'],
    targetAverageUtilization: fieldAt(resource, 'target', 'averageUtilization'),
    targetAverageValue: fieldAt(resource, 'target', 'averageValue'),
    container: resource['container'],
  })
}

function metricToV2(metric: Fields): Fields {
  const { object, pods, external } = metric
  return withoutAbsent({
    type: metric['type'],
    object: isObject(object) ? objectToV2(object) : undefined,
    pods: isObject(pods)
      ? {
          metric: identifier(pods['metricName'], pods['selector']),
          target: { type: 'AverageValue', averageValue: pods['targetAverageValue'] },
        }
      : undefined,
    resource: resourceToV2(metric['resource']),
    containerResource: resourceToV2(metric['containerResource']),
    external: isObject(external)
      ? {
          metric: identifier(external['metricName'], external['metricSelector']),
          target: withoutAbsent({
            type: external['targetValue'] === undefined ? 'AverageValue' : 'Value',
            value: external['targetValue'],
            averageValue: external['targetAverageValue'],
          }),
        }
      : undefined,
  })
}

function objectToV2(object: Fields): Fields {
  const averaged = object['averageValue'] !== undefined
  // v1 cannot leave the value out; its zero means none where there is an average.
  const value = averaged && object['targetValue'] === '0' ? undefined : object['targetValue']
  return {
    describedObject: object['target'],
    target: withoutAbsent({ type: averaged ? 'AverageValue' : 'Value', value, averageValue: object['averageValue'] }),
    metric: identifier(object['metricName'], object['selector']),
  }
}

function resourceToV2(resource: unknown): Fields | undefined {
  if (!isObject(resource)) return undefined
  return withoutAbsent({
    name: resource['name'],
    target: withoutAbsent({
      type: resource['targetAverageUtilization'] === undefined ? 'AverageValue' : 'Utilization',
      averageValue: resource['targetAverageValue'],
      averageUtilization: resource['targetAverageUtilization'],
    }),
    container: resource['container'],
  })
}

const identifier = (name: unknown, selector: unknown): Fields => withoutAbsent({ name, selector })

function currentToV1(metric: Fields): Fields {
  const { object, pods, external } = metric
  const value = (source: unknown, field: string) => fieldAt(source, 'current', field)
  return withoutAbsent({
    type: metric['type'],
    object: isObject(object)
      ? withoutAbsent({
          target: object['describedObject'],
          metricName: text(object, ['metric', 'name']),
          currentValue: value(object, 'value') ?? '0',
          selector: fieldAt(object, 'metric', 'selector'),
          averageValue: value(object, 'averageValue'),
        })
      : undefined,
    pods: isObject(pods)
      ? withoutAbsent({
          metricName: text(pods, ['metric', 'name']),
          currentAverageValue: value(pods, 'averageValue') ?? '0',
          selector: fieldAt(pods, 'metric', 'selector'),
        })
      : undefined,
    resource: currentResourceToV1(metric['resource']),
    containerResource: currentResourceToV1(metric['containerResource']),
    external: isObject(external)
      ? withoutAbsent({
          metricName: text(external, ['metric', 'name']),
          metricSelector: fieldAt(external, 'metric', 'selector'),
          currentValue: value(external, 'value') ?? '0',
          currentAverageValue: value(external, 'averageValue'),
        })
      : undefined,
  })
}

function currentResourceToV1(resource: unknown): Fields | undefined {
  if (!isObject(resource)) return undefined
  return withoutAbsent({
    name: resource['name'],
    currentAverageUtilization: fieldAt(resource, 'current', 'averageUtilization'),
    currentAverageValue: fieldAt(resource, 'current', 'averageValue') ?? '0',
    container: resource['container'],
  })
}

function currentToV2(metric: Fields): Fields {
  const { object, pods, external } = metric
  return withoutAbsent({
    type: metric['type'],
    object: isObject(object)
      ? {
          metric: identifier(object['metricName'], object['selector']),
          current: withoutAbsent({ value: object['currentValue'], averageValue: object['averageValue'] }),
          describedObject: object['target'],
        }
      : undefined,
    pods: isObject(pods)
      ? {
          metric: identifier(pods['metricName'], pods['selector']),
          current: withoutAbsent({ averageValue: pods['currentAverageValue'] }),
        }
      : undefined,
    resource: currentResourceToV2(metric['resource']),
    containerResource: currentResourceToV2(metric['containerResource']),
    external: isObject(external)
      ? {
          metric: identifier(external['metricName'], external['metricSelector']),
          current: withoutAbsent({ value: external['currentValue'], averageValue: external['currentAverageValue'] }),
        }
      : undefined,
  })
}

function currentResourceToV2(resource: unknown): Fields | undefined {
  if (!isObject(resource)) return undefined
  return withoutAbsent({
    name: resource['name'],
    current: withoutAbsent({
      averageValue: resource['currentAverageValue'],
      averageUtilization: resource['currentAverageUtilization'],
    }),
    container: resource['container'],
  })
}

const asFields = (value: unknown): Record<string, unknown> => (isObject(value) ? { ...value } : {})

/** The metadata with exactly these round-trip annotations. */
function withAnnotations(autoscaler: KubeObject, encoded: Readonly<Record<string, string>>): KubeObject['metadata'] {
  const { annotations: all, ...metadata } = autoscaler.metadata
  const names: ReadonlySet<string> = new Set(Object.values(annotations))
  const kept = Object.fromEntries(Object.entries(all ?? {}).filter(([name]) => !names.has(name)))
  const joined = { ...kept, ...encoded }
  return Object.keys(joined).length === 0 ? metadata : { ...metadata, annotations: joined }
}

/** The JSON in an annotation; a client may have written anything there, and what cannot be read is dropped, as in Kubernetes. */
function parse(autoscaler: unknown, annotation: string): unknown {
  try {
    return JSON.parse(text(autoscaler, ['metadata', 'annotations', annotation]))
  } catch {
    return undefined
  }
}

function listIn(autoscaler: unknown, annotation: string): Fields[] {
  const list = parse(autoscaler, annotation)
  return Array.isArray(list) ? list.filter(isObject) : []
}

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** The behaviour annotation holds the names that Go gives the fields, and every field of each rule. */
function withAllRules(behavior: Fields): Fields {
  const rules = (field: string) => {
    const found = behavior[field]
    if (!isObject(found)) return null
    return {
      stabilizationWindowSeconds: found['stabilizationWindowSeconds'] ?? null,
      selectPolicy: found['selectPolicy'] ?? null,
      policies: found['policies'] ?? null,
      tolerance: found['tolerance'] ?? null,
    }
  }
  return { scaleUp: rules('scaleUp'), scaleDown: rules('scaleDown') }
}

function renameKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => renameKeys(one, rename))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [rename(name), renameKeys(one, rename)]))
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]))
}
