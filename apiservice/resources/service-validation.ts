import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { validateLabels } from '../../src/machinery/metadata.ts'
import { labelName, portNumber, qualifiedName, subdomainName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { count, objects, text, textMap, texts } from './cells.ts'
import { named, oneOf, portNumberOrName, validateAddress, validateEndpointAddress } from './field-checks.ts'

type Port = Readonly<Record<string, unknown>>

/** A Service (Kubernetes API reference, `ServiceSpec`). Whether an address or node port is free is admission's to say. */
export function validateService(service: KubeObject): readonly FieldError[] {
  const spec = fieldAt(service, 'spec')
  const ports = objects(spec, 'ports')
  const external = fieldAt(spec, 'type') === 'ExternalName'
  return [
    ...(ports.length === 0 && !isHeadless(service) && !external ? [fieldErrors.required('spec.ports')] : []),
    ...validateAddresses(service),
    ...validatePorts(ports),
    ...validateLabels(textMap(spec, 'selector'), 'spec.selector'),
    ...validateAffinity(spec),
    ...validateExternalIPs(texts(spec, 'externalIPs')),
    ...oneOf(fieldAt(spec, 'type'), 'spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    ...validateNodePorts(ports, fieldAt(spec, 'type') === 'ClusterIP'),
    ...validateDuplicatePorts(ports),
    ...validateTraffic(spec),
  ]
}

const isHeadless = (service: KubeObject): boolean => {
  const addresses = texts(service, 'spec', 'clusterIPs')
  return addresses.length === 1 && addresses[0] === 'None'
}

function validateAddresses(service: KubeObject): readonly FieldError[] {
  const spec = fieldAt(service, 'spec')
  const type = fieldAt(spec, 'type')
  const errors: FieldError[] = []
  if (type === 'LoadBalancer' || type === 'NodePort') {
    if (isHeadless(service)) {
      errors.push(fieldErrors.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
    }
    return errors
  }
  if (type !== 'ExternalName') return errors
  const detail = 'may not be set for ExternalName services'
  if (texts(spec, 'clusterIPs').length > 0) errors.push(fieldErrors.forbidden('spec.clusterIPs', detail))
  if (texts(spec, 'ipFamilies').length > 0) errors.push(fieldErrors.forbidden('spec.ipFamilies', detail))
  if (fieldAt(spec, 'ipFamilyPolicy') !== undefined) errors.push(fieldErrors.forbidden('spec.ipFamilyPolicy', detail))
  const host = text(spec, ['externalName']).replace(/\.$/, '')
  errors.push(
    ...(host === '' ? [fieldErrors.required('spec.externalName')] : named(host, 'spec.externalName', subdomainName)),
  )
  return errors
}

function validatePorts(ports: readonly Port[]): readonly FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const path = `spec.ports[${index}]`
    const errors: FieldError[] = []
    const name = text(port, ['name'])
    if (name === '') {
      if (ports.length > 1) errors.push(fieldErrors.required(`${path}.name`))
    } else {
      errors.push(...named(name, `${path}.name`, labelName))
      if (names.has(name)) errors.push(fieldErrors.duplicate(`${path}.name`, name))
      names.add(name)
    }
    const number = count(port, 'port')
    for (const complaint of portNumber(number)) errors.push(fieldErrors.invalid(`${path}.port`, number, complaint))
    errors.push(...oneOf(port['protocol'], `${path}.protocol`, ['SCTP', 'TCP', 'UDP']))
    errors.push(...portNumberOrName(port['targetPort'], `${path}.targetPort`))
    errors.push(...named(port['appProtocol'], `${path}.appProtocol`, qualifiedName))
    return errors
  })
}

const longestAffinitySeconds = 86_400

function validateAffinity(spec: unknown): readonly FieldError[] {
  const affinity = fieldAt(spec, 'sessionAffinity')
  const errors = [...oneOf(affinity, 'spec.sessionAffinity', ['ClientIP', 'None'])]
  const seconds = fieldAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  if (affinity === 'ClientIP' && typeof seconds === 'number' && (seconds <= 0 || seconds > longestAffinitySeconds)) {
    const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds'
    const detail = `must be greater than 0 and less than ${longestAffinitySeconds}`
    errors.push(fieldErrors.invalid(path, seconds, detail))
  }
  return errors
}

function validateExternalIPs(addresses: readonly string[]): readonly FieldError[] {
  return addresses.flatMap((address, index) => {
    const path = `spec.externalIPs[${index}]`
    const errors = validateAddress(address, path)
    return errors.length > 0 ? errors : validateEndpointAddress(address, path)
  })
}

function validateNodePorts(ports: readonly Port[], forbidden: boolean): readonly FieldError[] {
  const seen = new Set<string>()
  return ports.flatMap((port, index) => {
    const path = `spec.ports[${index}].nodePort`
    const nodePort = count(port, 'nodePort')
    if (nodePort === 0) return []
    const errors: FieldError[] = []
    if (forbidden) errors.push(fieldErrors.forbidden(path, "may not be used when `type` is 'ClusterIP'"))
    const key = `${port['protocol']}/${nodePort}`
    if (seen.has(key)) errors.push(fieldErrors.duplicate(path, nodePort))
    seen.add(key)
    return errors
  })
}

