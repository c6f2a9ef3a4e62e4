import { fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { qualified } from '../../src/machinery/resource.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text, texts } from './cells.ts'
import { immutable } from './field-checks.ts'

function parentOf(address: KubeObject): string {
  const parent = fieldAt(address, 'spec', 'parentRef')
  if (!isObject(parent)) return '<none>'
  const resource = qualified({ group: text(parent, ['group']), resource: text(parent, ['resource']) }).toLowerCase()
  const namespace = text(parent, ['namespace'])
  return `${resource}/${namespace === '' ? '' : `${namespace}/`}${text(parent, ['name'])}`
}

/** IPAddresses: who has which cluster address. The row has a third cell without a column, as Kubernetes sends it. */
export const ipAddresses: Behaviour = {
  cells: (address, now) => [nameOf(address), parentOf(address), age(address, now)],
  validate: (address) =>
    isObject(fieldAt(address, 'spec', 'parentRef')) ? [] : [fieldErrors.required('spec.parentRef')],
  validateUpdate: (address, old) => immutable(address['spec'], old['spec'], 'spec'),
}

/** ServiceCIDRs: from where Services get their addresses. */
export const serviceCidrs: Behaviour = {
  cells: (range, now) => [nameOf(range), texts(range, 'spec', 'cidrs').join(','), age(range, now)],
  validate: (range) =>
    texts(range, 'spec', 'cidrs').length === 0
      ? [fieldErrors.required('spec.cidrs', 'at least one CIDR required')]
      : [],
}
