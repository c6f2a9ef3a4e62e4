import type { KubeObject } from '../../machinery/object.ts'

/** The namespace of the demo. A hub ships into namespaces, it does not make them in clusters. */
export const demoNamespace = 'examples'

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: demoNamespace } }

/** The objects that the Applications refer to on the hub. */
export const hubSources: readonly KubeObject[] = [
  namespace,
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'image-credential-to-copy', namespace: demoNamespace },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: {
      '.dockerconfigjson': JSON.stringify({
        auths: { 'registry.example.com': { username: 'demo', password: 'only-a-demo' } },
      }),
    },
  },
  deployment('nginx-ref-multiple-resources', 'nginx:1.29', {}),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'nginx-ref-multiple-resources', namespace: demoNamespace },
    spec: { selector: { app: 'nginx-ref-multiple-resources' }, ports: [{ name: 'http', port: 80, targetPort: 80 }] },
  },
]

/** What stands in each member before anything is shipped: in `hangzhou-1` also what is duplicated from there. */
export function memberSources(cluster: string): readonly KubeObject[] {
  if (cluster !== 'hangzhou-1') return [namespace]
  const labels = { 'need-duplicate': 'true' }
  return [namespace, deployment('storefront', 'nginx:1.29', labels), deployment('search', 'nginx:1.29', labels)]
}

function deployment(name: string, image: string, labels: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: demoNamespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  }
}
