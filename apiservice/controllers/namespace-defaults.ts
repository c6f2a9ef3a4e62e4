import { Informer } from '../../src/machinery/informer.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'
import { hasReason } from '../../src/machinery/status-error.ts'
import { configMaps, namespaces, serviceAccounts } from './addresses.ts'
import { type Controller, type ControllerOptions, controllerQueue } from './controller.ts'

const rootCaName = 'kube-root-ca.crt'
const rootCaAnnotations = {
  'kubernetes.io/description':
    'The certificate authority of this API server. It verifies the addresses that clients inside use, and nothing else.',
}

/**
 * Keeps what every namespace has by itself: the `default` service account and the `kube-root-ca.crt` config map. Both come back when
 * somebody deletes them, and the certificate is restored when somebody changes it.
 */
export function namespaceDefaults(options: ControllerOptions & { readonly rootCa: string }): Controller {
  const { client, log, clock, rootCa } = options
  const queue = controllerQueue('namespace-defaults', options)
  const named = (resource: ResourceInfo, name: string) =>
    new Informer({ client, resource, log, clock, fieldSelector: `metadata.name=${name}` })
  const namespaceInformer = new Informer({ client, resource: namespaces, log, clock })
  const accounts = named(serviceAccounts, 'default')
  const certificates = named(configMaps, rootCaName)

  const ensure = async (namespace: string): Promise<void> => {
    const state = namespaceInformer.get({ namespace: '', name: namespace })
    if (!state || state.metadata.deletionTimestamp !== undefined) return
    if (!accounts.get({ namespace, name: 'default' })) {
      await createUnlessThere(serviceAccounts, {
        kind: 'ServiceAccount',
        apiVersion: 'v1',
        metadata: { name: 'default', namespace },
      })
    }
    const current = certificates.get({ namespace, name: rootCaName })
    if (!current) {
      const metadata = { name: rootCaName, namespace, annotations: rootCaAnnotations }
      await createUnlessThere(configMaps, { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { 'ca.crt': rootCa } })
    } else if (fieldAt(current, 'data', 'ca.crt') !== rootCa) {
      await client.update(configMaps, { ...current, data: { 'ca.crt': rootCa } })
    }
  }

  const createUnlessThere = async (resource: ResourceInfo, object: KubeObject): Promise<void> => {
    try {
      await client.create(resource, object)
    } catch (error) {
      // Somebody was faster, or the namespace is going: the informers will tell what is so.
      if (!hasReason(error, 'AlreadyExists', 'NotFound') && !isTerminating(error)) throw error
    }
  }

  return async (signal) => {
    namespaceInformer.onChange((key) => queue.add(key.name))
    accounts.onChange((key) => queue.add(key.namespace))
    certificates.onChange((key) => queue.add(key.namespace))
    const running = [namespaceInformer, accounts, certificates].map((informer) => informer.run(signal))
    // Looking before everything has been seen would create what is already there.
    await Promise.all([namespaceInformer, accounts, certificates].map((informer) => informer.whenSynced(signal))).catch(
      () => {},
    )
    await Promise.all([...running, queue.run(ensure, signal)])
  }
}

function isTerminating(error: unknown): boolean {
  return hasReason(error, 'Forbidden') && error.details?.causes?.[0]?.reason === 'NamespaceTerminating'
}
