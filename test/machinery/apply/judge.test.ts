import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { applyConfiguration } from '../../../src/machinery/apply/apply.ts'
import { FieldSet } from '../../../src/machinery/apply/field-set.ts'
import { manageUpdate } from '../../../src/machinery/apply/managed-fields.ts'
import { ownersAfterScale, ownersOfScale } from '../../../src/machinery/apply/scale.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { schemaOfKind, schemaOfType } from '../../../src/machinery/schema/facts.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { Judge, judgeKubeconfig, judgeTitle, patchTypes } from '../judge.ts'

interface Kind {
  readonly root: string
  readonly resource: string
  readonly apiVersion: string
  readonly kind: string
  readonly schema: () => Schema
  /** Per subresource; `''` is the object itself. */
  readonly resets?: Readonly<Record<string, FieldSet>>
  /** Takes back what admission and the strategy added to a created object: managers do not come to own that. */
  readonly asDecoded?: (object: KubeObject) => KubeObject
}

type Verb = 'create' | 'update' | 'merge' | 'json' | 'strategic' | 'apply'

interface Step {
  readonly verb: Verb
  readonly as: string
  /** Of an update: laid over what is stored. */
  readonly body: unknown
  readonly force?: boolean
  readonly sub?: string
}

const builtIn = (root: string, resource: string, kind: string, more: Partial<Kind> = {}): Kind => {
  const [, , group = '', version = ''] = root.startsWith('/api/') ? ['', '', '', root.slice(5)] : root.split('/')
  return {
    root,
    resource,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    schema: () => schemaOfKind(group, version, kind) ?? { type: 'object' },
    ...more,
  }
}

const status = FieldSet.ofFields(['status'])
const withoutSpec = (object: KubeObject, ...fields: string[]): KubeObject => {
  const spec = isObject(object['spec']) ? { ...object['spec'] } : {}
  for (const field of fields) delete spec[field]
  return { ...object, spec }
}

const configMap = builtIn('/api/v1', 'configmaps', 'ConfigMap')
const secret = builtIn('/api/v1', 'secrets', 'Secret')
const serviceAccount = builtIn('/api/v1', 'serviceaccounts', 'ServiceAccount')
const role = builtIn('/apis/rbac.authorization.k8s.io/v1', 'roles', 'Role')
const ingress = builtIn('/apis/networking.k8s.io/v1', 'ingresses', 'Ingress', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
})
const service = builtIn('/api/v1', 'services', 'Service', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
  asDecoded: (object) => withoutSpec(object, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'),
})
const deployment = builtIn('/apis/apps/v1', 'deployments', 'Deployment', {
  resets: { '': status, status: FieldSet.ofFields(['spec'], ['metadata', 'labels']) },
})
const job = builtIn('/apis/batch/v1', 'jobs', 'Job', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
  asDecoded: (object) => {
    const { labels: _, ...metadata } = object.metadata
    const { selector: __, template, ...spec } = isObject(object['spec']) ? object['spec'] : {}
    const inner = isObject(template) ? { ...template, metadata: {} } : {}
    return { ...object, metadata, spec: { ...spec, template: inner } }
  },
})
const pod = builtIn('/api/v1', 'pods', 'Pod', {
  resets: {
    '': status,
    status: FieldSet.ofFields(['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']),
  },
  asDecoded: (object) =>
    withoutSpec(object, 'priority', 'preemptionPolicy', 'serviceAccountName', 'serviceAccount', 'tolerations'),
})

const string: Schema = { type: 'string' }
const object = (properties: Readonly<Record<string, Schema>>, more: Partial<Schema> = {}): Schema => ({
  type: 'object',
  properties: new Map(Object.entries(properties)),
  ...more,
})
const customSpec: Schema = object({
  map: { type: 'object', values: string },
  struct: object({ a: string, b: string }),
  set: { type: 'array', listType: 'set', items: string },
  list: { type: 'array', items: string },
  any: { type: 'any', preserveUnknown: true },
  open: object({ known: string }, { preserveUnknown: true }),
  atomic: object({ a: string, b: string }, { mapType: 'atomic' }),
  keyed: {
    type: 'array',
    listType: 'map',
    listMapKeys: ['x', 'y'],
    items: object({ x: { type: 'integer' }, y: { type: 'string', default: 'd' }, z: string }),
  },
  either: { type: 'int-or-string' },
})
const custom: Kind = {
  root: '/apis/judge.example.com/v1',
  resource: 'samples',
  apiVersion: 'judge.example.com/v1',
  kind: 'Sample',
  schema: () =>
    object({
      apiVersion: string,
      kind: string,
      metadata: schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      spec: customSpec,
    }),
}

