import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { loadTarget } from '../clusters/kubeconfig.ts'
import { connect, type RemoteCluster } from '../clusters/remote-client.ts'
import { StatusError } from '../machinery/status-error.ts'

/** Which hub a command talks to, as kubectl has it. */
export interface HubOptions {
  readonly kubeconfig?: string
  readonly context?: string
}

/** Runs something with a client of the hub, and closes the client. Throws StatusErrors in words for people. */
export async function withHub<T>(options: HubOptions, run: (hub: RemoteCluster) => Promise<T>): Promise<T> {
  const { kubeconfig, context } = options
  // Without any file the library would make up a server on this machine.
  if (kubeconfig === undefined && !process.env['KUBECONFIG'] && !existsSync(join(homedir(), '.kube', 'config'))) {
    throw StatusError.badRequest(
      'there is no kubeconfig: export KUBECONFIG=..., as the hub printed it when it got ready',
    )
  }
  const { target } = await loadTarget(kubeconfig, context)
  const hub = connect(target, { userAgent: 'entrepot-cli' })
  try {
    return await run(hub)
  } finally {
    await hub.close()
  }
}
