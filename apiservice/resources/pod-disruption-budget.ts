import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf } from './cells.ts'
import { intOrPercent } from './field-checks.ts'
import { validateLabelSelector } from './label-selector.ts'

function validate(budget: KubeObject): readonly FieldError[] {
  const spec = fieldAt(budget, 'spec')
  const minimum = fieldAt(spec, 'minAvailable')
  const maximum = fieldAt(spec, 'maxUnavailable')
  const errors: FieldError[] = []
  if (minimum !== undefined && maximum !== undefined) {
    // Errors print the fields by the names that they have in Go.
    const printed = {
      MinAvailable: minimum,
      Selector: fieldAt(spec, 'selector') ?? null,
      MaxUnavailable: maximum,
      UnhealthyPodEvictionPolicy: fieldAt(spec, 'unhealthyPodEvictionPolicy') ?? null,
    }
    errors.push(fieldErrors.invalid('spec', printed, 'minAvailable and maxUnavailable cannot be both set'))
  }
  return [
    ...errors,
    ...intOrPercent(minimum, 'spec.minAvailable', { atMostAll: true }),
    ...intOrPercent(maximum, 'spec.maxUnavailable', { atMostAll: true }),
    ...validateLabelSelector(fieldAt(spec, 'selector'), 'spec.selector'),
  ]
}

/** PodDisruptionBudgets: how many pods of an application must stay when nodes are emptied. */
export const podDisruptionBudgets: Behaviour = {
  cells: (budget, now) => [
    nameOf(budget),
    String(fieldAt(budget, 'spec', 'minAvailable') ?? 'N/A'),
    String(fieldAt(budget, 'spec', 'maxUnavailable') ?? 'N/A'),
    count(budget, 'status', 'disruptionsAllowed'),
    age(budget, now),
  ],
  initialStatus: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  validate,
}
