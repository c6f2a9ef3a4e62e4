/** A small valid object of each of the kinds that people use daily, for cases that hold for every kind. */
export interface Sample {
  readonly resource: string
  readonly collection: string
  readonly body: Readonly<Record<string, unknown>> & {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  }
  /** A merge patch that changes something besides metadata. */
  readonly change: unknown
  readonly changed: string
}

const podTemplate = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1.25', ports: [{ containerPort: 80 }] }] },
}

const core = '/api/v1/namespaces/NS'
const apps = '/apis/apps/v1/namespaces/NS'

export const samples: readonly Sample[] = [
  {
    resource: 'configmaps',
    collection: `${core}/configmaps`,
    body: { metadata: { name: 's', labels: { a: 'b' } }, data: { k: 'v' } },
    change: { data: { k: 'w', l: 'm' } },
    changed: 'data',
  },
  {
    resource: 'secrets',
    collection: `${core}/secrets`,
    body: { metadata: { name: 's' }, stringData: { user: 'me' } },
    change: { data: { more: 'YQ==' } },
    changed: 'data',
  },
  {
    resource: 'serviceaccounts',
    collection: `${core}/serviceaccounts`,
    body: { metadata: { name: 's' } },
    change: { automountServiceAccountToken: false },
    changed: 'automountServiceAccountToken',
  },
  {
    resource: 'pods',
    collection: `${core}/pods`,
    body: { metadata: { name: 's' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    change: { spec: { activeDeadlineSeconds: 60 } },
    changed: 'spec',
  },
  {
    resource: 'limitranges',
    collection: `${core}/limitranges`,
    body: { metadata: { name: 's' }, spec: { limits: [{ type: 'Container', max: { cpu: '1000m' } }] } },
    change: { spec: { limits: [{ type: 'Container', max: { cpu: '2' } }] } },
    changed: 'spec',
  },
  {
    resource: 'persistentvolumeclaims',
    collection: `${core}/persistentvolumeclaims`,
    body: {
      metadata: { name: 's' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
    },
    change: { metadata: { annotations: { x: 'y' } } },
    changed: 'metadata',
  },
  {
    resource: 'deployments',
    collection: `${apps}/deployments`,
    body: { metadata: { name: 's' }, spec: { selector: { matchLabels: { app: 'a' } }, template: podTemplate } },
    change: { spec: { replicas: 3 } },
    changed: 'spec',
  },
  {
    resource: 'replicasets',
    collection: `${apps}/replicasets`,
    body: { metadata: { name: 's' }, spec: { selector: { matchLabels: { app: 'a' } }, template: podTemplate } },
    change: { spec: { replicas: 2 } },
    changed: 'spec',
  },
  {
    resource: 'statefulsets',
    collection: `${apps}/statefulsets`,
    body: {
      metadata: { name: 's' },
      spec: { serviceName: 'x', selector: { matchLabels: { app: 'a' } }, template: podTemplate },
    },
    change: { spec: { replicas: 2 } },
    changed: 'spec',
  },
  {
    resource: 'daemonsets',
    collection: `${apps}/daemonsets`,
    body: { metadata: { name: 's' }, spec: { selector: { matchLabels: { app: 'a' } }, template: podTemplate } },
    change: { spec: { minReadySeconds: 5 } },
    changed: 'spec',
  },
  {
    resource: 'cronjobs',
    collection: '/apis/batch/v1/namespaces/NS/cronjobs',
    body: {
      metadata: { name: 's' },
      spec: {
        schedule: '0 * * * *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } },
        },
      },
    },
    change: { spec: { suspend: true } },
    changed: 'spec',
  },
  {
    resource: 'networkpolicies',
    collection: '/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies',
    body: { metadata: { name: 's' }, spec: { podSelector: { matchLabels: { app: 'a' } }, ingress: [{}] } },
    change: { spec: { egress: [{}] } },
    changed: 'spec',
  },
  {
    resource: 'ingresses',
    collection: '/apis/networking.k8s.io/v1/namespaces/NS/ingresses',
    body: {
      metadata: { name: 's' },
      spec: {
        rules: [
          {
            host: 'a.example',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    change: { spec: { ingressClassName: 'nginx' } },
    changed: 'spec',
  },
  {
    resource: 'roles',
    collection: '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles',
    body: { metadata: { name: 's' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    change: { rules: [] },
    changed: 'rules',
  },
  {
    resource: 'rolebindings',
    collection: '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings',
    body: {
      metadata: { name: 's' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 's' },
      subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'y' }],
    },
    change: { subjects: [{ kind: 'User', name: 'u' }] },
    changed: 'subjects',
  },
  {
    resource: 'leases',
    collection: '/apis/coordination.k8s.io/v1/namespaces/NS/leases',
    body: { metadata: { name: 's' }, spec: { holderIdentity: 'h', leaseDurationSeconds: 15 } },
    change: { spec: { holderIdentity: 'i' } },
    changed: 'spec',
  },
  {
    resource: 'poddisruptionbudgets',
    collection: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets',
    body: { metadata: { name: 's' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } },
    change: { spec: { minAvailable: '50%' } },
    changed: 'spec',
  },
  {
    resource: 'horizontalpodautoscalers',
    collection: '/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers',
    body: {
      metadata: { name: 's' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
    },
    change: { spec: { maxReplicas: 5 } },
    changed: 'spec',
  },
]
