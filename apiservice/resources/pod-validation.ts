import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { StrategyContext } from '../registry/definition.ts'
import { objects, text } from './cells.ts'
import { validatePodSpec } from './pod-spec-validation.ts'

/** A Pod: its spec, and what only matters where no controller made it. */
export function validatePod(pod: KubeObject): readonly FieldError[] {
  const errors = [...validatePodSpec(pod['spec'], 'spec'), ...validateImageSpace(pod), ...validatePlacement(pod)]
  const isNew = pod.metadata.resourceVersion === undefined
  if (isNew && objects(pod, 'spec', 'ephemeralContainers').length > 0) {
    errors.push(fieldErrors.forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  }
  return errors
}

function validateImageSpace(pod: KubeObject): readonly FieldError[] {
  return ['containers', 'initContainers'].flatMap((field) =>
    objects(pod, 'spec', field).flatMap((container, index) => {
      const image = text(container, ['image'])
      return image.trim() === image
        ? []
        : [fieldErrors.invalid(`spec.${field}[${index}].image`, image, 'must not have leading or trailing whitespace')]
    }),
  )
}

function validatePlacement(pod: KubeObject): readonly FieldError[] {
  const gated = objects(pod, 'spec', 'schedulingGates').length > 0
  return gated && text(pod, ['spec', 'nodeName']) !== ''
    ? [fieldErrors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')]
    : []
}

/** Subresources of a Pod that change more of it than a plain update may. */
const writers: ReadonlySet<string> = new Set(['binding', 'ephemeralcontainers', 'resize'])

const refusal =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** What may not change in a Pod: nearly everything, for its containers have been started. */
export function validatePodUpdate(pod: KubeObject, old: KubeObject, context: StrategyContext): readonly FieldError[] {
  if (writers.has(context.subresource) || equalJson(pod['spec'], old['spec'])) return []
  for (const field of ['containers', 'initContainers']) {
    if (objects(pod, 'spec', field).length !== objects(old, 'spec', field).length) {
      return [fieldErrors.forbidden(`spec.${field}`, 'pod updates may not add or remove containers')]
    }
  }
  const errors = [...validateDeadline(pod, old), ...validateTolerations(pod, old), ...validateGates(pod, old)]
  if (!equalJson(frozen(pod, old), frozen(old, old))) errors.push(fieldErrors.forbidden('spec', refusal))
  return errors
}

function validateDeadline(pod: KubeObject, old: KubeObject): readonly FieldError[] {
  const deadline = fieldAt(pod, 'spec', 'activeDeadlineSeconds')
  const before = fieldAt(old, 'spec', 'activeDeadlineSeconds')
  const path = 'spec.activeDeadlineSeconds'
  if (typeof before !== 'number') return []
  if (typeof deadline !== 'number') {
    return [fieldErrors.invalid(path, null, 'must not update from a positive integer to nil value')]
  }
  return before < deadline ? [fieldErrors.invalid(path, deadline, 'must be less than or equal to previous value')] : []
}

function validateTolerations(pod: KubeObject, old: KubeObject): readonly FieldError[] {
  const untimed = (toleration: Readonly<Record<string, unknown>>) => ({ ...toleration, tolerationSeconds: undefined })
  const now = objects(pod, 'spec', 'tolerations').map(untimed)
  const kept = objects(old, 'spec', 'tolerations').every((toleration) =>
    now.some((one) => equalJson(one, untimed(toleration))),
  )
  const detail = 'existing toleration can not be modified except its tolerationSeconds'
  return kept ? [] : [fieldErrors.forbidden('spec.tolerations', detail)]
}

function validateGates(pod: KubeObject, old: KubeObject): readonly FieldError[] {
  const before = new Set(objects(old, 'spec', 'schedulingGates').map((gate) => gate['name']))
  return objects(pod, 'spec', 'schedulingGates').flatMap((gate, index) =>
    before.has(gate['name'])
      ? []
      : [
          fieldErrors.forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${gate['name']}'`,
          ),
        ],
  )
}

/** The spec of a pod with everything that may change taken from the stored one. */
function frozen(pod: KubeObject, old: KubeObject): unknown {
  const spec = pod['spec']
  const stored = old['spec']
  if (!isObject(spec) || !isObject(stored)) return spec
  const withImages = (field: string) => {
    const images = objects(stored, field).map((container) => container['image'])
    return spec[field] === undefined
      ? undefined
      : objects(spec, field).map((container, index) => ({ ...container, image: images[index] }))
  }
  const rescued = stored['terminationGracePeriodSeconds']
  const grace =
    typeof rescued === 'number' && rescued < 0 && spec['terminationGracePeriodSeconds'] === 1
      ? rescued
      : spec['terminationGracePeriodSeconds']
  const gated = objects(stored, 'schedulingGates').length > 0
  return {
    ...spec,
    containers: withImages('containers'),
    initContainers: withImages('initContainers'),
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    schedulingGates: undefined,
    terminationGracePeriodSeconds: grace,
    // A pod that waits behind gates has not been placed, and whoever gates it may still narrow where it goes.
    ...(gated ? { nodeSelector: undefined, affinity: undefined } : {}),
  }
}
