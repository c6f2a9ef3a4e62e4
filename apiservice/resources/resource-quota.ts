import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { qualifiedName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { amountOf, amountsIn, isLess, isWhole } from './amounts.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, texts } from './cells.ts'
import { validateResourceName } from './resource-requirements.ts'

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

/** What a quota may count besides objects of any kind (`count/…`) and resources with a domain. */
const quotaResources =
  /^((requests\.|limits\.)?(cpu|memory|ephemeral-storage)|requests\.storage|pods|resourcequotas|services(\.nodeports|\.loadbalancers)?|replicationcontrollers|secrets|persistentvolumeclaims|configmaps|(requests\.)?hugepages-.+)$/

const quotaScopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'VolumeAttributesClass',
  'CrossNamespacePodAffinity',
]

function validateQuota(quota: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = []
  for (const [resource, amount] of amountsIn(quota, 'spec', 'hard')) {
    const path = `spec.hard[${resource}]`
    const value = fieldAt(quota, 'spec', 'hard', resource)
    errors.push(...validateResourceName(resource, path))
    if (!resource.includes('/') && !quotaResources.test(resource)) {
      errors.push(fieldErrors.invalid(path, resource, 'must be a standard resource for quota'))
    }
    if (amount.mantissa < 0n) errors.push(fieldErrors.invalid(path, value, 'must be greater than or equal to 0'))
    if (countable.test(resource) && !isWhole(amount))
      errors.push(fieldErrors.invalid(path, value, 'must be an integer'))
  }
  const scopes = texts(quota, 'spec', 'scopes')
  for (const scope of scopes) {
    if (!quotaScopes.includes(scope)) errors.push(fieldErrors.invalid('spec.scopes', scopes, 'unsupported scope'))
  }
  const conflicting = [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ].some((pair) => pair.every((scope) => scopes.includes(scope)))
  if (conflicting) errors.push(fieldErrors.invalid('spec.scopes', scopes, 'conflicting scopes'))
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
    const type = text(item, ['type'])
    const errors = [...validateLimitType(type, `${path}.type`)]
    if (seen.has(type)) errors.push(fieldErrors.duplicate(`${path}.type`, type))
    seen.add(type)
    if (type === 'Pod') {
      for (const field of ['default', 'defaultRequest']) {
        if (Object.keys(asMap(item[field])).length === 0) continue
        errors.push(fieldErrors.forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"))
      }
    }
    return [...errors, ...validateLimitOrder(item, path)]
  })
}

function validateLimitType(type: string, path: string): readonly FieldError[] {
  const complaints = qualifiedName(type)
  if (complaints.length > 0) return complaints.map((complaint) => fieldErrors.invalid(path, type, complaint))
  if (type.includes('/') || ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)) return []
  return [fieldErrors.invalid(path, type, 'must be a standard limit type or fully qualified')]
}

/** What each limit of a resource is called in refusals. */
const limitNames = { min: 'min', defaultRequest: 'default request', default: 'default', max: 'max' } as const
type Limit = keyof typeof limitNames

/** Pairs of limits of which the first may not exceed the second, and the field that is blamed, with the value that is printed. */
const limitOrder: readonly (readonly [low: Limit, high: Limit, blamed: Limit, printed: Limit])[] = [
  ['min', 'max', 'min', 'min'],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', 'defaultRequest', 'defaultRequest'],
  ['min', 'default', 'default', 'min'],
  ['default', 'max', 'default', 'max'],
]

function validateLimitOrder(item: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const resources = new Set(Object.keys(limitNames).flatMap((field) => Object.keys(asMap(item[field]))))
  const errors: FieldError[] = []
  for (const resource of resources) {
    for (const [low, high, blamed, printed] of limitOrder) {
      const [a, b] = [fieldAt(item, low, resource), fieldAt(item, high, resource)]
      const [small, large] = [amountOf(a), amountOf(b)]
      if (small === undefined || large === undefined || !isLess(large, small)) continue
      const limit = low === 'defaultRequest' && high === 'default' ? 'default limit' : limitNames[high]
      const detail = `${limitNames[low]} value ${a} is greater than ${limit} value ${b}`
      errors.push(fieldErrors.invalid(`${path}.${blamed}[${resource}]`, fieldAt(item, printed, resource), detail))
    }
  }
  return errors
}

/** LimitRanges: how much one object of a namespace may use. */
export const limitRanges: Behaviour = { defaults: limitDefaults, validate: validateLimits }