const labelled = { metadata: { labels: { a: '1' } } }
const container = (name: string, more: object = {}) => ({ name, image: 'i', ...more })
const workload = (...containers: readonly object[]) => ({
  spec: {
    selector: { matchLabels: { l: 'l' } },
    template: { metadata: { labels: { l: 'l' } }, spec: { containers } },
  },
})
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

const sequences: readonly (readonly [Kind, string, readonly Step[]])[] = [
  [
    configMap,
    'create, update, apply',
    [
      { verb: 'create', as: 'a', body: { ...labelled, data: { k: '1', l: '2' } } },
      { verb: 'update', as: 'b', body: { data: { k: '2', m: '3' } } },
      { verb: 'merge', as: 'a', body: { data: { l: null, k: '2' } } },
      { verb: 'apply', as: 'c', body: { data: { k: '2' } } },
      { verb: 'apply', as: 'c', body: { data: { k: '3' } } },
      { verb: 'apply', as: 'c', body: { data: { k: '3' } }, force: true },
      { verb: 'apply', as: 'c', body: { metadata: { labels: { a: '2' } }, data: {} }, force: true },
      { verb: 'apply', as: 'c', body: {} },
    ],
  ],
  [
    configMap,
    'clearing the list',
    [
      { verb: 'create', as: 'a', body: { data: { k: '1' } } },
      { verb: 'merge', as: 'b', body: { metadata: { managedFields: [] } } },
      { verb: 'merge', as: 'b', body: { data: { k: '2' } } },
      { verb: 'apply', as: 'c', body: { data: { k: '3' } } },
      { verb: 'apply', as: 'c', body: { data: { k: '3' } }, force: true },
      { verb: 'merge', as: 'b', body: { metadata: { managedFields: [{}] }, data: { z: '1' } } },
      { verb: 'apply', as: 'c', body: { data: { z: '1' } } },
    ],
  ],
  [
    configMap,
    'lists that clients write',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          metadata: {
            managedFields: [
              {
                manager: 'x',
                operation: 'Update',
                apiVersion: 'v1',
                fieldsType: 'FieldsV1',
                fieldsV1: { 'f:data': { 'f:k': {} }, 'f:foo': {}, 'q:z': {} },
              },
            ],
          },
          data: { k: '1' },
        },
      },
      {
        verb: 'merge',
        as: 'b',
        body: {
          metadata: {
            managedFields: [
              {
                manager: 'y',
                operation: 'Apply',
                apiVersion: 'v1',
                fieldsType: 'FieldsV1',
                fieldsV1: { 'f:data': { 'f:k': {} } },
              },
            ],
          },
        },
      },
      {
        verb: 'merge',
        as: 'b',
        body: {
          metadata: { managedFields: [{ manager: 'y', operation: 'Frob', apiVersion: 'v1' }] },
          data: { k: '2' },
        },
      },
      {
        verb: 'merge',
        as: 'b',
        body: {
          metadata: {
            managedFields: [
              {
                manager: '',
                operation: 'Update',
                apiVersion: 'v0',
                fieldsType: 'FieldsV1',
                fieldsV1: { 'f:data': { '.': {}, 'f:k': {} } },
              },
            ],
          },
        },
      },
    ],
  ],
  [
    configMap,
    'more than ten updaters',
    [
      { verb: 'create', as: 'm00', body: { data: { k: '0' } } },
      ...Array.from(
        { length: 13 },
        (_, n): Step => ({
          verb: 'merge',
          as: `m${String(n + 1).padStart(2, '0')}`,
          body: { data: { [`k${n}`]: '1' } },
        }),
      ),
    ],
  ],
  [
    configMap,
    'an empty manager, odd names, html in keys',
    [
      {
        verb: 'create',
        as: '',
        body: { data: { 'a.b-c_d': '1' }, metadata: { annotations: { 'x/y': '<&>', é: '1' } } },
      },
      {
        verb: 'create',
        as: '',
        body: { data: { 'a.b-c_d': '1' }, metadata: { annotations: { 'x/y': '<&>' }, finalizers: ['e.io/<b>'] } },
      },
      {
        verb: 'create',
        as: '',
        body: {
          data: { 'a.b-c_d': '1' },
          metadata: { annotations: { 'x/y': '<&>' }, finalizers: ['e.io/b', 'e.io/a'] },
        },
      },
      { verb: 'merge', as: 'a b"c<', body: { data: { z: '2', Z: '1' }, metadata: { finalizers: ['e.io/c'] } } },
      { verb: 'merge', as: 'x', body: { metadata: { finalizers: null } } },
    ],
  ],
  [
    configMap,
    'refusals',
    [
      { verb: 'create', as: 'a', body: { data: { k: '1' } } },
      { verb: 'apply', as: 'b', body: { data: 'x' } },
      { verb: 'apply', as: 'b', body: { data: { k: 1 } } },
      {
        verb: 'apply',
        as: 'b',
        body: {
          data: { k: [1, { a: 'b' }], y: { c: 'd' } },
          immutable: 'no',
          metadata: { finalizers: ['a/b', 'a/b'] },
        },
      },
      { verb: 'apply', as: 'b', body: { metadata: { finalizers: [null] } } },
      { verb: 'apply', as: 'b', body: { metadata: { finalizers: [1.5, true, 'z/z'], generation: 'x' }, immutable: 5 } },
      { verb: 'apply', as: 'b', body: { metadata: { ownerReferences: [{ apiVersion: 'v1' }, { name: 'x' }] } } },
      { verb: 'apply', as: 'b', body: { metadata: { managedFields: [] } } },
      { verb: 'apply', as: 'b', body: { foo: 1 } },
    ],
  ],
  [
    configMap,
    'what kubectl applied from the client',
    [
      {
        verb: 'create',
        as: 'kubectl-client-side-apply',
        body: {
          metadata: {
            annotations: {
              [lastApplied]:
                '{"apiVersion":"v1","data":{"k":"1"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"NAME","namespace":"NS"}}\n',
            },
          },
          data: { k: '1' },
        },
      },
      { verb: 'apply', as: 'kubectl', body: { data: { k: '2' } } },
      { verb: 'merge', as: 'other', body: { data: { k: '3', j: '1' } } },
      { verb: 'apply', as: 'kubectl', body: { data: { k: '4', j: '2' } } },
      {
        verb: 'apply',
        as: 'kubectl',
        body: { data: { k: '4', j: '2' }, metadata: { labels: { x: '<' } } },
        force: true,
      },
    ],
  ],
  [
    secret,
    'data and stringData',
    [
      { verb: 'create', as: 'a', body: { data: { k: 'eA==' }, type: 'Opaque' } },
      { verb: 'apply', as: 'b', body: { data: { k: 'eQ==', l: 'eA==' } } },
      { verb: 'apply', as: 'b', body: { data: { k: 'eQ==' } }, force: true },
      {
        verb: 'json',
        as: 'c',
        body: [
          { op: 'add', path: '/data/m', value: 'eA==' },
          { op: 'remove', path: '/data/k' },
        ],
      },
    ],
  ],
  [
    serviceAccount,
    'lists without and with keys',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          imagePullSecrets: [{ name: 'x' }],
          secrets: [{ name: 's' }, { name: 't' }],
          automountServiceAccountToken: false,
        },
      },
      { verb: 'apply', as: 'b', body: { imagePullSecrets: [{ name: 'y' }], secrets: [{ name: 's' }, { name: 'u' }] } },
      { verb: 'apply', as: 'b', body: { secrets: [{ name: 'u' }] } },
      { verb: 'strategic', as: 'c', body: { secrets: [{ name: 't', $patch: 'delete' }] } },
    ],
  ],
  [
    role,
    'atomic rules',
    [
      { verb: 'create', as: 'a', body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] } },
      { verb: 'apply', as: 'b', body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] } },
      { verb: 'apply', as: 'b', body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] } },
      { verb: 'update', as: 'c', body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['watch'] }] } },
    ],
  ],
  [
    ingress,
    'defaults and status',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          spec: {
            rules: [
              {
                host: 'h',
                http: {
                  paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
                },
              },
            ],
          },
          status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } },
        },
      },
      {
        verb: 'merge',
        as: 'c',
        sub: 'status',
        body: { status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } }, metadata: { labels: { s: '1' } } },
      },
      {
        verb: 'apply',
        as: 'd',
        sub: 'status',
        body: { status: { loadBalancer: { ingress: [{ ip: '2.2.2.2' }] } }, spec: { ingressClassName: 'x' } },
      },
      {
        verb: 'apply',
        as: 'd',
        sub: 'status',
        body: { status: { loadBalancer: { ingress: [{ ip: '2.2.2.2' }] } } },
        force: true,
      },
      { verb: 'apply', as: 'd', body: { spec: { tls: [{ hosts: ['h'] }] }, status: { loadBalancer: {} } } },
    ],
  ],
  [
    service,
    'ports with a defaulted key',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          spec: {
            selector: { a: 'b' },
            ports: [
              { name: 'h', port: 80 },
              { name: 's', port: 443, targetPort: 'https' },
            ],
          },
        },
      },
      {
        verb: 'apply',
        as: 'b',
        body: {
          spec: {
            ports: [
              { name: 'u', port: 53, protocol: 'UDP' },
              { name: 'h', port: 80, targetPort: 8080 },
            ],
          },
        },
      },
      {
        verb: 'apply',
        as: 'b',
        body: {
          spec: {
            ports: [
              { name: 'u', port: 53, protocol: 'UDP' },
              { name: 'h', port: 80, targetPort: 8080 },
            ],
          },
        },
        force: true,
      },
      { verb: 'apply', as: 'b', body: { spec: { ports: [{ name: 'u', port: 53, protocol: 'UDP' }] } } },
      {
        verb: 'apply',
        as: 'b',
        body: {
          spec: {
            ports: [
              { name: 'u', port: 53, protocol: 'UDP' },
              { name: 'v', port: 53, protocol: 'UDP' },
            ],
          },
        },
      },
      { verb: 'strategic', as: 'c', body: { spec: { ports: [{ port: 443, targetPort: 444 }] } } },
      { verb: 'merge', as: 'd', sub: 'status', body: { status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } } } },
    ],
  ],
  [
    deployment,
    'create and update',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          ...workload(container('c', { ports: [{ containerPort: 80 }], env: [{ name: 'E<', value: '1' }] })),
          status: { replicas: 3 },
        },
      },
      {
        verb: 'strategic',
        as: 'b',
        body: { spec: { replicas: 2, template: { spec: { containers: [{ name: 'd', image: 'x' }] } } } },
      },
      {
        verb: 'merge',
        as: 'c',
        sub: 'status',
        body: {
          status: { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
          metadata: { labels: { q: '1' }, annotations: { w: '1' } },
        },
      },
      {
        verb: 'apply',
        as: 'e',
        body: workload(container('c', { ports: [{ containerPort: 81 }], resources: { limits: { cpu: '1' } } })),
      },
      { verb: 'apply', as: 'e', body: workload(container('c')) },
      { verb: 'apply', as: 'e', body: { spec: { replicas: 5 } }, force: true },
      {
        verb: 'apply',
        as: 'f',
        sub: 'status',
        body: {
          status: {
            replicas: 7,
            conditions: [
              { type: 'Available', status: 'False' },
              { type: 'P', status: 'True' },
            ],
          },
        },
      },
      {
        verb: 'apply',
        as: 'f',
        sub: 'status',
        body: {
          status: { replicas: 7, conditions: [{ type: 'P', status: 'True' }] },
          metadata: { labels: { q: '2' }, annotations: { v: '1' } },
        },
        force: true,
      },
    ],
  ],
  [
    deployment,
    'two appliers of one template',
    [
      {
        verb: 'apply',
        as: 'a',
        body: { ...workload(container('c', { args: ['x'] })), metadata: { labels: { x: '1' } } },
      },
      { verb: 'apply', as: 'b', body: workload(container('d'), container('c', { env: [{ name: 'A', value: '1' }] })) },
      { verb: 'apply', as: 'a', body: workload(container('c', { args: ['y'] }), container('e')) },
      { verb: 'apply', as: 'b', body: workload(container('c', { args: ['z'], env: [{ name: 'B', value: '1' }] })) },
      {
        verb: 'apply',
        as: 'b',
        body: workload(container('c', { args: ['z'], env: [{ name: 'B', value: '1' }] })),
        force: true,
      },
      { verb: 'apply', as: 'a', body: { ...workload(container('c'), container('c')) } },
      {
        verb: 'apply',
        as: 'a',
        body: { spec: { template: { spec: { containers: [{ image: 'x' }, { image: 'y' }] } } } },
      },
    ],
  ],
  [
    deployment,
    'scaling',
    [
      {
        verb: 'apply',
        as: 'a',
        body: { ...workload(container('c')), spec: { ...workload(container('c')).spec, replicas: 1 } },
      },
      { verb: 'merge', as: 's', sub: 'scale', body: { spec: { replicas: 2 } } },
      { verb: 'merge', as: 's', sub: 'scale', body: { spec: { replicas: 2 } } },
      { verb: 'apply', as: 't', sub: 'scale', body: { spec: { replicas: 3 } } },
      { verb: 'apply', as: 't', sub: 'scale', body: { spec: { replicas: 3 } }, force: true },
      { verb: 'apply', as: 'u', sub: 'scale', body: { spec: { replicas: 3 } } },
      {
        verb: 'apply',
        as: 'a',
        body: { ...workload(container('c')), spec: { ...workload(container('c')).spec, replicas: 4 } },
      },
      { verb: 'merge', as: 'a', body: { spec: { replicas: 5 } } },
      { verb: 'merge', as: 's', sub: 'scale', body: { spec: { replicas: 6 } } },
    ],
  ],
  [
    job,
    'create and status',
    [
      {
        verb: 'create',
        as: 'a',
        body: { spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container('c')] } } } },
      },
      { verb: 'apply', as: 'b', body: { spec: { suspend: false, parallelism: 2 } } },
      { verb: 'apply', as: 'b', body: { spec: { suspend: false } }, force: true },
    ],
  ],
  [
    pod,
    'create and status',
    [
      {
        verb: 'create',
        as: 'a',
        body: {
          spec: {
            automountServiceAccountToken: false,
            containers: [
              container('c', { ports: [{ containerPort: 80 }], volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
            ],
            volumes: [{ name: 'v', emptyDir: {} }],
          },
        },
      },
      {
        verb: 'strategic',
        as: 'k',
        sub: 'status',
        body: {
          status: {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True' }],
            podIPs: [{ ip: '10.0.0.1' }],
            podIP: '10.0.0.1',
          },
        },
      },
      {
        verb: 'apply',
        as: 'b',
        body: { spec: { containers: [{ name: 'c', image: 'j' }] }, metadata: { labels: { a: 'b' } } },
      },
      { verb: 'apply', as: 'b', body: { spec: { containers: [{ name: 'c', image: 'j' }] } }, force: true },
    ],
  ],
  [
    custom,
    'every type of list and map',
    [
      {
        verb: 'apply',
        as: 'a',
        body: {
          spec: {
            map: { a: '1' },
            struct: { a: '1' },
            set: ['a<b', 'c'],
            list: ['1'],
            any: { q: [1], r: { s: {} } },
            open: { known: '1', z: { y: [1] } },
            atomic: { a: '1' },
            keyed: [
              { x: 1, z: '<' },
              { x: 10, y: 'e' },
              { x: 9, y: '<' },
            ],
            either: 5,
          },
        },
      },
      {
        verb: 'apply',
        as: 'b',
        body: {
          spec: { map: { b: '1' }, set: ['c', 'd'], atomic: { b: '2' }, keyed: [{ x: 10, y: 'e', z: '1' }, { x: 2 }] },
        },
      },
      {
        verb: 'apply',
        as: 'b',
        body: {
          spec: { map: { b: '1' }, set: ['c', 'd'], atomic: { b: '2' }, keyed: [{ x: 10, y: 'e', z: '1' }, { x: 2 }] },
        },
        force: true,
      },
      {
        verb: 'merge',
        as: 'c',
        body: {
          spec: {
            any: { q: { t: 1 } },
            open: { z: { y: null, x: 1 } },
            set: ['e', 'c'],
            keyed: [{ x: 1 }],
            either: 'five',
          },
        },
      },
      { verb: 'merge', as: 'c', body: { spec: { any: 'text', struct: { b: '2' } } } },
      { verb: 'merge', as: 'd', body: { spec: { any: { a: { b: 1 } } } } },
      { verb: 'apply', as: 'a', body: { spec: { any: { a: { b: 2, c: 3 } } } } },
      { verb: 'apply', as: 'a', body: { spec: { any: { a: { b: 2, c: 3 } } } }, force: true },
      { verb: 'apply', as: 'a', body: { spec: { foo: 1 } } },
      { verb: 'apply', as: 'a', body: { spec: { keyed: [{ z: 'q' }, {}] } } },
      { verb: 'apply', as: 'a', body: {} },
      { verb: 'apply', as: 'b', body: {} },
    ],
  ],
]

const managers = fc.constantFrom('m1', 'm2', 'm3')
const text = fc.constantFrom('1', '2', '3')
const texts = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), text, { maxKeys: 3 })

