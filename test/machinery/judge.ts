import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { isObject } from '../../src/machinery/object.ts'

/** Where a real kube-apiserver is at hand, this variable names its kubeconfig; tests against it skip otherwise. */
export const judgeKubeconfig: string | undefined = process.env['CONTROL_PLANE_KUBECONFIG']

/** Why such tests are skipped, for their titles. */
export const judgeTitle = 'like a real kube-apiserver (set CONTROL_PLANE_KUBECONFIG to run this)'

export interface Verdict {
  readonly code: number
  /** The object or Status. */
  readonly body: Record<string, unknown>
}

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** A real kube-apiserver, with a namespace of its own for one test file. */
export class Judge {
  readonly namespace = `judge-${randomBytes(4).toString('hex')}`
  readonly #url: string
  readonly #agent: Agent

  constructor(kubeconfig: string) {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const cluster = config.getCurrentCluster()
    const user = config.getCurrentUser()
    const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64')
    this.#url = cluster?.server ?? ''
    this.#agent = new Agent({
      keepAlive: true,
      ca: decode(cluster?.caData),
      cert: decode(user?.certData),
      key: decode(user?.keyData),
    })
  }

  async open(): Promise<void> {
    await this.ask('POST', '/api/v1/namespaces', { metadata: { name: this.namespace } })
  }

  async close(): Promise<void> {
    await this.ask('DELETE', `/api/v1/namespaces/${this.namespace}`)
    this.#agent.destroy()
  }

  /** The path of a collection in the namespace; `root` is `/api/v1` or `/apis/GROUP/VERSION`. */
  path(root: string, resource: string): string {
    return `${root}/namespaces/${this.namespace}/${resource}`
  }

  ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': type, accept: 'application/json' }
      const sent = request(new URL(path, this.#url), { agent: this.#agent, method, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const json = response.headers['content-type']?.startsWith('application/json') ?? false
          const parsed: unknown = json ? JSON.parse(text) : undefined
          resolve({ code: response.statusCode ?? 0, body: isObject(parsed) ? parsed : {} })
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}
