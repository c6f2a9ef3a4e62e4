import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { pathSegmentName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { amountOf } from './amounts.ts'
import { defaultTarget, toV1, toV2 } from './autoscaler-forms.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, firstOf, nameOf, objects, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { named, oneOf } from './field-checks.ts'

type Fields = Readonly<Record<string, unknown>>

function validateSpec(autoscaler: KubeObject): readonly FieldError[] {
  const spec = fieldAt(autoscaler, 'spec')
  const minimum = fieldAt(spec, 'minReplicas')
  const maximum = count(spec, 'maxReplicas')
  const metrics = objects(spec, 'metrics')
  const path = 'spec.maxReplicas'
  const errors: FieldError[] = []
  const lowest = 1
  if (typeof minimum === 'number' && minimum < lowest) {
    errors.push(fieldErrors.invalid('spec.minReplicas', minimum, `must be greater than or equal to ${lowest}`))
  }
  if (maximum === 0) errors.push(fieldErrors.required(path, 'must be set and greater than 0'))
  else if (maximum < 0) errors.push(fieldErrors.invalid(path, maximum, 'must be greater than or equal to 1'))
  if (typeof minimum === 'number' && maximum < minimum) {
    errors.push(fieldErrors.invalid(path, maximum, 'must be greater than or equal to `minReplicas`'))
  }
  for (const field of ['kind', 'name']) {
    const value = fieldAt(spec, 'scaleTargetRef', field)
    const at = `spec.scaleTargetRef.${field}`
    errors.push(
      ...(value === undefined || value === '' ? [fieldErrors.required(at)] : named(value, at, pathSegmentName)),
    )
  }
  errors.push(...validateReferenceGroup(spec, 'spec.scaleTargetRef', ['scaleTargetRef']))
  metrics.forEach((metric, index) => {
    errors.push(...validateMetric(metric, `spec.metrics[${index}]`))
  })
  if (minimum === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const detail = 'must specify at least one Object or External metric to support scaling to zero replicas'
    errors.push(fieldErrors.forbidden('spec.metrics', detail))
  }
  for (const direction of ['scaleUp', 'scaleDown']) {
    errors.push(...validateRules(fieldAt(spec, 'behavior', direction), `spec.behavior.${direction}`))
  }
  return errors
}

/** Kinds that can be scaled have a group; only ReplicationControllers have none. */
function validateReferenceGroup(spec: unknown, path: string, at: readonly string[]): readonly FieldError[] {
  const apiVersion = text(spec, [...at, 'apiVersion'])
  const core = fieldAt(spec, ...at, 'kind') === 'ReplicationController'
  if (core || (apiVersion !== '' && apiVersion.includes('/'))) return []
  return [fieldErrors.invalid(`${path}.apiVersion`, apiVersion, 'apiVersion must specify API group')]
}

const metricFields = ['object', 'external', 'pods', 'resource', 'containerResource']
const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

function validateMetric(metric: Fields, path: string): readonly FieldError[] {
  const type = text(metric, ['type'])
  const errors: FieldError[] = []
  if (type === '') errors.push(fieldErrors.required(`${path}.type`, 'must specify a metric source type'))
  if (!metricTypes.includes(type)) errors.push(fieldErrors.notSupported(`${path}.type`, type, metricTypes))
  const present = metricFields.filter((field) => isObject(metric[field]))
  const [first] = present
  if (first !== undefined) errors.push(...validateSource(metric[first], first, `${path}.${first}`))
  const expected = fieldOfType(type)
  if (metricTypes.includes(type) && !present.includes(expected)) {
    const detail = 'must populate information for the given metric source'
    errors.push(fieldErrors.required(`${path}.${expected}`, detail))
  }
  if (present.length !== 1) {
    for (const field of present) {
      if (field === expected) continue
      errors.push(fieldErrors.forbidden(`${path}.${field}`, 'must populate the given metric source only'))
    }
  }
  return errors
}

/** `Resource` is described in the field `resource`. */
const fieldOfType = (type: string): string => type.charAt(0).toLowerCase() + type.slice(1)

function validateSource(source: unknown, field: string, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const ofContainers = field === 'resource' || field === 'containerResource'
  const name = text(source, ofContainers ? ['name'] : ['metric', 'name'])
  if (name === '') {
    const what = ofContainers ? 'must specify a resource name' : 'must specify a metric name'
    errors.push(fieldErrors.required(`${path}.${ofContainers ? 'name' : 'metric.name'}`, what))
  }
  if (field === 'containerResource' && text(source, ['container']) === '') {
    errors.push(fieldErrors.required(`${path}.container`, 'must specify a container'))
  }
  const target = fieldAt(source, 'target')
  return [...errors, ...validateTarget(target, `${path}.target`), ...validateAim(target, field, `${path}.target`)]
}

function validateTarget(target: unknown, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const type = text(target, ['type'])
  if (type === '') errors.push(fieldErrors.required(`${path}.type`, 'must specify a metric target type'))
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    const detail = 'must be either Utilization, Value, or AverageValue'
    errors.push(fieldErrors.invalid(`${path}.type`, type, detail))
  }
  for (const field of ['value', 'averageValue']) {
    const amount = amountOf(fieldAt(target, field))
    if (amount !== undefined && amount.mantissa <= 0n) {
      errors.push(fieldErrors.invalid(`${path}.${field}`, fieldAt(target, field), 'must be positive'))
    }
  }
  const percent = fieldAt(target, 'averageUtilization')
  if (typeof percent === 'number' && percent < 1) {
    errors.push(fieldErrors.invalid(`${path}.averageUtilization`, percent, 'must be greater than 0'))
  }
  return errors
}

