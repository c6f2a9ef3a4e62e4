import { asMetadata, asMetadataList, asTable, type Case, get, patch, post, put, remove } from '../case.ts'
import { samples } from './samples.ts'

const kinds: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  secrets: 'Secret',
  serviceaccounts: 'ServiceAccount',
  pods: 'Pod',
  limitranges: 'LimitRange',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  cronjobs: 'CronJob',
  networkpolicies: 'NetworkPolicy',
  ingresses: 'Ingress',
  roles: 'Role',
  rolebindings: 'RoleBinding',
  leases: 'Lease',
  poddisruptionbudgets: 'PodDisruptionBudget',
  horizontalpodautoscalers: 'HorizontalPodAutoscaler',
}

/** What holds for every kind, asked of each sample. */
export const everyKind: readonly Case[] = samples.flatMap(({ resource, collection, body, change }): readonly Case[] => {
  const item = `${collection}/${body.metadata.name}`
  const of = (name: string, requests: Case['requests']): Case => ({
    section: 'every kind',
    name: `${resource}: ${name}`,
    requests,
  })
  return [
    of('is created, read and deleted', [post(collection, body), get(item), remove(item), get(item)]),
    of('is listed, as objects and as metadata', [
      post(collection, body),
      get(`${collection}?fieldSelector=metadata.name=s`),
      get(`${collection}?fieldSelector=metadata.name=s`, asMetadataList),
      get(item, asMetadata),
    ]),
    of('is a table', [
      post(collection, body),
      get(item, asTable),
      get(`${collection}?fieldSelector=metadata.name=s`, asTable),
    ]),
    of('is merge-patched, and a second time without effect', [
      post(collection, body),
      patch('merge', item, change),
      patch('merge', item, change),
      get(item),
    ]),
    of('is labelled by strategic merge and loses the label again', [
      post(collection, body),
      patch('strategic', item, { metadata: { labels: { z: '1' } } }),
      patch('strategic', item, { metadata: { labels: { z: null } } }),
    ]),
    of('cannot be created twice', [post(collection, body), post(collection, body)]),
    of('refuses a stale update', [
      post(collection, body),
      put(item, { ...body, metadata: { ...body.metadata, resourceVersion: '1' } }),
    ]),
    of('is rehearsed', [post(`${collection}?dryRun=All`, body), get(item)]),
    of('waits for its finalizer', [
      post(collection, { ...body, metadata: { ...body.metadata, finalizers: ['example.com/hold'] } }),
      remove(item),
      remove(item),
      patch('merge', item, { metadata: { finalizers: null } }),
      get(item),
    ]),
    of('takes what its status door lets through', [
      post(collection, body),
      patch('merge', `${item}/status`, { metadata: { labels: { s: '1' }, annotations: { t: '2' } }, status: {} }),
      get(item),
    ]),
    of('is applied, twice', [
      patch('apply', `${item}?fieldManager=one`, applied(collection, body)),
      patch('apply', `${item}?fieldManager=one`, applied(collection, body)),
    ]),
  ]
})

function applied(collection: string, body: Readonly<Record<string, unknown>>): unknown {
  const parts = collection.split('/')
  const apiVersion = parts[1] === 'api' ? 'v1' : `${parts[2]}/${parts[3]}`
  return { apiVersion, kind: kinds[parts.at(-1) ?? ''], ...body }
}