const randomConfigMap = fc.record(
  {
    data: texts,
    metadata: fc.record(
      { labels: texts, finalizers: fc.uniqueArray(fc.constantFrom('e.io/a', 'e.io/b', 'e.io/c'), { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

const randomCustom = fc.record({
  spec: fc.record(
    {
      map: texts,
      struct: fc.record({ a: text, b: text }, { requiredKeys: ['a'] }),
      set: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      list: fc.array(text, { maxLength: 2 }),
      any: fc.oneof(texts, fc.record({ a: texts, b: fc.array(text, { maxLength: 2 }) }, { requiredKeys: [] })),
      atomic: fc.record({ a: text, b: text }, { requiredKeys: [] }),
      keyed: fc.uniqueArray(
        fc.record(
          { x: fc.integer({ min: 1, max: 3 }), y: fc.constantFrom('d', 'e'), z: text },
          { requiredKeys: ['x', 'y'] },
        ),
        { minLength: 1, maxLength: 3, selector: ({ x, y }) => `${x}${y}` },
      ),
    },
    { requiredKeys: [] },
  ),
})

const randomContainer = fc.record(
  {
    image: fc.constantFrom('i', 'j'),
    args: fc.array(text, { maxLength: 2 }),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: text }), {
      maxLength: 2,
      selector: ({ name }) => name,
    }),
    ports: fc.uniqueArray(
      fc.record(
        { containerPort: fc.constantFrom(80, 81), protocol: fc.constantFrom('TCP', 'UDP') },
        { requiredKeys: ['containerPort'] },
      ),
      { maxLength: 2, selector: ({ containerPort, protocol = 'TCP' }) => `${containerPort}${protocol}` },
    ),
    resources: fc.record(
      { limits: fc.record({ cpu: text, memory: text }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['image'] },
)

const randomDeployment = fc
  .record({
    containers: fc.tuple(
      randomContainer,
      fc.option(randomContainer, { nil: undefined }),
      fc.option(randomContainer, { nil: undefined }),
      fc.boolean(),
    ),
    replicas: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    labels: texts,
    strategy: fc.constantFrom(undefined, { type: 'Recreate' }, { rollingUpdate: { maxSurge: 2 } }),
  })
  .map(({ containers: [a, b, c, turned], replicas, labels, strategy }) => {
    const list = [{ name: 'a', ...a }, ...(b ? [{ name: 'b', ...b }] : []), ...(c ? [{ name: 'c', ...c }] : [])]
    const { spec } = workload(...(turned ? list.reverse() : list))
    return {
      metadata: { labels },
      spec: {
        ...spec,
        ...(replicas === undefined ? {} : { replicas }),
        ...(strategy === undefined ? {} : { strategy }),
      },
    }
  })

const randomSteps = (body: fc.Arbitrary<object>, verbs: readonly Verb[]) =>
  fc.array(fc.record({ verb: fc.constantFrom(...verbs), as: managers, body, force: fc.boolean() }), {
    minLength: 4,
    maxLength: 8,
  })

/** A value without nulls and without the maps that hold nothing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (!isObject(value)) return value
  const kept = Object.entries(value).map(([field, inner]) => [field, withoutEmpty(inner)] as const)
  return Object.fromEntries(
    kept.filter(([, inner]) => inner !== null && (!isObject(inner) || Object.keys(inner).length > 0)),
  )
}

describe.skipIf(judgeKubeconfig === undefined)(judgeTitle, () => {
  const judge = new Judge(judgeKubeconfig ?? '')
  let names = 0

  beforeAll(async () => {
    await judge.open()
    await judge.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
    await vi.waitFor(
      async () => expect((await judge.ask('GET', judge.path(custom.root, custom.resource))).code).toBe(200),
      { timeout: 20_000, interval: 200 },
    )
  })
  afterAll(async () => {
    await judge.ask('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`)
    await judge.close()
  })

  /** Carries a sequence out on both, step by step from the state of the real server, and compares owners and refusals after each. */
  async function follow(kind: Kind, steps: readonly Step[]): Promise<void> {
    const name = `n${names++}`
    const collection = judge.path(kind.root, kind.resource)
    for (const [index, step] of steps.entries()) {
      const before = await judge.ask('GET', `${collection}/${name}`)
      const live = before.code === 200 ? asObject(before.body) : undefined
      if (live === undefined && step.verb !== 'create' && step.verb !== 'apply') continue
      if (live !== undefined && step.verb === 'create') continue
      const what = `${kind.kind} step ${index}: ${JSON.stringify(step)}`
      await compareStep(kind, step, name, live, what)
    }
    const finalizers = [{ op: 'remove', path: '/metadata/finalizers' }]
    await judge.ask('PATCH', `${collection}/${name}`, finalizers, patchTypes.json)
    await judge.ask('DELETE', `${collection}/${name}`)
  }

  async function compareStep(
    kind: Kind,
    step: Step,
    name: string,
    live: KubeObject | undefined,
    what: string,
  ): Promise<void> {
    const { sub = '', as: manager } = step
    const scale = sub === 'scale'
    const schema = scale ? (schemaOfKind('autoscaling', 'v1', 'Scale') ?? { type: 'object' }) : kind.schema()
    const path = `${judge.path(kind.root, kind.resource)}/${name}${sub === '' ? '' : `/${sub}`}`
    const parent = live?.metadata.managedFields
    const replicasIn = (version: string) => (version === kind.apiVersion ? ['spec', 'replicas'] : undefined)
    const seen =
      scale && live ? withList(asObject((await judge.ask('GET', path)).body), ownersOfScale(parent, replicasIn)) : live
    const body = complete(step, kind, name, seen, judge.namespace)
    const query = `?fieldManager=${encodeURIComponent(manager)}${step.verb === 'apply' ? `&force=${step.force === true}` : ''}`
    const resetFields = kind.resets?.[sub]
    const inVersion = (object: KubeObject, apiVersion: string) =>
      apiVersion === object.apiVersion ? { object, schema } : undefined
    const common = {
      schema,
      manager,
      inVersion,
      subresource: sub,
      now: Date.now(),
      ...(resetFields ? { resetFields } : {}),
    }

    const [method, type] = methods[step.verb]
    const target = step.verb === 'create' ? judge.path(kind.root, kind.resource) : path
    const verdict = await judge.ask(method, target + (manager === '' ? '?' : query), body, type)
    const mine = outcome(() => {
      if (step.verb === 'apply') {
        return applyConfiguration({
          ...common,
          ...(kind === custom ? { defaults: defaultKeys } : {}),
          live: seen,
          config: asObject(body),
          force: step.force === true,
        })
      }
      if (verdict.code >= 300) return undefined
      const stored = asObject(verdict.body)
      const next = live === undefined && kind.asDecoded ? kind.asDecoded(stored) : stored
      return manageUpdate({
        ...common,
        live: seen,
        next: withList(next, given(step, body)),
      })
    })
    if (verdict.code === 422 || (verdict.code >= 300 && step.verb !== 'apply')) return // refused by validation, after us
    if (verdict.code >= 300) {
      expect(mine, what).toBeInstanceOf(StatusError)
      expect(sorted((mine as StatusError).toStatus()), what).toEqual(sorted(verdict.body))
      return
    }
    if (mine instanceof Error) throw new Error(`${what} was refused: ${mine.message}`, { cause: mine })
    const after = asObject((await judge.ask('GET', path.replace(/\/(status|scale)$/, ''))).body)
    const list = mine?.metadata.managedFields
    const owners = scale ? ownersAfterScale(parent, list, kind.apiVersion, replicasIn) : list
    expect(timeless(owners), what).toEqual(timeless(after.metadata.managedFields))
    // The order of fields inside a set is part of the answer, and toEqual does not see it. Custom resources are stored as plain maps,
    // whose fields the real server sorts by their text when it encodes them.
    if (kind !== custom) {
      expect(JSON.stringify(byName(owners)), what).toBe(JSON.stringify(byName(after.metadata.managedFields)))
    }
    if (step.verb === 'apply' && (kind === configMap || kind === custom)) {
      // A map that an apply empties although it names it stays empty here; kube-apiserver leaves null there, or drops it.
      expect(withoutEmpty(content(mine)), what).toEqual(withoutEmpty(content(after)))
    }
  }

  test.each(sequences.map(([kind, title, steps]) => ({ kind, title, steps })))(
    '$kind.kind: $title',
    ({ kind, steps }) => follow(kind, steps),
    60_000,
  )

  const runs = { numRuns: 15 }
  test('random writes of ConfigMaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps(randomConfigMap, ['create', 'update', 'merge', 'apply', 'apply', 'apply']),
        (steps) => follow(configMap, steps),
      ),
      runs,
    )
  }, 120_000)
  test('random writes of custom resources', async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps(randomCustom, ['create', 'update', 'merge', 'apply', 'apply', 'apply']), (steps) =>
        follow(custom, steps),
      ),
      { numRuns: 25 },
    )
  }, 120_000)
  test('random writes of Deployments', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps(randomDeployment, ['create', 'update', 'merge', 'strategic', 'apply', 'apply', 'apply']),
        (steps) => follow(deployment, steps),
      ),
      { numRuns: 25 },
    )
  }, 120_000)
})

