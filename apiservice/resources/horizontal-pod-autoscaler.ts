import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { pathSegmentName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { defaultTarget, toV1, toV2 } from './autoscaler-forms.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, firstOf, nameOf, objects, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { named } from './field-checks.ts'

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
  metrics.forEach((metric, index) => {
    errors.push(...validateMetric(metric, `spec.metrics[${index}]`))
  })
  return errors
}

const metricFields = ['object', 'pods', 'resource', 'containerResource', 'external']

function validateMetric(metric: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const type = text(metric, ['type'])
  if (type === '') return [fieldErrors.required(`${path}.type`, 'must specify a metric source type')]
  const field = type.charAt(0).toLowerCase() + type.slice(1)
  if (!metricFields.includes(field)) {
    const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
    return [fieldErrors.notSupported(`${path}.type`, type, types)]
  }
  const source = metric[field]
  if (!isObject(source)) {
    return [fieldErrors.required(`${path}.${field}`, `must populate information for the given metric source`)]
  }
  const errors: FieldError[] = []
  for (const other of metricFields) {
    if (other !== field && isObject(metric[other])) {
      const detail = 'must populate the given metric source only'
      errors.push(fieldErrors.forbidden(`${path}.${other}`, detail))
    }
  }
  if (field.toLowerCase().endsWith('resource') && text(source, ['name']) === '') {
    errors.push(fieldErrors.required(`${path}.${field}.name`, 'must specify a resource name'))
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

function printMetric(metric: Readonly<Record<string, unknown>>, status: unknown): string {
  const type = text(metric, ['type'])
  const field = type.charAt(0).toLowerCase() + type.slice(1)
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
