import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadTarget } from '../clusters/kubeconfig.ts'
import { connect } from '../clusters/remote-client.ts'
import { parseConfig } from '../config.ts'
import { claimFolder } from '../data-dir.ts'
import { applicationResource } from '../engine/application.ts'
import type { Hub } from '../hub.ts'
import { openLog } from '../log.ts'
import type { ObjectClient } from '../machinery/client.ts'
import { isObject, type KubeObject } from '../machinery/object.ts'
import { apiVersionOf } from '../machinery/resource.ts'
import { parseYaml } from '../machinery/yaml.ts'
import { type MemberProcess, startMember } from './demo/member.ts'
import { demoNamespace, hubSources, memberSources } from './demo/sources.ts'
import { startTicker } from './demo/ticker.ts'
import { register } from './registration.ts'
import { whenAskedToStop } from './stop-signal.ts'
import { plain, shellWord, Terminal } from './terminal.ts'

/** `dataDir` keeps everything; `once` ends when everything has been shipped. */
export interface DemoOptions {
  readonly dataDir?: string
  readonly once?: boolean
}

const clusters: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[] = [
  { name: 'hangzhou-1', labels: { region: 'hangzhou' } },
  { name: 'hangzhou-2', labels: { region: 'hangzhou' } },
  { name: 'beijing-1', labels: { region: 'beijing' } },
]
const fieldManager = 'entrepot-demo'
const patienceMs = 60_000

/**
 * `entrepot demo`: a hub and three member clusters, each a process of its own, and the three Applications of KubeVela's page “Multi-cluster
 * Distribution”. Prints what is shipped where as it happens, and goes on until the process is asked to stop. Resolves with the exit code.
 */
export async function demo(options: DemoOptions, terminal = new Terminal()): Promise<number> {
  const stopping = new AbortController()
  void whenAskedToStop().then(() => stopping.abort())
  const folder =
    options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'entrepot-demo-')) : resolve(options.dataDir)
  const stops: (() => Promise<unknown>)[] = []
  try {
    await claimFolder(folder)
    await play(folder, options, terminal, stopping, stops)
    return 0
  } catch (error) {
    if (stopping.signal.aborted) return 0
    throw error
  } finally {
    stopping.abort()
    for (const stop of stops.reverse()) await stop()
    if (options.dataDir === undefined) await rm(folder, { recursive: true, force: true })
  }
}

