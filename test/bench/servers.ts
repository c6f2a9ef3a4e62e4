import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Endpoint, startControlPlane } from '../fixtures/control-plane.ts'

/** A server in processes of its own, so that its memory and CPU time can be read. */
export interface BenchServer extends Endpoint {
  readonly name: 'hub' | 'real'
  /** Seconds from start to ready. */
  readonly startSeconds: number
  /** Resident memory of all its processes, in MiB. */
  memoryMiB(): Promise<number>
  /** The part of it that is no file: what the system cannot take back. */
  ownMiB(): Promise<number>
  /** CPU seconds of all its processes so far. */
  cpuSeconds(): Promise<number>
  dispose(): Promise<void>
}

const root = new URL('../../', import.meta.url).pathname

/** As `npm start` runs it. */
const nodeFlags = ['--max-semi-space-size=8']

/** Starts a hub as a user would, on an empty folder or a given one. */
export async function startHubProcess(
  options: { readonly dataDir?: string; readonly flags?: readonly string[] } = {},
): Promise<BenchServer & { readonly dataDir: string; readonly child: ChildProcess }> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'entrepot-bench-')))
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [...nodeFlags, 'src/main.ts', 'up', '--port', '0', '--data-dir', dataDir, ...(options.flags ?? [])],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const url = await readyUrl(child)
  const startSeconds = (performance.now() - started) / 1000
  const pem = (name: string) => readFile(join(dataDir, 'pki', name), 'utf8')
  const pids = [child.pid ?? 0]
  return {
    name: 'hub',
    child,
    dataDir,
    startSeconds,
    url,
    ca: await pem('ca.crt'),
    cert: await pem('admin.crt'),
    key: await pem('admin.key'),
    kubeconfig: join(dataDir, 'kubeconfig'),
    memoryMiB: () => memoryMiB(pids, 'VmRSS'),
    ownMiB: () => memoryMiB(pids, 'RssAnon'),
    cpuSeconds: () => cpuSeconds(pids),
    dispose: async () => {
      await ended(child)
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the hub has no output to read')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /https:\/\/[^\s'"]+/.exec(line)?.[0]
    if (url) {
      child.stdout.resume()
      return url
    }
  }
  throw new Error('the hub ended before it was ready')
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}

/** Starts a real kube-apiserver with etcd. */
export async function startRealProcess(): Promise<BenchServer> {
  const started = performance.now()
  const plane = await startControlPlane()
  const startSeconds = (performance.now() - started) / 1000
  const pids = await Promise.all(
    ['kube-apiserver', 'etcd'].map(async (name) => Number(await readFile(join(plane.folder, `${name}.pid`), 'utf8'))),
  )
  return {
    ...plane,
    name: 'real',
    startSeconds,
    memoryMiB: () => memoryMiB(pids, 'VmRSS'),
    ownMiB: () => memoryMiB(pids, 'RssAnon'),
    cpuSeconds: () => cpuSeconds(pids),
    dispose: () => plane.dispose(),
  }
}

async function memoryMiB(pids: readonly number[], kind: 'VmRSS' | 'RssAnon'): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(new RegExp(`${kind}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

const ticksPerSecond = 100

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Fields 14 and 15, counted behind the process name, which may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    }),
  )
  return times.reduce((sum, time) => sum + time, 0)
}