/** A metric aims at one number; which numbers there are depends on the metric. */
function validateAim(target: unknown, field: string, path: string): readonly FieldError[] {
  const value = fieldAt(target, 'value') !== undefined
  const average = fieldAt(target, 'averageValue') !== undefined
  const percent = fieldAt(target, 'averageUtilization') !== undefined
  switch (field) {
    case 'object':
      return value || average
        ? []
        : [fieldErrors.required(`${path}.averageValue`, 'must set either a target value or averageValue')]
    case 'external': {
      if (value && average) {
        const detail = 'may not set both a target value for metric and a per-pod target'
        return [fieldErrors.forbidden(`${path}.value`, detail)]
      }
      const detail = 'must set either a target value for metric or a per-pod target'
      return value || average ? [] : [fieldErrors.required(`${path}.averageValue`, detail)]
    }
    case 'pods':
      return average
        ? []
        : [fieldErrors.required(`${path}.averageValue`, 'must specify a positive target averageValue')]
    default: {
      if (percent && average) {
        const detail = 'may not set both a target raw value and a target utilization'
        return [fieldErrors.forbidden(`${path}.averageValue`, detail)]
      }
      const detail = 'must set either a target raw value or a target utilization'
      return percent || average ? [] : [fieldErrors.required(`${path}.averageUtilization`, detail)]
    }
  }
}

const longestWindowSeconds = 3600
const longestPeriodSeconds = 1800

function validateRules(rules: unknown, path: string): readonly FieldError[] {
  if (!isObject(rules)) return []
  const errors: FieldError[] = []
  const window = rules['stabilizationWindowSeconds']
  const at = `${path}.stabilizationWindowSeconds`
  if (typeof window === 'number' && window < 0) {
    errors.push(fieldErrors.invalid(at, window, 'must be greater than or equal to zero'))
  } else if (typeof window === 'number' && window > longestWindowSeconds) {
    errors.push(fieldErrors.invalid(at, window, `must be less than or equal to ${longestWindowSeconds}`))
  }
  errors.push(...oneOf(rules['selectPolicy'], `${path}.selectPolicy`, ['Disabled', 'Max', 'Min']))
  const policies = objects(rules, 'policies')
  if (policies.length === 0) errors.push(fieldErrors.required(`${path}.policies`, 'must specify at least one Policy'))
  policies.forEach((policy, index) => {
    errors.push(...validateScalingPolicy(policy, `${path}.policies[${index}]`))
  })
  return errors
}

