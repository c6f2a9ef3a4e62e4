import { isObject } from '../../src/machinery/object.ts'
import type { AdmissionPlugin } from '../registry/admission.ts'

const seconds = 300
const conditions = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

/** Pods stay for five minutes on a node that fails, unless they say otherwise (kube-apiserver's `DefaultTolerationSeconds`). */
export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: ({ operation, definition, subresource }) =>
    operation !== 'DELETE' && subresource === '' && definition.group === '' && definition.resource === 'pods',
  mutate: ({ object }) => {
    if (object === undefined) throw new Error('a write without an object')
    const spec = isObject(object['spec']) ? object['spec'] : {}
    const tolerations = Array.isArray(spec['tolerations']) ? spec['tolerations'].filter(isObject) : []
    const added = conditions
      .filter((key) => !tolerations.some((toleration) => covers(toleration, key)))
      .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }))
    return added.length === 0 ? object : { ...object, spec: { ...spec, tolerations: [...tolerations, ...added] } }
  },
}

function covers(toleration: Readonly<Record<string, unknown>>, key: string): boolean {
  const { key: own = '', effect = '' } = toleration
  return (own === key || own === '') && (effect === 'NoExecute' || effect === '')
}
