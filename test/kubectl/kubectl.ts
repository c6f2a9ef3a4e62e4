import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why kubectl cannot be used here; undefined where it can. */
export const noKubectl: string | undefined =
  spawnSync('kubectl', ['version', '--client']).status === 0 ? undefined : 'no kubectl on the PATH'

/** How a command ended. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** kubectl as a user runs it: the binary on the PATH, a kubeconfig, and a cache of its own. */
export class Kubectl {
  readonly #env: NodeJS.ProcessEnv
  readonly #namespace: string

  private constructor(env: NodeJS.ProcessEnv, namespace: string) {
    this.#env = env
    this.#namespace = namespace
  }

  static async for(kubeconfig: string, namespace = 'default'): Promise<Kubectl> {
    const home = await mkdtemp(join(tmpdir(), 'entrepot-kubectl-'))
    return new Kubectl(
      { ...process.env, KUBECONFIG: kubeconfig, HOME: home, KUBECACHEDIR: join(home, 'cache') },
      namespace,
    )
  }

  /** Runs a command; never rejects for its exit code. */
  run(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        ['-n', this.#namespace, ...args],
        { env: { ...this.#env, ...options.env }, timeout: 60_000, maxBuffer: 32 * 1024 * 1024 },
        (error, out, err) => resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, out, err }),
      )
      child.stdin?.end(options.input ?? '')
    })
  }

  /** Runs a command that must succeed; resolves with what it printed. */
  async ok(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> {
    const { code, out, err } = await this.run(args, options)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${out}${err}`)
    return out
  }

  /** Starts a command that goes on until `stop`; `line` resolves with the first line from now on that matches. */
  start(args: readonly string[]): { readonly line: (pattern: RegExp) => Promise<string>; readonly stop: () => void } {
    const child = spawn('kubectl', ['-n', this.#namespace, ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let seen = ''
    const waiting: { readonly pattern: RegExp; readonly resolve: (line: string) => void }[] = []
    const look = () => {
      for (const [index, { pattern, resolve }] of [...waiting.entries()].reverse()) {
        const found = seen.split('\n').find((line) => pattern.test(line))
        if (found !== undefined) {
          waiting.splice(index, 1)
          resolve(found)
        }
      }
    }
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8')
      look()
    })
    return {
      line: (pattern) =>
        new Promise((resolve) => {
          waiting.push({ pattern, resolve })
          look()
        }),
      stop: () => child.kill(),
    }
  }
}
