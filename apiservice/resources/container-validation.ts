import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import {
  configKeyName,
  environmentName,
  httpHeaderName,
  labelName,
  portName,
  portNumber,
} from '../../src/machinery/names.ts'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import { count, objects, text, texts } from './cells.ts'
import { exactlyOneOf, named, nonNegative, oneOf, portNumberOrName } from './field-checks.ts'
import { validateResources } from './resource-requirements.ts'

/** What a container is in its pod, and what it may refer to there. */
export interface ContainerScope {
  readonly role: 'container' | 'init' | 'ephemeral'
  /** Names of the volumes of the pod. */
  readonly volumes: ReadonlySet<string>
}

type Container = Readonly<Record<string, unknown>>

/** One container of a pod spec (Kubernetes API reference, `Container`). */
export function validateContainer(container: Container, path: string, scope: ContainerScope): readonly FieldError[] {
  const name = text(container, ['name'])
  return [
    ...(name === '' ? [fieldErrors.required(`${path}.name`)] : named(name, `${path}.name`, labelName)),
    ...(text(container, ['image']) === '' ? [fieldErrors.required(`${path}.image`)] : []),
    ...oneOf(container['terminationMessagePolicy'], `${path}.terminationMessagePolicy`, messagePolicies),
    ...validatePorts(objects(container, 'ports'), `${path}.ports`),
    ...validateEnvironment(container, path),
    ...validateMounts(container, path, scope.volumes),
    ...validateResources(container['resources'], `${path}.resources`),
    ...validateHooks(container, path, scope.role),
  ]
}

function validatePorts(ports: readonly Container[], path: string): readonly FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const at = `${path}[${index}]`
    const errors: FieldError[] = []
    const name = text(port, ['name'])
    const complaints = name === '' ? [] : portName(name)
    for (const complaint of complaints) errors.push(fieldErrors.invalid(`${at}.name`, name, complaint))
    if (name !== '' && complaints.length === 0) {
      if (names.has(name)) errors.push(fieldErrors.duplicate(`${at}.name`, name))
      names.add(name)
    }
    const number = count(port, 'containerPort')
    if (number === 0) errors.push(fieldErrors.required(`${at}.containerPort`))
    else
      for (const complaint of portNumber(number))
        errors.push(fieldErrors.invalid(`${at}.containerPort`, number, complaint))
    const hostPort = count(port, 'hostPort')
    if (hostPort !== 0) {
      for (const complaint of portNumber(hostPort))
        errors.push(fieldErrors.invalid(`${at}.hostPort`, hostPort, complaint))
    }
    return errors
  })
}

const messagePolicies = ['File', 'FallbackToLogsOnError']

/** What a pod can tell its containers of itself, and which of it fits in an environment variable. */
const ownFields: ReadonlySet<string> = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.host',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.phase',
  'status.podIP',
  'status.podIPs',
])
const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const valueSources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const

function validateEnvironment(container: Container, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  objects(container, 'env').forEach((variable, index) => {
    const at = `${path}.env[${index}]`
    const name = text(variable, ['name'])
    errors.push(...(name === '' ? [fieldErrors.required(`${at}.name`)] : named(name, `${at}.name`, environmentName)))
    if (isObject(variable['valueFrom'])) errors.push(...validateValueFrom(variable, `${at}.valueFrom`))
  })
  objects(container, 'envFrom').forEach((source, index) => {
    const list = `${path}.envFrom`
    const at = `${list}[${index}]`
    errors.push(...named(source['prefix'], `${at}.prefix`, environmentName))
    errors.push(
      ...exactlyOneOf(
        source,
        ['configMapRef', 'secretRef'],
        () => fieldErrors.invalid(list, '', 'must specify one of: `configMapRef` or `secretRef`'),
        () => fieldErrors.invalid(list, '', 'may not have more than one field specified at a time'),
      ),
    )
    for (const field of ['configMapRef', 'secretRef']) {
      const reference = source[field]
      if (isObject(reference) && text(reference, ['name']) === '')
        errors.push(fieldErrors.required(`${at}.${field}.name`))
    }
  })
  return errors
}

function validateValueFrom(variable: Container, path: string): readonly FieldError[] {
  const from = variable['valueFrom']
  const errors: FieldError[] = []
  for (const field of ['configMapKeyRef', 'secretKeyRef']) {
    const reference = fieldAt(from, field)
    if (!isObject(reference)) continue
    const key = text(reference, ['key'])
    if (text(reference, ['name']) === '') errors.push(fieldErrors.required(`${path}.${field}.name`))
    errors.push(
      ...(key === ''
        ? [fieldErrors.required(`${path}.${field}.key`)]
        : named(key, `${path}.${field}.key`, configKeyName)),
    )
  }
  const field = fieldAt(from, 'fieldRef')
  if (isObject(field)) errors.push(...validateFieldPath(text(field, ['fieldPath']), `${path}.fieldRef.fieldPath`))
  const sources = valueSources.filter((source) => isObject(fieldAt(from, source))).length
  if (sources === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    errors.push(fieldErrors.invalid(path, '', detail))
  } else if (text(variable, ['value']) !== '') {
    errors.push(fieldErrors.invalid(path, '', 'may not be specified when `value` is not empty'))
  } else if (sources > 1) {
    errors.push(fieldErrors.invalid(path, '', 'may not have more than one field specified at a time'))
  }
  return errors
}