function validateDuplicatePorts(ports: readonly Port[]): readonly FieldError[] {
  const seen = new Set<string>()
  return ports.flatMap((port, index) => {
    const key = `${port['protocol']}/${port['port']}`
    const duplicate = seen.has(key)
    seen.add(key)
    // Kubernetes prints the key of its internal type: every field of a port, empty but for these two.
    const printed = {
      Name: '',
      Protocol: port['protocol'],
      AppProtocol: null,
      Port: port['port'],
      TargetPort: 0,
      NodePort: 0,
    }
    return duplicate ? [fieldErrors.duplicate(`spec.ports[${index}]`, printed)] : []
  })
}

function validateTraffic(spec: unknown): readonly FieldError[] {
  const type = fieldAt(spec, 'type')
  const errors: FieldError[] = []
  if (type !== 'LoadBalancer') {
    const detail = "may only be used when `type` is 'LoadBalancer'"
    if (texts(spec, 'loadBalancerSourceRanges').length > 0) {
      errors.push(fieldErrors.forbidden('spec.LoadBalancerSourceRanges', detail))
    }
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) {
      if (fieldAt(spec, field) !== undefined) errors.push(fieldErrors.forbidden(`spec.${field}`, detail))
    }
  }
  const policy = fieldAt(spec, 'externalTrafficPolicy')
  const outside = type === 'LoadBalancer' || type === 'NodePort' || texts(spec, 'externalIPs').length > 0
  if (policy !== undefined && !outside) {
    const detail = 'may only be set for externally-accessible services'
    errors.push(fieldErrors.invalid('spec.externalTrafficPolicy', policy, detail))
  }
  return errors
}

/** What may not change: the addresses of a Service, unless it comes from or goes to ExternalName. */
export function validateServiceUpdate(service: KubeObject, old: KubeObject): readonly FieldError[] {
  if (fieldAt(service, 'spec', 'type') === 'ExternalName' || fieldAt(old, 'spec', 'type') === 'ExternalName') return []
  if (isHeadless(service) && isHeadless(old)) return []
  const now = texts(service, 'spec', 'clusterIPs')
  const before = texts(old, 'spec', 'clusterIPs')
  if (before.length > 0 && now.length === 0) {
    return [fieldErrors.invalid('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset')]
  }
  const compared = now.length === before.length ? before : before.slice(0, 1)
  const errors = compared.flatMap((address, index) =>
    now[index] === address ? [] : [fieldErrors.invalid(`spec.clusterIPs[${index}]`, now, 'may not change once set')],
  )
  if (before.length > now.length && fieldAt(service, 'spec', 'ipFamilyPolicy') !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    errors.push(fieldErrors.invalid('spec.ipFamilyPolicy', fieldAt(service, 'spec', 'ipFamilyPolicy') ?? null, detail))
  }
  return errors
}

/** The addresses and node ports of a stored Service, where an update leaves them out: they were given, not asked for. */
export function withGivenAddresses(service: KubeObject, old: KubeObject): KubeObject {
  const spec = fieldAt(service, 'spec')
  const stored = fieldAt(old, 'spec')
  if (!isObject(spec) || !isObject(stored)) return service
  const kept: Record<string, unknown> = { ...spec }
  const hasAddress = (type: unknown) => type !== 'ExternalName'
  if (hasAddress(spec['type']) && hasAddress(stored['type'])) {
    if (text(spec, ['clusterIP']) === '' && spec['clusterIPs'] === undefined) {
      for (const field of ['clusterIP', 'clusterIPs']) if (stored[field] !== undefined) kept[field] = stored[field]
    }
    for (const field of ['ipFamilies', 'ipFamilyPolicy']) kept[field] ??= stored[field]
    for (const field of ['ipFamilies', 'ipFamilyPolicy']) if (kept[field] === undefined) delete kept[field]
  }
  const hasNodePorts = (type: unknown) => type === 'NodePort' || type === 'LoadBalancer'
  if (hasNodePorts(spec['type']) && hasNodePorts(stored['type'])) {
    const given = new Map(
      objects(stored, 'ports').map((port) => [`${port['protocol']}/${port['port']}`, port['nodePort']]),
    )
    if (Array.isArray(spec['ports'])) {
      kept['ports'] = objects(spec, 'ports').map((port) => {
        const nodePort = given.get(`${port['protocol']}/${port['port']}`)
        return count(port, 'nodePort') === 0 && nodePort !== undefined ? { ...port, nodePort } : port
      })
    }
    if (count(spec, 'healthCheckNodePort') === 0 && stored['healthCheckNodePort'] !== undefined) {
      const local = spec['type'] === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local'
      if (local) kept['healthCheckNodePort'] = stored['healthCheckNodePort']
    }
  }
  return { ...service, spec: kept }
}
