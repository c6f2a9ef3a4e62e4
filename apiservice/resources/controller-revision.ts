import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { parseApiVersion, qualifiedKind } from '../../src/machinery/resource.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf } from './cells.ts'

/** `statefulset.apps/web`: the owner that controls the object, in lower case. */
function controllerOf(object: KubeObject): string {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (!owner) return '<none>'
  const { group } = parseApiVersion(owner.apiVersion) ?? { group: '' }
  return `${qualifiedKind({ group, kind: owner.kind }).toLowerCase()}/${owner.name}`
}

function validate(revision: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = []
  if (!isObject(revision['data'])) errors.push(fieldErrors.required('data', 'data is mandatory'))
  if (count(revision, 'revision') < 0) {
    errors.push(fieldErrors.invalid('revision', revision['revision'], 'must be greater than or equal to 0'))
  }
  return errors
}

/** ControllerRevisions: the history of a StatefulSet or a DaemonSet. */
export const controllerRevisions: Behaviour = {
  cells: (revision, now) => [nameOf(revision), controllerOf(revision), count(revision, 'revision'), age(revision, now)],
  validate,
  validateUpdate: (revision, old) =>
    equalJson(revision['data'], old['data'])
      ? []
      : [fieldErrors.invalid('data', revision['data'], 'field is immutable')],
}