async function play(
  folder: string,
  { once, dataDir }: DemoOptions,
  terminal: Terminal,
  stopping: AbortController,
  stops: (() => Promise<unknown>)[],
): Promise<void> {
  const { signal } = stopping
  terminal.line('Starting a hub and three clusters ...')
  const members = await startAll(folder, terminal, signal, stops)
  signal.throwIfAborted()
  const log = openLog('error', 'auto')
  const { startHub } = await import('../hub.ts')
  const config = await parseConfig(['--port', '0', '--data-dir', join(folder, 'hub')], {})
  await claimFolder(config.dataDir)
  const hub = await startHub(config, { log })
  stops.push(() => hub.close())
  for (const { name, kubeconfig } of members) {
    await prepareMember(hub.client, name, kubeconfig)
    signal.throwIfAborted()
  }
  showClusters(hub, members, terminal)
  await applyAll(hub.client, hubSources)

  let startedAtMs = performance.now()
  const ticker = startTicker({ hub: hub.client, log, terminal, since: () => startedAtMs, signal })
  stops.push(() => ticker.ended)
  const applications = await readApplications()
  terminal.line(
    `Applying the Applications ${applications.map((one) => `${demoNamespace}/${one.metadata.name}`).join(', ')}`,
  )
  startedAtMs = performance.now()
  await applyAll(hub.client, applications)
  await unlessLate(ticker.whenRunning(applications.map(({ metadata }) => metadata.name ?? '')))
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(2)
  terminal.line(terminal.paint('good', `All three Applications are running, ${seconds} s after they were applied.`))
  if (once) return
  showWhatToDo(hub, members, terminal, dataDir)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** All members at once: most of a start is waiting for a processor, and there is more than one. */
async function startAll(
  folder: string,
  terminal: Terminal,
  signal: AbortSignal,
  stops: (() => Promise<unknown>)[],
): Promise<readonly MemberProcess[]> {
  const started = await Promise.allSettled(
    clusters.map(async ({ name }) => {
      let restart: readonly string[] = []
      const member = await startMember(name, join(folder, name), (how) => {
        if (signal.aborted) return
        terminal.line(terminal.paint('bad', `${name} ended ${how}. Start it again with:`))
        terminal.line(`  ${restart.map(shellWord).join(' ')}`)
      })
      restart = member.restartCommand
      return member
    }),
  )
  const members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  stops.push(() => Promise.all(members.map((member) => member.stop())))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return members
}

async function prepareMember(hub: ObjectClient, name: string, kubeconfig: string): Promise<void> {
  const { target } = await loadTarget(kubeconfig)
  const member = connect(target)
  try {
    await applyAll(member, memberSources(name))
  } finally {
    await member.close()
  }
  const labels = clusters.find((cluster) => cluster.name === name)?.labels ?? {}
  // In a folder that was kept, the cluster is known by the address that it had then.
  await register(hub, { name, target, labels }, async () => true)
}

async function applyAll(client: ObjectClient, objects: readonly KubeObject[]): Promise<void> {
  const kinds = await client.resources()
  for (const object of objects) {
    const kind = kinds.find((one) => apiVersionOf(one) === object.apiVersion && one.kind === object.kind)
    if (!kind) throw new Error(`the server does not know ${object.apiVersion} ${object.kind}`)
    await client.apply(kind, object, { fieldManager, force: true })
  }
}

/** The Applications beside this file, in the order of their names. */
async function readApplications(): Promise<readonly KubeObject[]> {
  const folder = join(import.meta.dirname, 'demo')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  return Promise.all(
    names.map(async (name) => {
      const { value } = parseYaml(await readFile(join(folder, name), 'utf8'))
      if (!isObject(value) || !isObject(value['metadata'])) throw new Error(`${name} is no object`)
      const { apiVersion, kind } = applicationOf(name, value)
      return { ...value, apiVersion, kind, metadata: value['metadata'] }
    }),
  )
}

function applicationOf(
  name: string,
  value: Record<string, unknown>,
): { readonly apiVersion: string; readonly kind: string } {
  const apiVersion = apiVersionOf(applicationResource)
  const { kind } = applicationResource
  if (value['apiVersion'] !== apiVersion || value['kind'] !== kind)
    throw new Error(`${name} is no ${apiVersion} ${kind}`)
  return { apiVersion, kind }
}

async function unlessLate(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not everything was shipped within ${patienceMs / 1000} s`)), patienceMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function showClusters(hub: Hub, members: readonly MemberProcess[], terminal: Terminal): void {
  const labelsOf = (name: string) =>
    Object.entries(clusters.find((cluster) => cluster.name === name)?.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  terminal.table(
    ['CLUSTER', 'LABELS', 'PID', 'KUBECONFIG'],
    [
      [{ text: 'hub', tone: 'strong' }, '', String(process.pid), hub.kubeconfigPath],
      ...members.map(({ name, pid, kubeconfig }) => [
        { text: name, tone: 'strong' as const },
        labelsOf(name),
        String(pid),
        kubeconfig,
      ]),
    ],
  )
}

function showWhatToDo(
  hub: Hub,
  members: readonly MemberProcess[],
  terminal: Terminal,
  dataDir: string | undefined,
): void {
  const second = members.find(({ name }) => name === 'hangzhou-2')
  const lines: readonly (readonly [string, string])[] = [
    [`export KUBECONFIG=${shellWord(hub.kubeconfigPath)}`, 'play with it in another terminal'],
    [`kubectl get applications,shipments -n ${demoNamespace}`, 'what is wanted, and what was shipped where'],
    [
      `kubectl scale deployment nginx-ref-multiple-resources --replicas 5 -n ${demoNamespace}`,
      'its source is edited; a trait keeps the copies at 3',
    ],
    [`kubectl label secret image-credential-to-copy team=web -n ${demoNamespace}`, 'its copies follow'],
    ...(second === undefined
      ? []
      : [
          [
            `kubectl --kubeconfig ${shellWord(second.kubeconfig)} delete deployment storefront -n ${demoNamespace}`,
            'a copy is put back',
          ] as const,
          [`kill ${second.pid}`, 'a cluster goes away'] as const,
        ]),
  ]
  const width = Math.max(...lines.map(([command]) => command.length))
  terminal.line()
  for (const [command, meaning] of lines)
    terminal.line(`  ${plain(command).padEnd(width)}  ${terminal.paint('faint', `# ${meaning}`)}`)
  terminal.line()
  terminal.line(`Ctrl-C ends it${dataDir === undefined ? ' and removes everything' : ''}.`)
}
