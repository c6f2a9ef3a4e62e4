import { isIPv6 } from 'node:net'
import { firstComplaint, labelName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf, objects, printLabels, text, textMap, texts } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { validateService, validateServiceUpdate, withGivenAddresses } from './service-validation.ts'

const hourOfAffinity = 10_800

const applyDefaults = defaultsOf({
  'spec.sessionAffinity': 'None',
  'spec.type': 'ClusterIP',
  'spec.ports[].protocol': 'TCP',
  'spec.ports[].targetPort': ({ port }) => port,
  'spec.internalTrafficPolicy': ({ type }) => (type === 'ExternalName' ? undefined : 'Cluster'),
  'spec.allocateLoadBalancerNodePorts': ({ type }) => (type === 'LoadBalancer' ? true : undefined),
})

function defaults(draft: Record<string, unknown>): void {
  applyDefaults(draft)
  const spec = draft['spec']
  if (!isObject(spec)) return
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig']
  else if (
    spec['sessionAffinity'] === 'ClientIP' &&
    !count(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  ) {
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: hourOfAffinity } }
  }
  if (isReachedFromOutside(spec)) spec['externalTrafficPolicy'] ??= 'Cluster'
  // Port 0 and '' both mean: the port of the service itself.
  for (const port of objects(spec, 'ports')) {
    if (port['targetPort'] === 0 || port['targetPort'] === '') Object.assign(port, { targetPort: port['port'] })
  }
  if (spec['type'] === 'LoadBalancer') {
    for (const ingress of objects(draft, 'status', 'loadBalancer', 'ingress')) {
      if (text(ingress, ['ip']) !== '' && ingress['ipMode'] === undefined) Object.assign(ingress, { ipMode: 'VIP' })
    }
  }
}

function isReachedFromOutside(spec: Readonly<Record<string, unknown>>): boolean {
  const { type } = spec
  if (type === 'LoadBalancer' || type === 'NodePort') return true
  return type === 'ClusterIP' && texts(spec, 'externalIPs').length > 0
}

/** `clusterIP` is the first of `clusterIPs`, whichever of them was written; their families follow from them. */
function withFamilies(service: KubeObject): KubeObject {
  const spec = fieldAt(service, 'spec')
  if (!isObject(spec) || spec['type'] === 'ExternalName') return service
  const single = text(spec, ['clusterIP'])
  const listed = texts(spec, 'clusterIPs')
  const addresses = listed.length > 0 ? listed : single === '' ? [] : [single]
  const families = addresses.map((address) => (isIPv6(address) ? 'IPv6' : 'IPv4'))
  return {
    ...service,
    spec: {
      ...spec,
      ...(addresses.length === 0 ? {} : { clusterIP: single || addresses[0], clusterIPs: addresses }),
      ipFamilies: spec['ipFamilies'] ?? (families.length === 0 ? ['IPv4'] : families),
      ipFamilyPolicy: spec['ipFamilyPolicy'] ?? (families.length > 1 ? 'RequireDualStack' : 'SingleStack'),
    },
  }
}

/** Addresses of a load balancer, in order, each once. */
export function loadBalancerAddresses(object: KubeObject): readonly string[] {
  const addresses = objects(object, 'status', 'loadBalancer', 'ingress').map((ingress) =>
    text(ingress, ['ip'], text(ingress, ['hostname'])),
  )
  return [...new Set(addresses.filter((address) => address !== ''))].sort()
}

function externalAddress(service: KubeObject): string {
  const external = texts(service, 'spec', 'externalIPs')
  switch (fieldAt(service, 'spec', 'type')) {
    case 'ClusterIP':
    case 'NodePort':
      return external.length === 0 ? '<none>' : external.join(',')
    case 'LoadBalancer':
      return [...loadBalancerAddresses(service), ...external].join(',') || '<pending>'
    case 'ExternalName':
      return text(service, ['spec', 'externalName'])
    default:
      return '<unknown>'
  }
}

function printPorts(service: KubeObject): string {
  const ports = objects(service, 'spec', 'ports').map((port) => {
    const nodePort = count(port, 'nodePort')
    return `${port['port']}${nodePort > 0 ? `:${nodePort}` : ''}/${port['protocol']}`
  })
  return ports.length === 0 ? '<none>' : ports.join(',')
}

/** Services: one name for many pods. Cluster addresses and node ports are given out by admission. */
export const services: Behaviour = {
  cells: (service, now) => [
    nameOf(service),
    text(service, ['spec', 'type']),
    texts(service, 'spec', 'clusterIPs')[0] ?? '<none>',
    externalAddress(service),
    printPorts(service),
    age(service, now),
    printLabels(textMap(service, 'spec', 'selector')),
  ],
  defaults,
  initialStatus: { loadBalancer: {} },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateName: firstComplaint(labelName),
  strategy: {
    prepareForCreate: withFamilies,
    prepareForUpdate: (service, old) => withFamilies(withGivenAddresses(service, old)),
  },
}
