import { readFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'

/** A real kube-apiserver to compare with, where one is at hand. */
export const judgeKubeconfig: string | undefined = process.env['CONTROL_PLANE_KUBECONFIG']
export const judgeTitle = 'like a real kube-apiserver (set CONTROL_PLANE_KUBECONFIG to run this)'

/** GETs a path from the real server, as bytes. */
export async function askJudge(
  path: string,
  accept: string,
): Promise<{ readonly body: Buffer; readonly etag: string }> {
  const config = new KubeConfig()
  config.loadFromString(readFileSync(judgeKubeconfig ?? '', 'utf8'))
  const tls: RequestOptions = {}
  await config.applyToHTTPSOptions(tls)
  const agent = tls.agent instanceof Agent ? tls.agent : new Agent()
  const url = new URL(path, config.getCurrentCluster()?.server)
  return await new Promise((resolve, reject) => {
    const options = { ...tls, agent, headers: { accept, 'user-agent': 'test' } }
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        agent.destroy()
        if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`))
        else resolve({ body: Buffer.concat(chunks), etag: response.headers.etag ?? '' })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
