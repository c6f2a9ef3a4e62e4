import {
  configMap,
  custom,
  deployment,
  ingress,
  job,
  type Kind,
  pod,
  role,
  secret,
  service,
  serviceAccount,
} from './judge-kinds.ts'

export type Verb = 'create' | 'update' | 'merge' | 'json' | 'strategic' | 'apply'

/** One write of a sequence, by the manager `as`. */
export interface Step {
  readonly verb: Verb
  readonly as: string
  /** Of an update: laid over what is stored. */
  readonly body: unknown
  readonly force?: boolean
  readonly sub?: string
}

const labelled = { metadata: { labels: { a: '1' } } }
const container = (name: string, more: object = {}) => ({ name, image: 'i', ...more })
export const workload = (...containers: readonly object[]) => ({
  spec: {
    selector: { matchLabels: { l: 'l' } },
    template: { metadata: { labels: { l: 'l' } }, spec: { containers } },
  },
})
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** Sequences of writes, each on an object of its own. Later steps meet what earlier ones left. */
export const sequences: readonly (readonly [Kind, string, readonly Step[]])[] = [
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
