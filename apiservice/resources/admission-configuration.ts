import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, textMap, texts } from './cells.ts'
import { type DefaultTable, defaultsOf, under } from './defaulting.ts'
import { oneOf, uniqueIn } from './field-checks.ts'
import { validateLabelSelector } from './label-selector.ts'

/** Webhooks and policies that admission asks. What they do is `admission/`; here is what they look like. */

const webhook: DefaultTable = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
  'clientConfig.service?.port': 443,
  'rules[].scope': '*',
}

function validateWebhooks(configuration: KubeObject): readonly FieldError[] {
  const webhooks = objects(configuration, 'webhooks')
  return [
    ...webhooks.flatMap((one, index) => validateWebhook(one, `webhooks[${index}]`)),
    ...uniqueIn(webhooks, 'webhooks', 'name'),
  ]
}

function validateWebhook(one: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const name = text(one, ['name'])
  if (name === '') errors.push(fieldErrors.required(`${path}.name`))
  else if (name.split('.').length < 3) {
    const detail = 'should be a domain with at least three segments separated by dots'
    errors.push(fieldErrors.invalid(`${path}.name`, name, detail))
  }
  if (texts(one, 'admissionReviewVersions').length === 0) {
    const detail = 'must specify one of v1, v1beta1'
    errors.push(fieldErrors.required(`${path}.admissionReviewVersions`, detail))
  }
  const versions = texts(one, 'admissionReviewVersions')
  if (versions.length > 0 && !versions.includes('v1') && !versions.includes('v1beta1')) {
    const detail = 'must include at least one of v1, v1beta1'
    errors.push(fieldErrors.invalid(`${path}.admissionReviewVersions`, versions, detail))
  }
  objects(one, 'rules').forEach((rule, index) => {
    errors.push(...validateRule(rule, `${path}.rules[${index}]`))
  })
  const effects = one['sideEffects']
  if (typeof effects !== 'string' || effects === '') {
    errors.push(fieldErrors.required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  } else errors.push(...oneOf(effects, `${path}.sideEffects`, ['None', 'NoneOnDryRun']))
  const timeout = one['timeoutSeconds']
  if (typeof timeout === 'number' && (timeout < 1 || timeout > 30)) {
    const detail = 'the timeout value must be between 1 and 30 seconds'
    errors.push(fieldErrors.invalid(`${path}.timeoutSeconds`, timeout, detail))
  }
  errors.push(...validateLabelSelector(one['namespaceSelector'], `${path}.namespaceSelector`))
  errors.push(...validateLabelSelector(one['objectSelector'], `${path}.objectSelector`))
  errors.push(...validateClient(one['clientConfig'], `${path}.clientConfig`))
  return errors
}

function validateRule(rule: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  texts(rule, 'operations').forEach((operation, index) => {
    errors.push(...oneOf(operation, `${path}.operations[${index}]`, ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']))
  })
  for (const field of ['apiGroups', 'apiVersions', 'resources', 'operations']) {
    const list = texts(rule, field)
    if (list.length === 0) errors.push(fieldErrors.required(`${path}.${field}`))
    if (field !== 'resources' && list.length > 1 && list.includes('*')) {
      const detail =
        field === 'operations'
          ? "if '*' is present, must not specify other operations"
          : `if '*' is present, must not specify other ${field === 'apiGroups' ? 'API groups' : 'API versions'}`
      errors.push(fieldErrors.invalid(`${path}.${field}`, list, detail))
    }
  }
  return errors
}

function validateClient(client: unknown, path: string): readonly FieldError[] {
  const service = fieldAt(client, 'service')
  const url = fieldAt(client, 'url')
  if ((url === undefined) === !isObject(service)) {
    return [fieldErrors.required(path, 'exactly one of url or service is required')]
  }
  if (!isObject(service)) return validateUrl(url, `${path}.url`)
  const errors: FieldError[] = []
  if (text(service, ['name']) === '')
    errors.push(fieldErrors.required(`${path}.service.name`, 'service name is required'))
  if (text(service, ['namespace']) === '') {
    errors.push(fieldErrors.required(`${path}.service.namespace`, 'service namespace is required'))
  }
  return errors
}

function validateUrl(url: unknown, path: string): readonly FieldError[] {
  const form = '; desired format: https://host[/path]'
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (!parsed) return [fieldErrors.required(path, `url must be a valid URL${form}`)]
  if (parsed.protocol !== 'https:') {
    const scheme = parsed.protocol.replace(/:$/, '')
    return [fieldErrors.invalid(path, scheme, `'https' is the only allowed URL scheme${form}`)]
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return [fieldErrors.invalid(path, parsed.username, 'user information is not permitted in the URL')]
  }
  return []
}

const webhookCells = (configuration: KubeObject, now: number) => [
  nameOf(configuration),
  objects(configuration, 'webhooks').length,
  age(configuration, now),
]

/** Webhooks that may change objects. */
export const mutatingWebhooks: Behaviour = {
  cells: webhookCells,
  defaults: defaultsOf(under('webhooks[]', { ...webhook, reinvocationPolicy: 'Never' })),
  validate: validateWebhooks,
}

/** Webhooks that may refuse objects. */
export const validatingWebhooks: Behaviour = {
  cells: webhookCells,
  defaults: defaultsOf(under('webhooks[]', webhook)),
  validate: validateWebhooks,
}

const matching: DefaultTable = {
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  'resourceRules[].scope': '*',
  'excludeResourceRules[].scope': '*',
}

const policyDefaults = defaultsOf({ 'spec.failurePolicy': 'Fail', ...under('spec.matchConstraints?', matching) })

function policyCells(checks: string) {
  return (policy: KubeObject, now: number) => {
    const kind = fieldAt(policy, 'spec', 'paramKind')
    return [
      nameOf(policy),
      objects(policy, 'spec', checks).length,
      isObject(kind) ? `${text(kind, ['apiVersion'])}/${text(kind, ['kind'])}` : '<unset>',
      age(policy, now),
    ]
  }
}

function validatePolicy(checks: string) {
  return (policy: KubeObject): readonly FieldError[] => {
    const errors: FieldError[] = []
    const spec = fieldAt(policy, 'spec')
    if (!isObject(fieldAt(spec, 'matchConstraints'))) errors.push(fieldErrors.required('spec.matchConstraints'))
    else if (objects(spec, 'matchConstraints', 'resourceRules').length === 0) {
      errors.push(fieldErrors.required('spec.matchConstraints.resourceRules'))
    }
    const noChecks = objects(spec, checks).length === 0
    if (noChecks && (checks !== 'validations' || objects(spec, 'auditAnnotations').length === 0)) {
      const detail =
        checks === 'validations'
          ? 'validations or auditAnnotations must contain at least one item'
          : 'mutations must contain at least one item'
      errors.push(fieldErrors.required(`spec.${checks}`, detail))
    }
    objects(spec, checks).forEach((check, index) => {
      if (checks === 'validations' && text(check, ['expression']).trim() === '') {
        errors.push(fieldErrors.required(`spec.validations[${index}].expression`, 'expression is not specified'))
      }
    })
    return errors
  }
}

/** Policies in CEL that may refuse objects. */
export const validatingPolicies: Behaviour = {
  cells: policyCells('validations'),
  defaults: policyDefaults,
  validate: validatePolicy('validations'),
}

/** Policies in CEL that may change objects. */
export const mutatingPolicies: Behaviour = {
  cells: policyCells('mutations'),
  defaults: policyDefaults,
  validate: validatePolicy('mutations'),
}

/** A LabelSelector as Go prints the struct: this one cell shows it so. */
function printSelectorInGo(selector: Readonly<Record<string, unknown>>): string {
  const labels = Object.entries(textMap(selector, 'matchLabels'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
  const expressions = objects(selector, 'matchExpressions').map(
    (one) =>
      `LabelSelectorRequirement{Key:${text(one, ['key'])},Operator:${text(one, ['operator'])},Values:[${texts(one, 'values').join(' ')}],},`,
  )
  const matches = `MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}}`
  return `&LabelSelector{${matches},}`
}

function parametersOf(binding: KubeObject): string {
  const parameters = fieldAt(binding, 'spec', 'paramRef')
  if (!isObject(parameters)) return '<unset>'
  const name = text(parameters, ['name'])
  if (name !== '') return `${text(parameters, ['namespace'], '*')}/${name}`
  const selector = parameters['selector']
  return isObject(selector) ? printSelectorInGo(selector) : '<unset>'
}

/** What puts a policy to work. */
export const policyBindings: Behaviour = {
  cells: (binding, now) => [
    nameOf(binding),
    text(binding, ['spec', 'policyName']),
    parametersOf(binding),
    age(binding, now),
  ],
  defaults: defaultsOf(under('spec.matchResources?', matching)),
  validate: (binding) => {
    const errors: FieldError[] = []
    if (text(binding, ['spec', 'policyName']) === '') errors.push(fieldErrors.required('spec.policyName'))
    if (
      binding.kind === 'ValidatingAdmissionPolicyBinding' &&
      texts(binding, 'spec', 'validationActions').length === 0
    ) {
      errors.push(fieldErrors.required('spec.validationActions', 'at least one validation action is required'))
    }
    return errors
  },
}
