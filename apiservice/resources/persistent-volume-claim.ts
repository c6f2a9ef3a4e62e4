import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { subdomainName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { amountOf, isLess } from './amounts.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text, texts } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { named } from './field-checks.ts'
import { validateLabelSelector } from './label-selector.ts'
import { printAccessModes, storageClassOf, validateAccessModes } from './persistent-volume.ts'
import { claimSpecDefaults } from './pod-spec-defaults.ts'

/** `dataSource` and `dataSourceRef` name the same thing, the second one more generally; each fills the other. */
function withBothDataSources(claim: KubeObject): KubeObject {
  const spec = fieldAt(claim, 'spec')
  if (!isObject(spec)) return claim
  const { dataSource, dataSourceRef } = spec
  if (isObject(dataSource) && !isObject(dataSourceRef)) {
    return { ...claim, spec: { ...spec, dataSourceRef: { ...dataSource } } }
  }
  if (!isObject(dataSource) && isObject(dataSourceRef) && text(dataSourceRef, ['namespace']) === '') {
    return { ...claim, spec: { ...spec, dataSource: { ...dataSourceRef } } }
  }
  return claim
}

/** The spec of a claim, also in the templates of a StatefulSet. */
export function validateClaimSpec(spec: unknown, path: string): readonly FieldError[] {
  const errors = [
    ...validateAccessModes(spec, `${path}.accessModes`, 'at least 1 access mode is required'),
    ...validateLabelSelector(fieldAt(spec, 'selector'), `${path}.selector`),
  ]
  const asked = fieldAt(spec, 'resources', 'requests', 'storage')
  const at = `${path}.resources[storage]`
  const amount = amountOf(asked)
  if (asked === undefined) errors.push(fieldErrors.required(at))
  else if (amount !== undefined && amount.mantissa <= 0n) {
    errors.push(fieldErrors.invalid(at, asked, 'must be greater than zero'))
  }
  errors.push(...named(fieldAt(spec, 'storageClassName'), `${path}.storageClassName`, subdomainName))
  return [...errors, ...validateDataSources(spec, path)]
}

function validateDataSources(spec: unknown, path: string): readonly FieldError[] {
  const source = fieldAt(spec, 'dataSource')
  const reference = fieldAt(spec, 'dataSourceRef')
  if (!isObject(source) || !isObject(reference)) return []
  const { namespace: _namespace, ...named } = reference
  return equalJson(source, named) ? [] : [fieldErrors.invalid(path, '', 'must match dataSourceRef')]
}

function validateUpdate(claim: KubeObject, old: KubeObject): readonly FieldError[] {
  const spec = fieldAt(claim, 'spec')
  const stored = fieldAt(old, 'spec')
  const errors: FieldError[] = []
  const bound = fieldAt(old, 'status', 'phase') === 'Bound'
  if (!equalJson(frozen(spec, stored, bound), frozen(stored, stored, bound))) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(fieldErrors.forbidden('spec', detail))
  }
  const now = amountOf(fieldAt(spec, 'resources', 'requests', 'storage'))
  const before = amountOf(fieldAt(stored, 'resources', 'requests', 'storage'))
  const reached = amountOf(fieldAt(old, 'status', 'capacity', 'storage'))
  // A claim may ask for less again while the growth that it asked for has not happened, but never for less than it has.
  if (
    now !== undefined &&
    before !== undefined &&
    isLess(now, before) &&
    (reached === undefined || isLess(now, reached))
  ) {
    const detail = 'field can not be less than status.capacity'
    errors.push(fieldErrors.forbidden('spec.resources.requests.storage', detail))
  }
  return errors
}

/** What of a claim's spec stays: everything but its binding, done once, and for bound claims size and class of attributes. */
function frozen(spec: unknown, stored: unknown, bound: boolean): unknown {
  if (!isObject(spec)) return spec
  const first = text(stored, ['volumeName']) === ''
  const { resources, ...rest } = spec
  const sized = isObject(resources) ? { ...resources, requests: bound ? undefined : resources['requests'] } : resources
  return {
    ...rest,
    resources: sized,
    volumeName: first ? undefined : spec['volumeName'],
    ...(bound ? { volumeAttributesClassName: undefined } : {}),
  }
}

/** PersistentVolumeClaims: who wants storage. */
export const persistentVolumeClaims: Behaviour = {
  cells: (claim, now) => {
    const volume = text(claim, ['spec', 'volumeName'])
    return [
      nameOf(claim),
      claim.metadata.deletionTimestamp === undefined ? text(claim, ['status', 'phase']) : 'Terminating',
      volume,
      volume === '' ? '' : text(claim, ['status', 'capacity', 'storage'], '0'),
      volume === '' ? '' : printAccessModes(texts(claim, 'status', 'accessModes')),
      storageClassOf(claim),
      fieldAt(claim, 'spec', 'volumeAttributesClassName') ?? '<unset>',
      age(claim, now),
      text(claim, ['spec', 'volumeMode'], '<unset>'),
    ]
  },
  defaults: defaultsOf({ ...under('spec', claimSpecDefaults), 'status.phase': 'Pending' }),
  initialStatus: { phase: 'Pending' },
  validate: (claim) => validateClaimSpec(claim['spec'], 'spec'),
  validateUpdate,
  strategy: { prepareForCreate: withBothDataSources },
}
