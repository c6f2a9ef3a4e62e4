import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, conditionOf, nameOf, objects, text } from './cells.ts'
import { defaultsOf } from './defaulting.ts'

const rolePrefix = 'node-role.kubernetes.io/'

function statusOf(node: KubeObject): string {
  const ready = conditionOf(node, 'Ready')
  const status = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return fieldAt(node, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status
}

/** Roles by labels: `node-role.kubernetes.io/ROLE`, and the older `kubernetes.io/role: ROLE`. */
function rolesOf(node: KubeObject): string {
  const roles = new Set<string>()
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(rolePrefix) && label.length > rolePrefix.length) roles.add(label.slice(rolePrefix.length))
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function addressOf(node: KubeObject, type: string): string {
  return text(
    objects(node, 'status', 'addresses').find((address) => address['type'] === type),
    ['address'],
    '<none>',
  )
}

function kernelOf(node: KubeObject): string {
  const kernel = text(node, ['status', 'nodeInfo', 'kernelVersion'], '<unknown>')
  const architecture = text(node, ['status', 'nodeInfo', 'architecture'])
  return architecture === '' ? kernel : `${kernel} (${architecture})`
}

/** Nodes: where pods run. */
export const nodes: Behaviour = {
  cells: (node, now) => [
    nameOf(node),
    statusOf(node),
    rolesOf(node),
    age(node, now),
    text(node, ['status', 'nodeInfo', 'kubeletVersion']),
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    text(node, ['status', 'nodeInfo', 'osImage'], '<unknown>'),
    kernelOf(node),
    text(node, ['status', 'nodeInfo', 'containerRuntimeVersion'], '<unknown>'),
  ],
  defaults: defaultsOf({
    // What nobody reserves can all be given to pods.
    'status?.allocatable': ({ capacity }) => (isObject(capacity) ? { ...capacity } : undefined),
  }),
  // A kubelet brings the state of its node along when it registers.
  strategy: { keepsStatusOnCreate: true },
  selectableFields: { 'spec.unschedulable': (node) => String(fieldAt(node, 'spec', 'unschedulable') === true) },
}
