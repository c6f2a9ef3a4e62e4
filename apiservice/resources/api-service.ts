import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, conditionOf, count, nameOf, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { required } from './field-checks.ts'

function availabilityOf(service: KubeObject): string {
  const available = conditionOf(service, 'Available')
  if (!available) return 'Unknown'
  const status = text(available, ['status'])
  const reason = text(available, ['reason'])
  return status === 'True' || reason === '' ? status : `${status} (${reason})`
}

function validate(service: KubeObject): readonly FieldError[] {
  const spec = fieldAt(service, 'spec')
  const name = `${text(spec, ['version'])}.${text(spec, ['group'])}`
  const errors: FieldError[] = []
  if (nameOf(service) !== name) {
    const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`
    errors.push(fieldErrors.invalid('metadata.name', nameOf(service), detail))
  }
  errors.push(...required(spec, 'spec', 'version'))
  for (const [field, limit] of [
    ['groupPriorityMinimum', 20_000],
    ['versionPriority', 1_000],
  ] as const) {
    const priority = count(spec, field)
    if (priority <= 0 || priority > limit) {
      const detail = `must be positive and less than ${limit}`
      errors.push(fieldErrors.invalid(`spec.${field}`, priority, detail))
    }
  }
  const backend = fieldAt(spec, 'service')
  if (isObject(backend)) {
    errors.push(...required(backend, 'spec.service', 'namespace', 'name'))
    if (fieldAt(spec, 'insecureSkipTLSVerify') === true && text(spec, ['caBundle']) !== '') {
      const detail = 'may not be true if caBundle is present'
      errors.push(fieldErrors.invalid('spec.insecureSkipTLSVerify', true, detail))
    }
  } else if (text(spec, ['caBundle']) !== '') {
    errors.push(fieldErrors.invalid('spec.caBundle', '', 'local APIServices may not have a caBundle'))
  }
  return errors
}

/** APIServices: who serves which group and version. */
export const apiServices: Behaviour = {
  cells: (service, now) => {
    const backend = fieldAt(service, 'spec', 'service')
    return [
      nameOf(service),
      isObject(backend) ? `${text(backend, ['namespace'])}/${text(backend, ['name'])}` : 'Local',
      availabilityOf(service),
      age(service, now),
    ]
  },
  defaults: defaultsOf({ 'spec.service?.port': 443 }),
  validate,
}