/** What the definition of the custom kind defaults. */
function defaultKeys(draft: Record<string, unknown>): void {
  const keyed = fieldAt(draft, 'spec', 'keyed')
  for (const element of Array.isArray(keyed) ? keyed : []) if (isObject(element)) element['y'] ??= 'd'
}

const methods: Readonly<Record<Verb, readonly [method: string, type: string]>> = {
  create: ['POST', 'application/json'],
  update: ['PUT', 'application/json'],
  merge: ['PATCH', patchTypes.merge],
  json: ['PATCH', patchTypes.json],
  strategic: ['PATCH', patchTypes.strategic],
  apply: ['PATCH', patchTypes.apply],
}

/** The body to send: updates are whole objects, applies and creates name their kind. */
function complete(step: Step, kind: Kind, name: string, live: KubeObject | undefined, namespace: string): unknown {
  const text = JSON.stringify(step.body).replaceAll('NAME', name).replaceAll('NS', namespace)
  const body: unknown = JSON.parse(text)
  if (step.verb === 'merge' || step.verb === 'json' || step.verb === 'strategic' || !isObject(body)) return body
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (step.verb === 'update' && live !== undefined) {
    const { managedFields: _, ...kept } = live.metadata
    return { ...live, ...body, metadata: { ...kept, ...metadata } }
  }
  const { apiVersion, kind: named } = step.sub === 'scale' ? { apiVersion: 'autoscaling/v1', kind: 'Scale' } : kind
  return { apiVersion, kind: named, ...body, metadata: { ...metadata, name } }
}

