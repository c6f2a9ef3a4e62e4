import { isIP } from 'node:net'
import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { portName, portNumber, subdomainName, wildcardSubdomainName } from '../../src/machinery/names.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, count, nameOf, objects, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { immutable, named } from './field-checks.ts'
import { loadBalancerAddresses } from './service.ts'

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']

function validate(ingress: KubeObject): readonly FieldError[] {
  const spec = fieldAt(ingress, 'spec')
  const rules = objects(spec, 'rules')
  const backend = fieldAt(spec, 'defaultBackend')
  const errors: FieldError[] = []
  if (rules.length === 0 && !isObject(backend)) {
    errors.push(
      fieldErrors.invalid(
        'spec',
        fieldAt(spec, 'rules') ?? null,
        'either `defaultBackend` or `rules` must be specified',
      ),
    )
  }
  if (isObject(backend)) errors.push(...validateBackend(backend, 'spec.defaultBackend'))
  rules.forEach((rule, index) => {
    errors.push(...validateRule(rule, `spec.rules[${index}]`))
  })
  objects(spec, 'tls').forEach((tls, index) => {
    for (const host of (tls['hosts'] as readonly unknown[] | undefined) ?? []) {
      errors.push(...validateHost(host, `spec.tls[${index}].hosts`))
    }
  })
  errors.push(...named(fieldAt(spec, 'ingressClassName'), 'spec.ingressClassName', subdomainName))
  return errors
}

const validateHost = (host: unknown, path: string) =>
  named(host, path, typeof host === 'string' && host.includes('*') ? wildcardSubdomainName : subdomainName)

function validateRule(rule: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const host = text(rule, ['host'])
  const errors = [...validateHost(host, `${path}.host`)]
  if (isIP(host) !== 0)
    errors.unshift(fieldErrors.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
  if (!isObject(rule['http'])) return errors
  const paths = objects(rule, 'http', 'paths')
  if (paths.length === 0) errors.push(fieldErrors.required(`${path}.http.paths`))
  paths.forEach((one, index) => {
    errors.push(...validatePath(one, `${path}.http.paths[${index}]`))
  })
  return errors
}

function validatePath(one: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const type = text(one, ['pathType'])
  const route = text(one, ['path'])
  const errors: FieldError[] = []
  if (type === '') errors.push(fieldErrors.required(`${path}.pathType`, 'pathType must be specified'))
  else if (type === 'Exact' || type === 'Prefix') errors.push(...validateRoute(route, `${path}.path`))
  else if (type !== 'ImplementationSpecific') {
    errors.push(fieldErrors.notSupported(`${path}.pathType`, type, pathTypes))
  } else if (route !== '' && !route.startsWith('/')) {
    errors.push(fieldErrors.invalid(`${path}.path`, route, 'must be an absolute path'))
  }
  return [...errors, ...validateBackend(one['backend'], `${path}.backend`)]
}

const forbiddenSequences = ['//', '/./', '/../', '%2f', '%2F']
const forbiddenEnds = ['/..', '/.']

function validateRoute(route: string, path: string): readonly FieldError[] {
  if (!route.startsWith('/')) return [fieldErrors.invalid(path, route, 'must be an absolute path')]
  const errors = forbiddenSequences
    .filter((sequence) => route.includes(sequence))
    .map((sequence) => fieldErrors.invalid(path, route, `must not contain '${sequence}'`))
  for (const end of forbiddenEnds) {
    if (route.endsWith(end)) errors.push(fieldErrors.invalid(path, route, `cannot end with '${end}'`))
  }
  return errors
}

function validateBackend(backend: unknown, path: string): readonly FieldError[] {
  const service = fieldAt(backend, 'service')
  const resource = fieldAt(backend, 'resource')
  if (isObject(service) && isObject(resource)) {
    return [fieldErrors.invalid(path, '', 'cannot set both resource and service backends')]
  }
  if (isObject(resource)) return []
  if (!isObject(service)) return [fieldErrors.invalid(path, '', 'resource or service backend is required')]
  const errors: FieldError[] = []
  if (text(service, ['name']) === '') errors.push(fieldErrors.required(`${path}.service.name`))
  const name = text(service, ['port', 'name'])
  const number = count(service, 'port', 'number')
  if (name !== '' && number !== 0) {
    errors.push(fieldErrors.invalid(path, '', 'cannot set both port name & port number'))
  } else if (name !== '') {
    errors.push(...named(name, `${path}.service.port.name`, portName))
  } else if (number !== 0) {
    for (const complaint of portNumber(number)) {
      errors.push(fieldErrors.invalid(`${path}.service.port.number`, number, complaint))
    }
  } else errors.push(fieldErrors.required(path, 'port name or number is required'))
  return errors
}

/** Hosts of the rules, each rule once; counted by rules, so that rules without a host make the rest more. */
function printHosts(ingress: KubeObject): string {
  const rules = objects(ingress, 'spec', 'rules')
  const hosts: string[] = []
  let more = false
  for (const rule of rules) {
    if (hosts.length === 3) more = true
    const host = text(rule, ['host'])
    if (!more && host !== '') hosts.push(host)
  }
  if (hosts.length === 0) return '*'
  return more ? `${hosts.join(',')} + ${rules.length - 3} more...` : hosts.join(',')
}

/** Ingresses: how requests from outside reach Services. */
export const ingresses: Behaviour = {
  cells: (ingress, now) => [
    nameOf(ingress),
    text(ingress, ['spec', 'ingressClassName'], '<none>'),
    printHosts(ingress),
    loadBalancerAddresses(ingress).join(','),
    objects(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80',
    age(ingress, now),
  ],
  initialStatus: { loadBalancer: {} },
  validate,
}

function classParameters(ingressClass: KubeObject): string {
  const parameters = fieldAt(ingressClass, 'spec', 'parameters')
  if (!isObject(parameters)) return '<none>'
  const group = fieldAt(parameters, 'apiGroup')
  const kind = typeof group === 'string' ? `${parameters['kind']}.${group}` : `${parameters['kind']}`
  return `${kind}/${text(parameters, ['name'])}`
}

const defaultClass = 'ingressclass.kubernetes.io/is-default-class'

/** IngressClasses: who serves an Ingress. */
export const ingressClasses: Behaviour = {
  cells: (ingressClass, now) => [
    `${nameOf(ingressClass)}${ingressClass.metadata.annotations?.[defaultClass] === 'true' ? ' (default)' : ''}`,
    text(ingressClass, ['spec', 'controller']),
    classParameters(ingressClass),
    age(ingressClass, now),
  ],
  defaults: defaultsOf({ 'spec.parameters?.scope': 'Cluster' }),
  validate: (ingressClass) =>
    text(ingressClass, ['spec', 'controller']) === '' ? [fieldErrors.required('spec.controller')] : [],
  validateUpdate: (ingressClass, old) =>
    immutable(fieldAt(ingressClass, 'spec', 'controller'), fieldAt(old, 'spec', 'controller'), 'spec.controller'),
}