function validateScalingPolicy(policy: Fields, path: string): readonly FieldError[] {
  const errors = [...oneOf(policy['type'], `${path}.type`, ['Percent', 'Pods'])]
  for (const field of ['value', 'periodSeconds']) {
    const number = count(policy, field)
    if (number <= 0) errors.push(fieldErrors.invalid(`${path}.${field}`, number, 'must be greater than zero'))
  }
  const period = count(policy, 'periodSeconds')
  if (period > longestPeriodSeconds) {
    const detail = `must be less than or equal to ${longestPeriodSeconds}`
    errors.push(fieldErrors.invalid(`${path}.periodSeconds`, period, detail))
  }
  return errors
}

/** `cpu: 10%/80%`: of each metric, what is and what is aimed at. */
function targetsOf(autoscaler: KubeObject): string {
  const metrics = objects(autoscaler, 'spec', 'metrics')
  if (metrics.length === 0) return '<none>'
  const current = objects(autoscaler, 'status', 'currentMetrics')
  return firstOf(
    metrics.map((metric, index) => printMetric(metric, current[index])),
    2,
    ', ',
  )
}

const unknown = '<unknown>'

function printMetric(metric: Fields, status: unknown): string {
  const type = text(metric, ['type'])
  const field = fieldOfType(type)
  if (!metricFields.includes(field)) return '<unknown type>'
  const target = fieldAt(metric, field, 'target')
  const current = fieldAt(status, field, 'current')
  const average = fieldAt(target, 'averageValue')
  const printed = (value: unknown) => (value === undefined ? unknown : String(value))
  switch (type) {
    case 'Pods':
      return `${printed(fieldAt(current, 'averageValue'))}/${average ?? '0'}`
    case 'Object':
    case 'External':
      return average === undefined
        ? `${printed(fieldAt(current, 'value'))}/${fieldAt(target, 'value') ?? '0'}`
        : `${printed(fieldAt(current, 'averageValue'))}/${average} (avg)`
    default: {
      const name = text(metric, [field, 'name'])
      if (average !== undefined) return `${name}: ${printed(fieldAt(current, 'averageValue'))}/${average}`
      const percent = (value: unknown, otherwise: string) => (value === undefined ? otherwise : `${value}%`)
      const is = percent(fieldAt(current, 'averageUtilization'), unknown)
      return `${name}: ${is}/${percent(fieldAt(target, 'averageUtilization'), '<auto>')}`
    }
  }
}

function cells(autoscaler: KubeObject, now: number): readonly unknown[] {
  return [
    nameOf(autoscaler),
    `${text(autoscaler, ['spec', 'scaleTargetRef', 'kind'])}/${text(autoscaler, ['spec', 'scaleTargetRef', 'name'])}`,
    targetsOf(autoscaler),
    String(fieldAt(autoscaler, 'spec', 'minReplicas') ?? '<unset>'),
    count(autoscaler, 'spec', 'maxReplicas'),
    count(autoscaler, 'status', 'currentReplicas'),
    age(autoscaler, now),
  ]
}

const scalingPolicies = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
]

/** Autoscalers as they are stored. Whoever says anything of their behaviour gets the rest of it said too. */
export const autoscalersV2: Behaviour = {
  cells,
  defaults: defaultsOf({
    'spec.minReplicas': 1,
    'spec.metrics': [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ],
    'spec.behavior?.scaleUp.stabilizationWindowSeconds': 0,
    'spec.behavior?.scaleUp.selectPolicy': 'Max',
    'spec.behavior?.scaleUp.policies': scalingPolicies,
    'spec.behavior?.scaleDown.selectPolicy': 'Max',
    'spec.behavior?.scaleDown.policies': [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  }),
  initialStatus: { desiredReplicas: 0, currentMetrics: null },
  validate: validateSpec,
}

const minimumOfOne = defaultsOf({ 'spec.minReplicas': 1 })

/** Autoscalers as clients of the first version see them. */
export const autoscalersV1: Behaviour = {
  cells: (autoscaler, now) => cells(toV2(autoscaler), now),
  defaults: (draft) => {
    minimumOfOne(draft)
    defaultTarget(draft)
  },
  initialStatus: { currentReplicas: 0, desiredReplicas: 0 },
  validate: (autoscaler) => validateSpec(toV2(autoscaler)),
  storedAs: {
    group: 'autoscaling',
    version: 'v2',
    resource: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    toStored: toV2,
    fromStored: toV1,
  },
}
