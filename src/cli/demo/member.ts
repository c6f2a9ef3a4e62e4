import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A hub in a process of its own that stands for a cluster. */
export interface MemberProcess {
  readonly name: string
  readonly pid: number
  readonly kubeconfig: string
  /** How to start it again after it has ended; it comes back with its data at the same address. */
  readonly restartCommand: readonly string[]
  /** Ends it cleanly, and resolves when it has ended. */
  stop(): Promise<void>
}

const main = join(import.meta.dirname, '..', '..', 'main.ts')
const slowStartMs = 60_000

/**
 * Starts a member hub and waits until it is ready. It hears through an IPC channel when this process is gone, however that ended, and ends
 * too. `onEnd` is told when it ends by itself.
 */
export async function startMember(name: string, dataDir: string, onEnd: (how: string) => void): Promise<MemberProcess> {
  const flags = (port: string) => [
    '--port',
    port,
    '--data-dir',
    dataDir,
    '--simulate-workloads',
    '--log-level',
    'error',
  ]
  const child = fork(main, ['up', ...flags('0')], {
    execArgv: [],
    // What the user has set for a hub of their own is not for this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('ENTREPOT_'))),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let expected = false
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (!expected) onEnd(signal === null ? `with exit code ${code}` : `by ${signal}`)
  })
  const stop = async (): Promise<void> => {
    expected = true
    child.kill('SIGTERM')
    await ended
  }
  try {
    const url = await readyUrl(child)
    return {
      name,
      pid: child.pid ?? 0,
      kubeconfig: join(dataDir, 'kubeconfig'),
      restartCommand: [process.execPath, main, 'up', ...flags(new URL(url).port)],
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`the member ${name} did not start`, { cause: error })
  }
}

/** The address in the line that a hub prints when it is ready. */
async function readyUrl(child: ChildProcess): Promise<string> {
  const { stdout } = child
  if (!stdout) throw new Error('the process has no standard output')
  for await (const line of createInterface({ input: stdout, signal: AbortSignal.timeout(slowStartMs) })) {
    const url = /^Entrepot is ready at (\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('it ended before it was ready')
}
