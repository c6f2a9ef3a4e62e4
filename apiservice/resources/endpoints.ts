import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { labelName, portNumber, subdomainName } from '../../src/machinery/names.ts'
import { equalJson, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, firstOf, nameOf, objects, text, texts } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { immutable, named, oneOf, validateAddress, validateEndpointAddress } from './field-checks.ts'

const shown = 3

function printEndpoints(endpoints: KubeObject): string {
  const list = objects(endpoints, 'subsets').flatMap((subset) => {
    const addresses = objects(subset, 'addresses').map((address) => text(address, ['ip']))
    const ports = objects(subset, 'ports')
    if (ports.length === 0) return addresses // a headless service without ports
    return ports.flatMap((port) => addresses.map((address) => hostPort(address, count(port, 'port'))))
  })
  return list.length === 0 && objects(endpoints, 'subsets').length === 0 ? '<none>' : firstOf(list, shown)
}

const hostPort = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

function validateEndpoints(object: KubeObject): readonly FieldError[] {
  return objects(object, 'subsets').flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`))
}

function validateSubset(subset: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const lists = ['addresses', 'notReadyAddresses']
  const errors: FieldError[] = []
  if (lists.every((list) => objects(subset, list).length === 0)) {
    errors.push(fieldErrors.required(path, 'must specify `addresses` or `notReadyAddresses`'))
  }
  for (const list of lists) {
    objects(subset, list).forEach((address, index) => {
      const at = `${path}.${list}[${index}]`
      errors.push(...validateEndpointAddress(text(address, ['ip']), `${at}.ip`))
      errors.push(...named(address['hostname'], `${at}.hostname`, labelName))
      errors.push(...named(address['nodeName'], `${at}.nodeName`, subdomainName))
    })
  }
  const ports = objects(subset, 'ports')
  ports.forEach((port, index) => {
    const at = `${path}.ports[${index}]`
    const name = text(port, ['name'])
    if (name === '' && ports.length > 1) errors.push(fieldErrors.required(`${at}.name`))
    errors.push(...named(name, `${at}.name`, labelName))
    const number = count(port, 'port')
    for (const complaint of portNumber(number)) errors.push(fieldErrors.invalid(`${at}.port`, number, complaint))
  })
  return errors
}

/** Endpoints: where the pods of a Service are, all in one object. EndpointSlices took their place. */
export const endpoints: Behaviour = {
  cells: (object, now) => [nameOf(object), printEndpoints(object), age(object, now)],
  defaults: defaultsOf({ 'subsets[].ports[].protocol': 'TCP' }),
  validate: validateEndpoints,
  strategy: {
    warnings: () => ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
  },
}

const addressTypes = ['FQDN', 'IPv4', 'IPv6']

function validateSlice(slice: KubeObject): readonly FieldError[] {
  const type = slice['addressType']
  const errors =
    type === undefined || type === ''
      ? [fieldErrors.required('addressType')]
      : [...oneOf(type, 'addressType', addressTypes)]
  objects(slice, 'endpoints').forEach((endpoint, index) => {
    texts(endpoint, 'addresses').forEach((address, addressIndex) => {
      const path = `endpoints[${index}].addresses[${addressIndex}]`
      errors.push(...(type === 'FQDN' ? named(address, path, subdomainName) : validateAddress(address, path)))
    })
    if (texts(endpoint, 'addresses').length === 0) {
      const detail = 'must contain at least 1 address'
      errors.push(fieldErrors.required(`endpoints[${index}].addresses`, detail))
    }
  })
  return errors
}

function printSlicePorts(slice: KubeObject): string {
  const ports = objects(slice, 'ports').map(({ port, name }) =>
    typeof port === 'number' ? `${port}` : `${name ?? '*'}`,
  )
  return firstOf(ports, shown) || '<unset>'
}

function printSliceAddresses(slice: KubeObject): string {
  return (
    firstOf(
      objects(slice, 'endpoints').flatMap((endpoint) => texts(endpoint, 'addresses')),
      shown,
    ) || '<unset>'
  )
}

/** Of an EndpointSlice labels count too: they say whose endpoints these are. */
function prepareForUpdate(slice: KubeObject, old: KubeObject): KubeObject {
  const comparable = ({ metadata, ...fields }: KubeObject) => ({
    ...fields,
    labels: metadata.labels,
    annotations: metadata.annotations,
    ownerReferences: metadata.ownerReferences,
  })
  if (equalJson(comparable(slice), comparable(old))) return slice
  return { ...slice, metadata: { ...slice.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}

/** EndpointSlices: where some of the pods of a Service are. */
export const endpointSlices: Behaviour = {
  cells: (slice, now) => [
    nameOf(slice),
    text(slice, ['addressType']),
    printSlicePorts(slice),
    printSliceAddresses(slice),
    age(slice, now),
  ],
  defaults: defaultsOf({ 'ports[].name': '', 'ports[].protocol': 'TCP' }),
  validate: validateSlice,
  validateUpdate: (slice, old) => immutable(slice['addressType'], old['addressType'], 'addressType'),
  strategy: { prepareForUpdate },
}
