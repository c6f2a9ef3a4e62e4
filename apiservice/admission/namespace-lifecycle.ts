import { StatusError } from '../../src/machinery/status-error.ts'
import type { Store, Stored } from '../../storage/store.ts'
import type { AdmissionPlugin } from '../registry/admission.ts'
import { parseStored } from '../registry/canonical.ts'

const namespaces = { group: '', resource: 'namespaces' }

/** Asking whether somebody may do something must work in a namespace that does not exist (yet). */
const exempt = new Set(['authorization.k8s.io/localsubjectaccessreviews'])

/**
 * Nothing is created in a namespace that is absent or going away (kube-apiserver's `NamespaceLifecycle`). The namespace's revision is a
 * condition of the write, so an object can never slip into a namespace while it is being emptied.
 */
export function namespaceLifecycle(store: Store): AdmissionPlugin {
  /** Whether a namespace is going away, remembered for the stored bytes that said so: most writes meet the same one again. */
  const terminating = new WeakMap<Buffer, boolean>()
  const isTerminating = ({ bytes }: Stored): boolean => {
    const known = terminating.get(bytes)
    if (known !== undefined) return known
    const is = parseStored(bytes).metadata.deletionTimestamp !== undefined
    terminating.set(bytes, is)
    return is
  }
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation, definition }) =>
      operation === 'CREATE' && definition.namespaced && !exempt.has(`${definition.group}/${definition.resource}`),
    validate: async ({ definition, key }) => {
      const namespaceKey = { type: '/namespaces', namespace: '', name: key.namespace }
      const namespace = await store.get(namespaceKey)
      if (!namespace) throw StatusError.notFound(namespaces, key.namespace)
      if (isTerminating(namespace)) {
        throw StatusError.forbidden(
          definition,
          key.name,
          `unable to create new content in namespace ${key.namespace} because it is being terminated`,
          [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${key.namespace} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        )
      }
      return [{ key: namespaceKey, expect: namespace.revision }]
    },
  }
}