function validateFieldPath(field: string, path: string): readonly FieldError[] {
  if (field === '') return [fieldErrors.required(path)]
  const [, subscripted] = /^(.*)\['.*'\]$/.exec(field) ?? []
  if (subscripted === 'metadata.annotations' || subscripted === 'metadata.labels') return []
  if (!ownFields.has(subscripted ?? field)) {
    return [fieldErrors.invalid(path, field, `error converting fieldPath: field label not supported: ${field}`)]
  }
  return variableFields.includes(field === 'spec.host' ? 'spec.nodeName' : field)
    ? []
    : [fieldErrors.notSupported(path, field, variableFields)]
}

function validateMounts(container: Container, path: string, volumes: ReadonlySet<string>): readonly FieldError[] {
  const paths = new Set<string>()
  return objects(container, 'volumeMounts').flatMap((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`
    const name = text(mount, ['name'])
    const mountPath = text(mount, ['mountPath'])
    const errors: FieldError[] = []
    if (name === '') errors.push(fieldErrors.required(`${at}.name`))
    if (!volumes.has(name)) errors.push(fieldErrors.notFound(`${at}.name`, name))
    if (mountPath === '') errors.push(fieldErrors.required(`${at}.mountPath`))
    if (paths.has(mountPath)) errors.push(fieldErrors.invalid(`${at}.mountPath`, mountPath, 'must be unique'))
    paths.add(mountPath)
    return errors
  })
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep']
const probes = ['livenessProbe', 'readinessProbe', 'startupProbe']

function validateHooks(container: Container, path: string, role: ContainerScope['role']): readonly FieldError[] {
  const errors: FieldError[] = []
  const restarts = container['restartPolicy'] === 'Always'
  if (role === 'init' && !restarts) {
    for (const field of ['lifecycle', ...probes]) {
      if (isObject(container[field])) {
        const detail = 'may not be set for init containers without restartPolicy=Always'
        errors.push(fieldErrors.forbidden(`${path}.${field}`, detail))
      }
    }
    return errors
  }
  for (const hook of ['postStart', 'preStop']) {
    const handler = fieldAt(container, 'lifecycle', hook)
    if (isObject(handler)) errors.push(...validateHandler(handler, `${path}.lifecycle.${hook}`))
  }
  for (const field of probes) errors.push(...validateProbe(container[field], `${path}.${field}`, field))
  return errors
}

function validateProbe(probe: unknown, path: string, field: string): readonly FieldError[] {
  if (!isObject(probe)) return []
  const errors = [
    ...validateHandler(probe, path),
    ...nonNegative(
      probe,
      path,
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
    ),
  ]
  const grace = probe['terminationGracePeriodSeconds']
  if (typeof grace === 'number' && grace <= 0) {
    errors.push(fieldErrors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  }
  if (field === 'readinessProbe') {
    if (grace !== undefined) {
      const detail = 'must not be set for readinessProbes'
      errors.push(fieldErrors.invalid(`${path}.terminationGracePeriodSeconds`, grace, detail))
    }
  } else if (probe['successThreshold'] !== undefined && probe['successThreshold'] !== 1) {
    errors.push(fieldErrors.invalid(`${path}.successThreshold`, probe['successThreshold'], 'must be 1'))
  }
  return errors
}

function validateHandler(handler: Container, path: string): readonly FieldError[] {
  const errors = [
    ...exactlyOneOf(
      handler,
      handlers,
      () => fieldErrors.required(path, 'must specify a handler type'),
      (field) => fieldErrors.forbidden(`${path}.${field}`, 'may not specify more than 1 handler type'),
    ),
  ]
  const { exec, httpGet, tcpSocket, grpc } = handler
  if (isObject(exec) && texts(exec, 'command').length === 0) errors.push(fieldErrors.required(`${path}.exec.command`))
  if (isObject(httpGet)) {
    errors.push(...portNumberOrName(httpGet['port'], `${path}.httpGet.port`))
    for (const header of objects(httpGet, 'httpHeaders')) {
      const name = text(header, ['name'])
      for (const complaint of httpHeaderName(name)) {
        errors.push(fieldErrors.invalid(`${path}.httpGet.httpHeaders`, name, complaint))
      }
    }
  }
  if (isObject(tcpSocket)) errors.push(...portNumberOrName(tcpSocket['port'], `${path}.tcpSocket.port`))
  if (isObject(grpc)) errors.push(...portNumberOrName(grpc['port'], `${path}.grpc.port`))
  return errors
}
