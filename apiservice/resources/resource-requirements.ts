import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { qualifiedName } from '../../src/machinery/names.ts'
import { fieldAt } from '../../src/machinery/object.ts'
import { compareQuantities, type Quantity } from '../../src/machinery/schema/quantity.ts'
import { amountsIn, isLess, isWhole } from './amounts.ts'

const standardResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])
const isHugePages = (resource: string) => resource.startsWith('hugepages-')
/** Resources of which a container may use more than it asked for: those of Kubernetes itself, but for huge pages. */
const overcommits = (resource: string) =>
  (!resource.includes('/') || resource.includes('kubernetes.io/')) && !isHugePages(resource)

/** Resources that anything may have, in a quota or elsewhere: the names without a domain. */
const standardNames: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
])

/** The name of a resource: qualified, or one that Kubernetes knows. */
export function validateResourceName(resource: string, path: string): readonly FieldError[] {
  const errors = qualifiedName(resource).map((complaint) => fieldErrors.invalid(path, resource, complaint))
  if (
    errors.length > 0 ||
    resource.includes('/') ||
    standardNames.has(resource) ||
    /^(requests\.)?hugepages-/.test(resource)
  ) {
    return errors
  }
  return [fieldErrors.invalid(path, resource, 'must be a standard resource type or fully qualified')]
}

/** Requests and limits: known names, nothing negative, no request above its limit. */
export function validateResources(resources: unknown, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const limits = amountsIn(resources, 'limits')
  const requests = amountsIn(resources, 'requests')
  for (const [resource, amount] of limits) errors.push(...validateResource(resource, amount, resources, 'limits', path))
  for (const [resource, amount] of requests) {
    errors.push(...validateResource(resource, amount, resources, 'requests', path))
    const limit = limits.get(resource)
    const printed = fieldAt(resources, 'requests', resource)
    const at = `${path}.requests`
    if (limit === undefined) {
      if (!overcommits(resource)) {
        errors.push(fieldErrors.required(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
      }
    } else if (!overcommits(resource) && compareQuantities(limit, amount) !== 0) {
      const detail = `must be equal to ${resource} limit of ${fieldAt(resources, 'limits', resource)}`
      errors.push(fieldErrors.invalid(at, printed, detail))
    } else if (isLess(limit, amount)) {
      const detail = `must be less than or equal to ${resource} limit of ${fieldAt(resources, 'limits', resource)}`
      errors.push(fieldErrors.invalid(at, printed, detail))
    }
  }
  const names = [...limits.keys(), ...requests.keys()]
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(fieldErrors.forbidden(path, 'HugePages require cpu or memory'))
  }
  return errors
}

function validateResource(
  resource: string,
  amount: Quantity,
  resources: unknown,
  side: 'limits' | 'requests',
  path: string,
): readonly FieldError[] {
  const at = `${path}.${side}[${resource}]`
  const errors: FieldError[] = [...validateResourceName(resource, at)]
  const value = fieldAt(resources, side, resource)
  if (!resource.includes('/')) {
    if (!standardResources.has(resource) && !isHugePages(resource)) {
      errors.push(fieldErrors.invalid(at, resource, 'must be a standard resource for containers'))
    }
  } else if (resource.startsWith('requests.')) {
    errors.push(fieldErrors.invalid(at, resource, "doesn't follow extended resource name standard"))
  } else if (!isWhole(amount)) {
    errors.push(fieldErrors.invalid(at, value, 'must be an integer'))
  }
  if (amount.mantissa < 0n) {
    errors.push(fieldErrors.invalid(at, value, 'must be greater than or equal to 0'))
  }
  return errors
}
