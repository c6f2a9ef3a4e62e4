import { isObject, type KubeObject } from '../machinery/object.ts'
import { parseApiVersion } from '../machinery/resource.ts'

type Fields = Record<string, unknown>

/** Metadata that belongs to the source alone: identity, history, and who waits for its deletion. */
const ownMetadata = [
  'resourceVersion',
  'generation',
  'ownerReferences',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'uid',
  'creationTimestamp',
  'selfLink',
  'generateName',
  'finalizers',
]

/** Labels and annotations of an engine like this one: a copy of a copy must not look like the property of another application. */
const enginePrefixes = ['app.oam.dev/', 'oam.dev/', 'workload.oam.dev/', 'trait.oam.dev/', 'filter.oam.dev/']

const jobLabels = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name']

const cleaned = new WeakMap<KubeObject, KubeObject>()

/**
 * The part of a source that may be sent elsewhere: without identity, status, and what its own cluster filled in (application semantics,
 * sections 6.5, 17.1 and 17.2). The result is shared: the same source gives the same object.
 */
export function cleanSource(source: KubeObject): KubeObject {
  const known = cleaned.get(source)
  if (known) return known
  const copy = structuredClone(source) as unknown
  const object = isObject(copy) ? copy : {}
  const metadata = fields(object, 'metadata')
  drop(metadata, ...ownMetadata)
  dropKeys(metadata, 'labels', (key) => enginePrefixes.some((prefix) => key.startsWith(prefix)))
  dropKeys(
    metadata,
    'annotations',
    (key) =>
      key === 'kubectl.kubernetes.io/last-applied-configuration' ||
      enginePrefixes.some((prefix) => key.startsWith(prefix)),
  )
  drop(object, 'status')
  dropNullCreationTimes(object)
  byKind[kindOf(source)]?.(object)
  const result = { ...object, apiVersion: source.apiVersion, kind: source.kind, metadata } as KubeObject
  cleaned.set(source, result)
  return result
}

/**
 * Why an object must not be copied at all, or undefined: it is bound to its cluster, or something there derives it from another object,
 * so that a copy would be fought over or be wrong.
 */
export function refusalToCopy(source: KubeObject): string | undefined {
  const kind = kindOf(source)
  if (kind === '/Secret' && source['type'] === 'kubernetes.io/service-account-token') {
    return 'a service account token is bound to its cluster'
  }
  if (['/Event', 'events.k8s.io/Event', 'coordination.k8s.io/Lease'].includes(kind))
    return 'it describes its own cluster'
  if (['/Endpoints', 'discovery.k8s.io/EndpointSlice'].includes(kind)) {
    const labels = source.metadata.labels ?? {}
    const derived =
      source.metadata.ownerReferences?.length ||
      labels['endpointslice.kubernetes.io/managed-by'] ||
      kind === '/Endpoints'
    return derived ? 'it is derived from a Service' : undefined
  }
  if (kind === '/ConfigMap' && source.metadata.name === 'kube-root-ca.crt') return 'it is bound to its cluster'
  if (['/Pod', 'apps/ReplicaSet', 'batch/Job'].includes(kind)) {
    const owner = source.metadata.ownerReferences?.find(({ controller }) => controller)
    return owner ? `it is derived from ${owner.kind} ${owner.name}` : undefined
  }
  return undefined
}

