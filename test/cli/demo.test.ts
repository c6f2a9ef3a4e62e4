import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadTarget } from '../../src/clusters/kubeconfig.ts'
import { connect } from '../../src/clusters/remote-client.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import { type Running, start } from './command.ts'

let folder: string
let running: Running | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-test-demo-'))
})

afterEach(async () => {
  running?.child.kill('SIGKILL')
  await running?.ended
  running = undefined
  await rm(folder, { recursive: true, force: true })
})

const secrets = { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true, singular: 'secret' }
const services = { ...secrets, resource: 'services', kind: 'Service', singular: 'service' }
const deployments = { ...secrets, group: 'apps', resource: 'deployments', kind: 'Deployment', singular: 'deployment' }

/** What a demo left in each place, by a client of its own. */
async function read(where: string, kind: typeof secrets): Promise<readonly KubeObject[]> {
  const client = connect((await loadTarget(join(folder, where, 'kubeconfig'))).target)
  try {
    return (await client.list(kind, { namespace: 'examples' })).items
  } finally {
    await client.close()
  }
}

const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort()
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the three Applications of the page are shipped where they say, as they say', async () => {
  running = start(['demo', '--data-dir', folder])
  await running.until(/Ctrl-C ends it/)
  const [secret] = (await read('hangzhou-1', secrets)).filter(
    ({ metadata }) => metadata.name === 'image-credential-to-copy',
  )
  expect(secret).toMatchObject({ type: 'kubernetes.io/dockerconfigjson' })
  expect(namesOf(await read('hangzhou-2', secrets))).toContain('image-credential-to-copy')
  expect(namesOf(await read('hangzhou-1', deployments))).toEqual([
    'nginx-ref-multiple-resources',
    'search',
    'storefront',
  ])
  const second = await read('hangzhou-2', deployments)
  expect(namesOf(second)).toEqual(['nginx-ref-multiple-resources', 'search', 'storefront'])
  expect(second.map((one) => fieldAt(one, 'spec', 'replicas'))).toEqual([3, 1, 1])
  expect(second.map((one) => fieldAt(one, 'status', 'readyReplicas'))).toEqual([3, 1, 1])
  for (const cluster of ['hangzhou-1', 'hangzhou-2']) {
    expect(namesOf(await read(cluster, services))).toEqual(['nginx-ref-multiple-resources'])
  }
  for (const kind of [deployments, services]) expect(await read('beijing-1', kind)).toEqual([])
  expect(namesOf(await read('beijing-1', secrets))).not.toContain('image-credential-to-copy')
  const [source] = await read('hub', deployments)
  expect(fieldAt(source, 'spec', 'replicas')).toBe(1)
})

test('a cluster that is killed is told, and comes back by the command that is printed', async () => {
  running = start(['demo', '--data-dir', folder])
  await running.until(/Ctrl-C ends it/)
  const [, pid = ''] = await running.until(/^hangzhou-2 +region=hangzhou +(\d+)/m)
  process.kill(Number(pid), 'SIGKILL')
  await running.until(/Secret examples\/image-credential-to-copy → hangzhou-2 {2}Unreachable/)
  const [, command = ''] = await running.until(/^hangzhou-2 ended by SIGKILL\. Start it again with:\n {2}(.*)$/m)
  const again = start(command.split(' ').slice(2))
  try {
    await running.until(/Unreachable[\s\S]*Secret examples\/image-credential-to-copy → hangzhou-2 {2}Healthy/)
  } finally {
    again.child.kill('SIGTERM')
    await again.ended
  }
})

test.each([
  'SIGINT',
  'SIGTERM',
] as const)('%s ends the demo with all its clusters, and removes what it made', async (signal) => {
  running = start(['demo'], { TMPDIR: folder })
  const printed = await running.until(/^CLUSTER[\s\S]*Ctrl-C ends it and removes everything/m)
  const pids = [...printed[0].matchAll(/region=\w+ +(\d+)/g)].map(([, pid]) => Number(pid))
  expect(pids.map(lives)).toEqual([true, true, true])
  expect(await readdir(folder)).not.toEqual([])
  running.child.kill(signal)
  expect((await running.ended).code).toBe(0)
  expect(pids.map(lives)).toEqual([false, false, false])
  expect(await readdir(folder)).toEqual([])
})

test('a demo that is killed takes its clusters with it', async () => {
  running = start(['demo', '--data-dir', folder])
  const printed = await running.until(/^CLUSTER[\s\S]*Applying/m)
  const pids = [...printed[0].matchAll(/region=\w+ +(\d+)/g)].map(([, pid]) => Number(pid))
  running.child.kill('SIGKILL')
  await expect.poll(() => pids.map(lives), { timeout: 10_000 }).toEqual([false, false, false])
})

test('a demo that runs once ends when everything has been shipped, in plain text', async () => {
  running = start(['demo', '--once'], { TMPDIR: folder })
  const { code, out, err } = await running.ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^All three Applications are running, \d+\.\d\d s after they were applied\.\n$/m)
  expect(out).not.toContain('\u001b')
  expect(out).not.toMatch(/→ beijing-1/)
  expect(await readdir(folder)).toEqual([])
})