/** The list of owners that the client itself wrote; undefined when it wrote none. */
function given(step: Step, body: unknown): KubeObject['metadata']['managedFields'] {
  const metadata = isObject(body) && step.verb !== 'json' ? body['metadata'] : undefined
  return isObject(metadata) ? (metadata['managedFields'] as KubeObject['metadata']['managedFields']) : undefined
}

function withList(object: KubeObject, managedFields: KubeObject['metadata']['managedFields']): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

function asObject(value: unknown): KubeObject {
  return value as KubeObject
}

function outcome(act: () => KubeObject | undefined): KubeObject | StatusError | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

function timeless(entries: KubeObject['metadata']['managedFields'] = []): unknown {
  return byName(entries)
}

/** Without times, and in an order that does not depend on them. */
function byName(entries: KubeObject['metadata']['managedFields'] = []): readonly unknown[] {
  const plain = entries.map(({ manager, operation, apiVersion, subresource, fieldsV1 }) => ({
    manager,
    operation,
    apiVersion,
    subresource,
    fieldsV1,
  }))
  const key = (entry: (typeof plain)[number]) =>
    JSON.stringify([entry.operation, entry.manager, entry.apiVersion, entry.subresource])
  return plain.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** A Status with the lines of its message and its causes in a fixed order: Go walks fields and managers in random order. */
function sorted(answer: object): unknown {
  const status = { ...answer, message: String(Reflect.get(answer, 'message')).split('\n').sort() }
  const details: unknown = Reflect.get(answer, 'details')
  const causes: unknown = isObject(details) ? details['causes'] : undefined
  if (!Array.isArray(causes)) return status
  return { ...status, details: { causes: causes.map((cause) => JSON.stringify(cause)).sort() } }
}

function content(object: KubeObject | undefined): unknown {
  const { labels = {}, annotations = {}, finalizers = [] } = object?.metadata ?? {}
  return { labels, annotations, finalizers, spec: object?.['spec'] ?? {}, data: object?.['data'] ?? {} }
}

const definition = {
  metadata: { name: 'samples.judge.example.com' },
  spec: {
    group: 'judge.example.com',
    names: { plural: 'samples', singular: 'sample', kind: 'Sample' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  map: { type: 'object', additionalProperties: { type: 'string' } },
                  struct: {
                    type: 'object',
                    nullable: true,
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                  },
                  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                  list: { type: 'array', items: { type: 'string' } },
                  any: { 'x-kubernetes-preserve-unknown-fields': true },
                  open: {
                    type: 'object',
                    'x-kubernetes-preserve-unknown-fields': true,
                    properties: { known: { type: 'string' } },
                  },
                  atomic: {
                    type: 'object',
                    'x-kubernetes-map-type': 'atomic',
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                  },
                  keyed: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['x', 'y'],
                    items: {
                      type: 'object',
                      required: ['x'],
                      properties: {
                        x: { type: 'integer' },
                        y: { type: 'string', default: 'd' },
                        z: { type: 'string' },
                      },
                    },
                  },
                  either: { 'x-kubernetes-int-or-string': true },
                },
              },
            },
          },
        },
      },
    ],
  },
}