const byKind: Readonly<Record<string, (object: Fields) => void>> = {
  'apps/Deployment': (object) =>
    dropKeys(fields(object, 'metadata'), 'annotations', (key) => key === 'deployment.kubernetes.io/revision'),
  '/Service': (object) => {
    const spec = fields(object, 'spec')
    if (spec['clusterIP'] !== 'None') drop(spec, 'clusterIP', 'clusterIPs')
    drop(spec, 'healthCheckNodePort')
    if ((spec['type'] ?? 'ClusterIP') === 'ClusterIP') for (const port of list(spec['ports'])) drop(port, 'nodePort')
  },
  'batch/Job': (object) => {
    const spec = fields(object, 'spec')
    dropKeys(fields(object, 'metadata'), 'annotations', (key) => key === 'batch.kubernetes.io/job-tracking')
    if (spec['manualSelector'] === true) return
    drop(spec, 'selector')
    dropKeys(fields(object, 'metadata'), 'labels', (key) => jobLabels.includes(key))
    dropKeys(fields(spec, 'template', 'metadata'), 'labels', (key) => jobLabels.includes(key))
  },
  '/PersistentVolumeClaim': (object) => {
    drop(fields(object, 'spec'), 'volumeName')
    dropKeys(
      fields(object, 'metadata'),
      'annotations',
      (key) =>
        key.startsWith('pv.kubernetes.io/') ||
        key.startsWith('volume.kubernetes.io/') ||
        key === 'volume.beta.kubernetes.io/storage-provisioner',
    )
  },
  '/PersistentVolume': (object) => drop(fields(object, 'spec'), 'claimRef'),
  '/ServiceAccount': (object) => {
    drop(object, 'secrets')
    keepOnly(object, 'imagePullSecrets', ({ name }) => !isTokenName(object, name))
  },
  '/Pod': (object) => cleanPod(fields(object, 'spec')),
  '/Namespace': (object) => {
    drop(fields(object, 'spec'), 'finalizers')
    dropKeys(fields(object, 'metadata'), 'labels', (key) => key === 'kubernetes.io/metadata.name')
  },
  // A CA bundle is the business of whoever issues certificates in each cluster.
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': dropWebhookBundles,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': dropWebhookBundles,
  'apiregistration.k8s.io/APIService': (object) => drop(fields(object, 'spec'), 'caBundle'),
  'apiextensions.k8s.io/CustomResourceDefinition': (object) =>
    drop(fields(object, 'spec', 'conversion', 'webhook', 'clientConfig'), 'caBundle'),
}

function dropWebhookBundles(object: Fields): void {
  for (const webhook of list(object['webhooks'])) drop(fields(webhook, 'clientConfig'), 'caBundle')
}

function cleanPod(spec: Fields): void {
  drop(spec, 'nodeName')
  const isToken = ({ name }: Fields) => typeof name === 'string' && name.startsWith('kube-api-access-')
  keepOnly(spec, 'volumes', (volume) => !isToken(volume))
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of list(spec[containers])) keepOnly(container, 'volumeMounts', (mount) => !isToken(mount))
  }
  keepOnly(spec, 'tolerations', (toleration) => {
    const injected = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].includes(
      String(toleration['key']),
    )
    return !(injected && toleration['tolerationSeconds'] === 300)
  })
}

function isTokenName(account: Fields, name: unknown): boolean {
  const own = fields(account, 'metadata')['name']
  return typeof name === 'string' && (name.startsWith(`${own}-token-`) || name.startsWith(`${own}-dockercfg-`))
}

/** Go clients write `creationTimestamp: null` into templates; an apply of it would be a change for ever. */
function dropNullCreationTimes(object: Fields): void {
  const spec = fields(object, 'spec')
  const jobSpec = fields(spec, 'jobTemplate', 'spec')
  const templates = [
    fields(spec, 'template'),
    fields(spec, 'jobTemplate'),
    fields(jobSpec, 'template'),
    ...list(spec['volumeClaimTemplates']),
  ]
  for (const template of templates) {
    const metadata = fields(template, 'metadata')
    if (metadata['creationTimestamp'] === null) drop(metadata, 'creationTimestamp')
  }
}

function kindOf(object: KubeObject): string {
  return `${parseApiVersion(object.apiVersion)?.group ?? ''}/${object.kind}`
}

/** The object at a path; an empty one, that belongs to nobody, where there is none. */
function fields(object: Fields, ...path: readonly string[]): Fields {
  let value: Fields = object
  for (const step of path) {
    const next = value[step]
    if (!isObject(next)) return {}
    value = next
  }
  return value
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function drop(object: Fields, ...names: readonly string[]): void {
  for (const name of names) delete object[name]
}

function dropKeys(object: Fields, field: string, unwanted: (key: string) => boolean): void {
  const map = object[field]
  if (!isObject(map)) return
  for (const key of Object.keys(map)) if (unwanted(key)) delete map[key]
  if (Object.keys(map).length === 0) delete object[field]
}

function keepOnly(object: Fields, field: string, wanted: (item: Fields) => boolean): void {
  const items = object[field]
  if (!Array.isArray(items)) return
  const kept = items.filter((item) => !isObject(item) || wanted(item))
  if (kept.length === 0) delete object[field]
  else object[field] = kept
}
