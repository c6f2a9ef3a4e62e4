import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { validateAnnotations, validateLabels } from '../../src/machinery/metadata.ts'
import { inclusiveRange, labelName, labelValueText, qualifiedName, subdomainName } from '../../src/machinery/names.ts'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import { objects, text, textMap, texts } from './cells.ts'
import { type ContainerScope, validateContainer } from './container-validation.ts'
import { named, oneOf } from './field-checks.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateVolumes } from './volume-validation.ts'

const largestInt32 = 2_147_483_647
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/**
 * A pod template: labels, annotations and pod spec. Kubernetes names the labels of a template without its metadata. `extraVolumes` are
 * names of volumes that a controller gives each pod; they take the place of the template's own of the same name.
 */
export function validatePodTemplate(
  template: unknown,
  path: string,
  extraVolumes: readonly string[] = [],
): readonly FieldError[] {
  if (!isObject(template)) return [fieldErrors.required(path)]
  const errors = [
    ...validateLabels(textMap(template, 'metadata', 'labels'), `${path}.labels`),
    ...validateAnnotations(textMap(template, 'metadata', 'annotations'), `${path}.annotations`),
    ...validatePodSpec(template['spec'], `${path}.spec`, extraVolumes),
  ]
  if (objects(template, 'spec', 'ephemeralContainers').length > 0) {
    const detail = 'ephemeral containers not allowed in pod template'
    errors.push(fieldErrors.forbidden(`${path}.spec.ephemeralContainers`, detail))
  }
  return errors
}

