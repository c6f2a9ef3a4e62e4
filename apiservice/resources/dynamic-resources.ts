import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf, objects, text } from './cells.ts'
import { type ComputedDefault, type DefaultTable, defaultsOf, under } from './defaulting.ts'
import { immutable, required } from './field-checks.ts'

/** Dynamic resource allocation: devices, and who has asked for them. */

const exactCount: ComputedDefault = ({ allocationMode }) => (allocationMode === 'ExactCount' ? 1 : undefined)

const request: DefaultTable = {
  allocationMode: 'ExactCount',
  count: exactCount,
  'tolerations[].operator': 'Equal',
}

const claimSpec: DefaultTable = {
  ...under('devices.requests[].exactly?', request),
  ...under('devices.requests[].firstAvailable[]', request),
}

function stateOf(claim: KubeObject): string {
  const deleted = claim.metadata.deletionTimestamp !== undefined
  if (!isObject(fieldAt(claim, 'status', 'allocation'))) return deleted ? 'deleted' : 'pending'
  const states = [...(deleted ? ['deleted'] : []), 'allocated']
  return objects(claim, 'status', 'reservedFor').length > 0 ? [...states, 'reserved'].join(',') : states.join(',')
}

/** ResourceClaims: who wants devices. */
export const resourceClaims: Behaviour = {
  cells: (claim, now) => [nameOf(claim), stateOf(claim), age(claim, now)],
  defaults: defaultsOf(under('spec', claimSpec)),
  validateUpdate: (claim, old) => immutable(claim['spec'], old['spec'], 'spec'),
}

const nameAndAge = (object: KubeObject, now: number) => [nameOf(object), age(object, now)]

/** ResourceClaimTemplates: claims that are made for each pod. */
export const resourceClaimTemplates: Behaviour = {
  cells: nameAndAge,
  defaults: defaultsOf(under('spec.spec', claimSpec)),
  validateUpdate: (template, old) => immutable(template['spec'], old['spec'], 'spec'),
}

/** DeviceClasses: kinds of devices. */
export const deviceClasses: Behaviour = { cells: nameAndAge }

const whereabouts = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection']

function validateSlice(slice: KubeObject): readonly FieldError[] {
  const spec = fieldAt(slice, 'spec')
  const errors = [...required(spec, 'spec', 'driver'), ...required(fieldAt(spec, 'pool'), 'spec.pool', 'name')]
  const slices = count(spec, 'pool', 'resourceSliceCount')
  if (slices <= 0) {
    errors.push(fieldErrors.invalid('spec.pool.resourceSliceCount', slices, 'must be greater than zero'))
  }
  if (whereabouts.every((field) => fieldAt(spec, field) === undefined)) {
    const listed = whereabouts.map((field) => `\`${field}\``).join(', ')
    errors.push(fieldErrors.required('spec', `exactly one of ${listed} is required`))
  }
  return errors
}

/** ResourceSlices: the devices of a driver, on one node or more. */
export const resourceSlices: Behaviour = {
  cells: (slice, now) => [
    nameOf(slice),
    text(slice, ['spec', 'nodeName']),
    text(slice, ['spec', 'driver']),
    text(slice, ['spec', 'pool', 'name']),
    age(slice, now),
  ],
  validate: validateSlice,
}
