import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, texts } from './cells.ts'
import { defaultsOf } from './defaulting.ts'
import { oneOf, portNumberOrName, validateCidr } from './field-checks.ts'
import { printLabelSelector, validateLabelSelector } from './label-selector.ts'

/** A policy says what comes in, and, where it has egress rules, what goes out. An empty list counts as unsaid. */
function policyTypes(spec: Readonly<Record<string, unknown>>): readonly string[] {
  return objects(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}

function validate(policy: KubeObject): readonly FieldError[] {
  const spec = fieldAt(policy, 'spec')
  const errors = [...validateLabelSelector(fieldAt(spec, 'podSelector'), 'spec.podSelector')]
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    objects(spec, direction).forEach((rule, index) => {
      const path = `spec.${direction}[${index}]`
      objects(rule, 'ports').forEach((port, portIndex) => {
        errors.push(...oneOf(port['protocol'], `${path}.ports[${portIndex}].protocol`, ['TCP', 'UDP', 'SCTP']))
        if (port['port'] !== undefined)
          errors.push(...portNumberOrName(port['port'], `${path}.ports[${portIndex}].port`))
      })
      objects(rule, peers).forEach((peer, peerIndex) => {
        errors.push(...validatePeer(peer, `${path}.${peers}[${peerIndex}]`))
      })
    })
  }
  texts(spec, 'policyTypes').forEach((type, index) => {
    errors.push(...oneOf(type, `spec.policyTypes[${index}]`, ['Ingress', 'Egress']))
  })
  return errors
}

function validatePeer(peer: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer
  const selects = isObject(podSelector) || isObject(namespaceSelector)
  if (!selects && !isObject(ipBlock)) return [fieldErrors.required(path, 'must specify a peer')]
  if (selects && isObject(ipBlock)) {
    return [fieldErrors.forbidden(path, 'may not specify both ipBlock and another peer')]
  }
  if (isObject(ipBlock)) return validateBlock(ipBlock, `${path}.ipBlock`)
  return [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
  ]
}

function validateBlock(block: Readonly<Record<string, unknown>>, path: string): readonly FieldError[] {
  const cidr = text(block, ['cidr'])
  if (cidr === '') return [fieldErrors.required(`${path}.cidr`)]
  const errors = [...validateCidr(cidr, `${path}.cidr`)]
  texts(block, 'except').forEach((range, index) => {
    errors.push(...validateCidr(range, `${path}.except[${index}]`))
  })
  return errors
}

/** NetworkPolicies: who may talk to whom. */
export const networkPolicies: Behaviour = {
  cells: (policy, now) => [
    nameOf(policy),
    printLabelSelector(fieldAt(policy, 'spec', 'podSelector')),
    age(policy, now),
  ],
  defaults: defaultsOf({
    'spec.podSelector': {},
    'spec.policyTypes': policyTypes,
    'spec.ingress[].ports[].protocol': 'TCP',
    'spec.egress[].ports[].protocol': 'TCP',
  }),
  validate,
}