/** A pod spec, wherever one stands (Kubernetes API reference, `PodSpec`). */
export function validatePodSpec(
  spec: unknown,
  path: string,
  extraVolumes: readonly string[] = [],
): readonly FieldError[] {
  const { errors, names } = validateVolumes(objects(spec, 'volumes'), `${path}.volumes`)
  const volumes = new Set([...names, ...extraVolumes])
  return [
    ...errors,
    ...validateAllContainers(spec, path, volumes),
    ...oneOf(fieldAt(spec, 'restartPolicy'), `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']),
    ...oneOf(fieldAt(spec, 'dnsPolicy'), `${path}.dnsPolicy`, dnsPolicies),
    ...validateLabels(textMap(spec, 'nodeSelector'), `${path}.nodeSelector`),
    ...validateNames(spec, path),
    ...validateDeadline(spec, path),
    ...validateTolerations(objects(spec, 'tolerations'), `${path}.tolerations`),
    ...validateHostAliases(objects(spec, 'hostAliases'), `${path}.hostAliases`),
    ...validateSpread(objects(spec, 'topologySpreadConstraints'), `${path}.topologySpreadConstraints`),
    ...validateGates(spec, path),
  ]
}

function validateAllContainers(spec: unknown, path: string, volumes: ReadonlySet<string>): readonly FieldError[] {
  const containers = objects(spec, 'containers')
  const errors: FieldError[] = []
  if (containers.length === 0) errors.push(fieldErrors.required(`${path}.containers`))
  const taken = new Set<string>()
  const check = (list: readonly Readonly<Record<string, unknown>>[], field: string, role: ContainerScope['role']) => {
    list.forEach((container, index) => {
      const at = `${path}.${field}[${index}]`
      errors.push(...validateContainer(container, at, { role, volumes }))
      const name = text(container, ['name'])
      if (name !== '' && taken.has(name)) errors.push(fieldErrors.duplicate(`${at}.name`, name))
      taken.add(name)
    })
  }
  check(containers, 'containers', 'container')
  errors.push(...hostPortConflicts(containers, `${path}.containers`))
  check(objects(spec, 'initContainers'), 'initContainers', 'init')
  check(objects(spec, 'ephemeralContainers'), 'ephemeralContainers', 'ephemeral')
  return errors
}

function hostPortConflicts(containers: readonly unknown[], path: string): readonly FieldError[] {
  const taken = new Set<string>()
  return containers.flatMap((container, index) =>
    objects(container, 'ports').flatMap((port, portIndex) => {
      const hostPort = port['hostPort']
      if (typeof hostPort !== 'number' || hostPort === 0) return []
      const key = `${port['protocol']}/${text(port, ['hostIP'])}/${hostPort}`
      if (taken.has(key)) {
        return [fieldErrors.duplicate(`${path}[${index}].ports[${portIndex}].hostPort`, key)]
      }
      taken.add(key)
      return []
    }),
  )
}

function validateNames(spec: unknown, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName']) {
    errors.push(...named(fieldAt(spec, field), `${path}.${field}`, subdomainName))
  }
  for (const field of ['hostname', 'subdomain']) {
    errors.push(...named(fieldAt(spec, field), `${path}.${field}`, labelName))
  }
  return errors
}

function validateDeadline(spec: unknown, path: string): readonly FieldError[] {
  const deadline = fieldAt(spec, 'activeDeadlineSeconds')
  if (typeof deadline !== 'number' || (deadline >= 1 && deadline <= largestInt32)) return []
  return [fieldErrors.invalid(`${path}.activeDeadlineSeconds`, deadline, inclusiveRange(1, largestInt32))]
}

function validateTolerations(
  tolerations: readonly Readonly<Record<string, unknown>>[],
  path: string,
): readonly FieldError[] {
  return tolerations.flatMap((toleration, index) => validateToleration(toleration, `${path}[${index}]`))
}

function validateToleration(toleration: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const key = text(toleration, ['key'])
  const operator = text(toleration, ['operator'])
  const effect = text(toleration, ['effect'])
  const value = text(toleration, ['value'])
  const errors: FieldError[] = [...named(key, `${path}.key`, qualifiedName)]
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(fieldErrors.invalid(`${path}.operator`, operator, detail))
  }
  if (toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
    errors.push(fieldErrors.invalid(`${path}.effect`, effect, detail))
  }
  if (operator === 'Exists') {
    if (value !== '') {
      const detail = "value must be empty when `operator` is 'Exists'"
      errors.push(fieldErrors.invalid(`${path}.operator`, value, detail))
    }
  } else if (operator === 'Equal' || operator === '') {
    const complaints = labelValueText(value)
    if (complaints.length > 0) errors.push(fieldErrors.invalid(`${path}.operator`, value, complaints.join(';')))
  } else {
    const supported = operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']
    errors.push(fieldErrors.notSupported(`${path}.operator`, operator, supported))
  }
  if (effect !== '') errors.push(...oneOf(effect, `${path}.effect`, taintEffects))
  return errors
}

function validateHostAliases(aliases: readonly unknown[], path: string): readonly FieldError[] {
  return aliases.flatMap((alias, index) =>
    texts(alias, 'hostnames').flatMap((hostname) =>
      named(hostname, `${path}[${index}].hostnames`, subdomainName).map((error) => ({
        ...error,
        field: `${path}.hostnames`,
      })),
    ),
  )
}

function validateSpread(constraints: readonly unknown[], path: string): readonly FieldError[] {
  return constraints.flatMap((constraint, index) => {
    const at = `${path}[${index}]`
    const errors: FieldError[] = []
    const skew = fieldAt(constraint, 'maxSkew')
    if (typeof skew !== 'number' || skew <= 0) {
      errors.push(fieldErrors.invalid(`${at}.maxSkew`, skew ?? 0, 'must be greater than zero'))
    }
    if (text(constraint, ['topologyKey']) === '') {
      errors.push(fieldErrors.required(`${at}.topologyKey`, 'can not be empty'))
    }
    errors.push(...validateLabelSelector(fieldAt(constraint, 'labelSelector'), `${at}.labelSelector`))
    return errors
  })
}

function validateGates(spec: unknown, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  objects(spec, 'readinessGates').forEach((gate, index) => {
    errors.push(...named(gate['conditionType'], `${path}.readinessGates[${index}].conditionType`, qualifiedName))
  })
  const seen = new Set<string>()
  objects(spec, 'schedulingGates').forEach((gate, index) => {
    const at = `${path}.schedulingGates[${index}]`
    const name = text(gate, ['name'])
    for (const complaint of qualifiedName(name)) errors.push(fieldErrors.invalid(at, name, complaint))
    if (seen.has(name)) errors.push(fieldErrors.duplicate(at, name))
    seen.add(name)
  })
  return errors
}
