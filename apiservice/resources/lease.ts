import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text } from './cells.ts'
import { nonNegative } from './field-checks.ts'

function validate(lease: KubeObject): readonly FieldError[] {
  const spec = fieldAt(lease, 'spec')
  const errors = [...nonNegative(spec, 'spec', 'leaseTransitions')]
  const duration = fieldAt(spec, 'leaseDurationSeconds')
  if (typeof duration === 'number' && duration <= 0) {
    errors.push(fieldErrors.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
  }
  if (fieldAt(spec, 'preferredHolder') !== undefined && text(spec, ['strategy']) === '') {
    const detail = 'preferredHolder may only be specified if strategy is defined'
    errors.push(fieldErrors.forbidden('spec.preferredHolder', detail))
  }
  return errors
}

/** Leases: who leads, and for how long. */
export const leases: Behaviour = {
  cells: (lease, now) => [nameOf(lease), text(lease, ['spec', 'holderIdentity']), age(lease, now)],
  validate,
}
