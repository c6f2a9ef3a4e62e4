import { isObject } from '../../src/machinery/object.ts'
import { type ComputedDefault, type DefaultTable, under } from './defaulting.ts'

/**
 * The defaults of a pod spec, wherever one stands: in a Pod, and in the template of every workload (Kubernetes API reference, `PodSpec`;
 * values measured on 1.36).
 */

/** Images without a tag or with `latest` change under the same name, so that a node must ask again. */
const pullPolicy =
  (field: string): ComputedDefault =>
  (parent) => {
    const image = parent[field]
    return typeof image === 'string' && hasFixedTag(image) ? 'IfNotPresent' : 'Always'
  }

/** Whether an image reference has a digest, or a tag other than `latest`. A colon before the last slash belongs to a port. */
function hasFixedTag(image: string): boolean {
  const name = image.slice(image.lastIndexOf('/') + 1)
  if (name.includes('@')) return true
  const tag = name.split(':')[1]
  return tag !== undefined && tag !== 'latest'
}

const httpGet: DefaultTable = { path: '/', scheme: 'HTTP' }

const probe: DefaultTable = {
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
  ...under('httpGet?', httpGet),
  'grpc?.service': '',
}

const container: DefaultTable = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: pullPolicy('image'),
  'ports[].protocol': 'TCP',
  'env[].valueFrom?.fieldRef?.apiVersion': 'v1',
  'env[].valueFrom?.resourceFieldRef?.divisor': '0',
  'env[].valueFrom?.fileKeyRef?.optional': false,
  ...under('livenessProbe?', probe),
  ...under('readinessProbe?', probe),
  ...under('startupProbe?', probe),
  ...under('lifecycle?.postStart?.httpGet?', httpGet),
  ...under('lifecycle?.preStop?.httpGet?', httpGet),
}

const downwardItems: DefaultTable = {
  'items[].fieldRef?.apiVersion': 'v1',
  'items[].resourceFieldRef?.divisor': '0',
}

/** Of a claim, in a volume, a StatefulSet or by itself. */
export const claimSpecDefaults: DefaultTable = { volumeMode: 'Filesystem' }

/** A volume that names no source is an empty directory. */
const emptyDirectory: ComputedDefault = (volume) =>
  Object.entries(volume).every(([field, value]) => field === 'name' || !isObject(value)) ? {} : undefined

/** The defaults of the sources of a volume that pods and PersistentVolumes share. */
export const volumeSourceDefaults: DefaultTable = {
  'hostPath?.type': '',
  'iscsi?.iscsiInterface': 'default',
  'rbd?.pool': 'rbd',
  'rbd?.user': 'admin',
  'rbd?.keyring': '/etc/ceph/keyring',
  'azureDisk?.cachingMode': 'ReadWrite',
  'azureDisk?.fsType': 'ext4',
  'azureDisk?.readOnly': false,
  'azureDisk?.kind': 'Shared',
  'scaleIO?.storageMode': 'ThinProvisioned',
  'scaleIO?.fsType': 'xfs',
}

const volume: DefaultTable = {
  emptyDir: emptyDirectory,
  ...volumeSourceDefaults,
  'configMap?.defaultMode': 420,
  'secret?.defaultMode': 420,
  'downwardAPI?.defaultMode': 420,
  ...under('downwardAPI?', downwardItems),
  'projected?.defaultMode': 420,
  'projected?.sources[].serviceAccountToken?.expirationSeconds': 3600,
  ...under('projected?.sources[].downwardAPI?', downwardItems),
  ...under('ephemeral?.volumeClaimTemplate?.spec', claimSpecDefaults),
  'image?.pullPolicy': pullPolicy('reference'),
}

/** Every default that a pod spec has in a template. A Pod has a few more (`pod.ts`). */
export const podSpecDefaults: DefaultTable = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
  // The old name of the same field; each fills the other.
  serviceAccountName: ({ serviceAccount }) => serviceAccount,
  serviceAccount: ({ serviceAccountName }) => serviceAccountName,
  ...under('volumes[]', volume),
  ...under('initContainers[]', container),
  ...under('containers[]', container),
  ...under('ephemeralContainers[]', container),
}

/** Of a pod template. */
export const podTemplateDefaults: DefaultTable = under('spec', podSpecDefaults)
