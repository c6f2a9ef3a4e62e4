import { expect, test } from 'vitest'
import { isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { context, created, definitionFor, pairs } from './builtin.ts'

/** What admission gives, by field, with why: the strategy of a kind cannot know it. */
const admissionOfPods = [
  'spec.tolerations', // DefaultTolerationSeconds
  'spec.priority', // Priority
  'spec.preemptionPolicy', // Priority
]
const addresses = ['spec.clusterIP', 'spec.clusterIPs'] // allocation of cluster addresses
const given: Readonly<Record<string, readonly string[]>> = {
  'core_v1_Pod--limit-range': ['metadata.annotations', 'spec.containers.0.resources', 'status.qosClass'], // LimitRanger
  'core_v1_Pod--runtime-class': ['spec.nodeSelector', 'spec.overhead'], // RuntimeClass
  'core_v1_Pod--service-account-admission': [
    'spec.volumes',
    'spec.containers.0.volumeMounts',
    'spec.serviceAccountName',
    'spec.serviceAccount',
  ], // ServiceAccount
  core_v1_Node: ['spec'], // TaintNodesByCondition
  'core_v1_PersistentVolumeClaim--default-class': ['spec.storageClassName'], // DefaultStorageClass
  'networking.k8s.io_v1_Ingress--default-class': ['spec.ingressClassName'], // DefaultIngressClass
}
/** StorageObjectInUseProtection gives a finalizer. */
const protectedKinds = new Set(['PersistentVolume', 'PersistentVolumeClaim', 'VolumeAttributesClass'])

function fieldsGiven(name: string, object: KubeObject): readonly string[] {
  if (object.kind === 'Pod') return [...admissionOfPods, ...(given[name] ?? [])]
  if (object.kind === 'Service') return [...addresses, 'spec.healthCheckNodePort', 'spec.ports.0.nodePort']
  if (protectedKinds.has(object.kind)) return ['metadata.finalizers', ...(given[name] ?? [])]
  return given[name] ?? []
}

function without(object: unknown, path: string): unknown {
  const [field = '', ...rest] = path.split('.')
  if (Array.isArray(object)) {
    return object.map((one, index) => (String(index) === field ? without(one, rest.join('.')) : one))
  }
  if (!isObject(object)) return object
  const { [field]: value, ...others } = object
  return rest.length === 0 || value === undefined ? others : { ...others, [field]: without(value, rest.join('.')) }
}

const timeless = (object: KubeObject): unknown =>
  JSON.parse(
    JSON.stringify({ ...object, metadata: { ...object.metadata, uid: undefined } }).replaceAll(
      '2030-01-02T03:04:05Z',
      'TIME',
    ),
  )

test.each(pairs)('$name is stored as kube-apiserver stores it', ({ name, path, request, stored }) => {
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1]
  let ours = timeless(created(request, namespace))
  let theirs: unknown = stored
  for (const field of fieldsGiven(name, { apiVersion: '', metadata: {}, ...stored, kind: String(stored['kind']) })) {
    ours = without(ours, field)
    theirs = without(theirs, field)
  }
  expect(ours).toEqual(theirs)
})

test.each(pairs.filter(({ warnings }) => warnings))('$name is created with the warnings of kube-apiserver', (pair) => {
  const object = created(pair.request, 'facts')
  const { strategy } = definitionFor(object.apiVersion, object.kind)
  expect(strategy.warnings?.(object, undefined)).toEqual(pair.warnings)
})

test.each(pairs)('$name is valid', ({ request, path }) => {
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1]
  const object = created(request, namespace)
  const { strategy } = definitionFor(object.apiVersion, object.kind)
  expect(strategy.validate?.(object, context)).toEqual([])
})

test.each(pairs)('the defaults of $name add nothing the second time', ({ request }) => {
  const { strategy } = definitionFor(request['apiVersion'], request['kind'])
  const once = created(request, 'facts')
  const twice = { ...structuredClone(once) }
  strategy.defaults?.(twice)
  expect(twice).toEqual(once)
})
