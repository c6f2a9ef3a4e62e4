import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { amountOf, amountsIn, isLess, isWhole } from './amounts.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, texts } from './cells.ts'

/** `pods: 1/4, requests.cpu: 0/1`: what is used of what there is, limits apart from the rest. */
function usageCells(quota: KubeObject): readonly [requests: string, limits: string] {
  const hard = fieldAt(quota, 'status', 'hard')
  const resources = isObject(hard) ? Object.keys(hard).sort() : []
  const print = (resource: string) =>
    `${resource}: ${text(quota, ['status', 'used', resource], '0')}/${text(quota, ['status', 'hard', resource], '0')}`
  const isLimit = (resource: string) => resource.startsWith('limits.')
  return [
    resources
      .filter((resource) => !isLimit(resource))
      .map(print)
      .join(', '),
    resources.filter(isLimit).map(print).join(', '),
  ]
}

/** Counts of objects have no fractions. */
const countable =
  /^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\..+|count\/.+)$/

function validateQuota(quota: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = []
  for (const [resource, amount] of amountsIn(quota, 'spec', 'hard')) {
    const path = `spec.hard[${resource}]`
    const value = fieldAt(quota, 'spec', 'hard', resource)
    if (amount.mantissa < 0n) errors.push(fieldErrors.invalid(path, value, 'must be greater than or equal to 0'))
    if (countable.test(resource) && !isWhole(amount))
      errors.push(fieldErrors.invalid(path, value, 'must be an integer'))
  }
  return errors
}

function validateQuotaUpdate(quota: KubeObject, old: KubeObject): readonly FieldError[] {
  const before = texts(old, 'spec', 'scopes')
  const now = texts(quota, 'spec', 'scopes')
  const same = now.length === before.length && now.every((scope) => before.includes(scope))
  return same ? [] : [fieldErrors.invalid('spec.scopes', now, 'field is immutable')]
}

/** ResourceQuotas: how much a namespace may use. */
export const resourceQuotas: Behaviour = {
  cells: (quota, now) => [nameOf(quota), ...usageCells(quota), age(quota, now)],
  validate: validateQuota,
  validateUpdate: validateQuotaUpdate,
}

/** For containers a limit follows from the maximum, a request from the limit, and failing that from the minimum. */
function limitDefaults(draft: Record<string, unknown>): void {
  for (const item of objects(draft, 'spec', 'limits')) {
    if (item['type'] !== 'Container') continue
    const { max, min, default: limit, defaultRequest: request } = item
    const limits = { ...asMap(max), ...asMap(limit) }
    const requests = { ...asMap(min), ...limits, ...asMap(request) }
    Object.assign(item, {
      ...(Object.keys(limits).length > 0 ? { default: limits } : {}),
      ...(Object.keys(requests).length > 0 ? { defaultRequest: requests } : {}),
    })
  }
}

const asMap = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {})

function validateLimits(range: KubeObject): readonly FieldError[] {
  const seen = new Set<unknown>()
  return objects(range, 'spec', 'limits').flatMap((item, index) => {
    const path = `spec.limits[${index}]`
    const errors: FieldError[] = []
    if (seen.has(item['type'])) errors.push(fieldErrors.duplicate(`${path}.type`, item['type']))
    seen.add(item['type'])
    return [...errors, ...validateLimitOrder(item, path)]
  })
}

/** Of every resource: minimum ≤ default request ≤ default ≤ maximum. */
function validateLimitOrder(item: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const fields = [
    ['min', 'min'],
    ['defaultRequest', 'default request'],
    ['default', 'default'],
    ['max', 'max'],
  ] as const
  const resources = new Set(fields.flatMap(([field]) => Object.keys(asMap(item[field]))))
  const quantity = (field: string, resource: string) => fieldAt(item, field, resource)
  const compare = (low: string, lowName: string, high: string, highName: string, resource: string) => {
    const a = amountOf(quantity(low, resource))
    const b = amountOf(quantity(high, resource))
    if (a === undefined || b === undefined || !isLess(b, a)) return
    const detail = `${lowName} value ${quantity(low, resource)} is greater than ${highName} value ${quantity(high, resource)}`
    errors.push(fieldErrors.invalid(`${path}.${low}[${resource}]`, quantity(low, resource), detail))
  }
  for (const resource of resources) {
    compare('min', 'min', 'max', 'max', resource)
    compare('defaultRequest', 'default request', 'max', 'max', resource)
    compare('default', 'default', 'max', 'max', resource)
    compare('defaultRequest', 'default request', 'default', 'default limit', resource)
  }
  return errors
}

/** LimitRanges: how much one object of a namespace may use. */
export const limitRanges: Behaviour = { defaults: limitDefaults, validate: validateLimits }
