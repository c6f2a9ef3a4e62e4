import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { Store } from '../../storage/store.ts'
import type { AdmissionPlugin } from '../registry/admission.ts'
import { parseStored } from '../registry/canonical.ts'

const priorityClasses = 'scheduling.k8s.io/priorityclasses'
const scanLimit = 1000

/** Classes that every cluster has without storing them, by name (kube-apiserver's `SystemPriorityClasses`). */
const systemPriorities: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
])

interface Priority {
  readonly className: string
  readonly value: number
  readonly preemptionPolicy: string
}

/** Gives a new pod the number behind its priority class, or behind the default one (kube-apiserver's `Priority`). */
export function podPriority(store: Store): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: ({ operation, definition, subresource }) =>
      operation === 'CREATE' && subresource === '' && definition.group === '' && definition.resource === 'pods',
    mutate: async ({ object, definition }) => {
      if (object === undefined) throw new Error('a create without an object')
      const spec = isObject(object['spec']) ? object['spec'] : {}
      const named = typeof spec['priorityClassName'] === 'string' ? spec['priorityClassName'] : ''
      const priority = named === '' ? await defaultPriority(store) : await priorityOf(store, object, named)
      const asked = spec['priority']
      if (typeof asked === 'number' && asked !== priority.value) {
        throw StatusError.forbidden(
          definition,
          object.metadata.name ?? '',
          `the integer value of priority (${asked}) must not be provided in pod spec; priority admission controller computed ${priority.value} from the given PriorityClass name`,
        )
      }
      return {
        ...object,
        spec: {
          ...spec,
          ...(priority.className === '' ? {} : { priorityClassName: priority.className }),
          priority: priority.value,
          preemptionPolicy: spec['preemptionPolicy'] ?? priority.preemptionPolicy,
        },
      }
    },
  }
}

async function priorityOf(store: Store, pod: KubeObject, className: string): Promise<Priority> {
  const value = systemPriorities.get(className)
  if (value !== undefined) return { className, value, preemptionPolicy: 'PreemptLowerPriority' }
  const stored = await store.get({ type: priorityClasses, namespace: '', name: className })
  if (!stored) {
    throw StatusError.forbidden(
      { group: '', resource: 'pods' },
      pod.metadata.name ?? '',
      `no PriorityClass with name ${className} was found`,
    )
  }
  return fromClass(parseStored(stored.bytes))
}

/** The global default with the lowest value; without one, zero. */
async function defaultPriority(store: Store): Promise<Priority> {
  let found: Priority = { className: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' }
  if ((await store.count({ type: priorityClasses })) === 0) return found
  const { chunks } = await store.range({ type: priorityClasses }, { limit: scanLimit })
  for await (const chunk of chunks) {
    for (const { bytes } of chunk) {
      const object = parseStored(bytes)
      if (object['globalDefault'] !== true) continue
      const candidate = fromClass(object)
      if (found.className === '' || candidate.value < found.value) found = candidate
    }
  }
  return found
}

function fromClass(object: KubeObject): Priority {
  const policy = fieldAt(object, 'preemptionPolicy')
  return {
    className: object.metadata.name ?? '',
    value: Number(object['value'] ?? 0),
    preemptionPolicy: typeof policy === 'string' ? policy : 'PreemptLowerPriority',
  }
}
