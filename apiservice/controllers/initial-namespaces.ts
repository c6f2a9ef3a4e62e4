import type { ObjectClient } from '../../src/machinery/client.ts'
import { hasReason } from '../../src/machinery/status-error.ts'
import { namespaces } from './addresses.ts'

/** The namespaces that every cluster has from its first second. */
export const initialNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const

/** Makes the initial namespaces where they are absent. Done before the hub is ready, so that nobody ever misses them. */
export async function ensureInitialNamespaces(client: ObjectClient): Promise<void> {
  await Promise.all(
    initialNamespaces.map(async (name) => {
      try {
        await client.get(namespaces, { namespace: '', name })
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error
        await client.create(namespaces, { kind: namespaces.kind, apiVersion: 'v1', metadata: { name } })
      }
    }),
  )
}
