import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { oneOf } from './field-checks.ts'

const highestUserPriority = 1_000_000_000
const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

function validate(priority: KubeObject): readonly FieldError[] {
  const name = nameOf(priority)
  if (name.startsWith('system-')) {
    if (systemPriorities[name] === count(priority, 'value')) return []
    const detail = "priority class names with 'system-' prefix are reserved for system use only. error: "
    const reason =
      name in systemPriorities
        ? `value of ${name} PriorityClass must be ${systemPriorities[name]}`
        : `${name} is not a known system priority class`
    return [fieldErrors.forbidden('metadata.name', detail + reason)]
  }
  const errors = [...oneOf(priority['preemptionPolicy'], 'preemptionPolicy', ['PreemptLowerPriority', 'Never'])]
  return count(priority, 'value') > highestUserPriority
    ? [
        ...errors,
        fieldErrors.forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`),
      ]
    : errors
}

function validateUpdate(priority: KubeObject, old: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = []
  if (count(priority, 'value') !== count(old, 'value')) {
    errors.push(fieldErrors.forbidden('value', 'may not be changed in an update.'))
  }
  if (priority['preemptionPolicy'] !== old['preemptionPolicy']) {
    const detail = 'field is immutable'
    errors.push(fieldErrors.invalid('preemptionPolicy', priority['preemptionPolicy'], detail))
  }
  return errors
}

/** PriorityClasses: which pods go first. */
export const priorityClasses: Behaviour = {
  cells: (priority, now) => [
    nameOf(priority),
    count(priority, 'value'),
    priority['globalDefault'] === true,
    age(priority, now),
    text(priority, ['preemptionPolicy']),
  ],
  defaults: defaultsOf({ preemptionPolicy: 'PreemptLowerPriority' }),
  validate,
  validateUpdate,
}
