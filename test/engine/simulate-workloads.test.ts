import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadTarget } from '../../src/clusters/kubeconfig.ts'
import { connect, type RemoteCluster } from '../../src/clusters/remote-client.ts'
import { startSimulatedWorkloads } from '../../src/engine/simulate-workloads.ts'
import { daemonSets, deployments, jobs, type Simulation, statefulSets } from '../../src/engine/simulated-status.ts'
import { systemClock } from '../../src/machinery/clock.ts'
import { silentLogger } from '../../src/machinery/log.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import { type ControlPlane, noControlPlane, startControlPlane } from '../fixtures/control-plane.ts'
import { noKubectl } from '../kubectl/kubectl.ts'

const run = promisify(execFile)
const noon = Date.parse('2026-01-01T12:00:00Z')

function workload(kind: string, spec: object, status: object = {}): KubeObject {
  return { apiVersion: 'apps/v1', kind, metadata: { name: 'a', namespace: 'n', generation: 2 }, spec, status }
}

test.each<{ name: string; simulation: Simulation; object: KubeObject; ready: object }>([
  {
    name: 'a Deployment',
    simulation: deployments,
    object: workload('Deployment', { replicas: 3 }),
    ready: { observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
  },
  {
    name: 'a Deployment without a number of replicas',
    simulation: deployments,
    object: workload('Deployment', {}),
    ready: { replicas: 1, readyReplicas: 1 },
  },
  {
    name: 'a StatefulSet',
    simulation: statefulSets,
    object: workload('StatefulSet', { replicas: 2, template: { a: 1 } }),
    ready: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, currentReplicas: 2 },
  },
  {
    name: 'a DaemonSet',
    simulation: daemonSets,
    object: workload('DaemonSet', {}),
    ready: { observedGeneration: 2, desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 },
  },
  {
    name: 'a Job with completions',
    simulation: jobs,
    object: workload('Job', { completions: 5, parallelism: 2, completionMode: 'Indexed' }),
    ready: { succeeded: 5, completedIndexes: '0-4', completionTime: '2026-01-01T12:00:00Z' },
  },
  {
    name: 'a Job that works off a queue',
    simulation: jobs,
    object: workload('Job', { parallelism: 3 }),
    ready: { succeeded: 3 },
  },
  {
    name: 'a suspended Job',
    simulation: jobs,
    object: workload('Job', { suspend: true }),
    ready: { conditions: [{ type: 'Suspended', status: 'True' }] },
  },
])('$name gets ready, and says so only once', ({ simulation, object, ready }) => {
  expect(simulation.isStarted(object)).toBe(false)
  const started = { ...object, status: simulation.started(object, noon) }
  expect(simulation.isStarted(started)).toBe(true)
  const done = { ...object, status: simulation.ready(started, noon) }
  expect(done.status).toMatchObject(ready)
  if (!simulation.isOver?.(done)) expect(simulation.ready(done, noon + 60_000)).toEqual(done.status)
})

test('replicas that were ready stay ready while more are added', () => {
  const object = workload('Deployment', { replicas: 5 }, { observedGeneration: 1, replicas: 3, readyReplicas: 3 })
  expect(deployments.started(object, noon)).toMatchObject({ replicas: 5, readyReplicas: 3, unavailableReplicas: 2 })
})

test('a new template gives a StatefulSet a new revision', () => {
  const revisionOf = (template: object) =>
    statefulSets.ready(workload('StatefulSet', { template }), noon)['updateRevision']
  expect(revisionOf({ a: 1 })).toBe(revisionOf({ a: 1 }))
  expect(revisionOf({ a: 1 })).not.toBe(revisionOf({ a: 2 }))
})

test('a Job of another controller is left alone', () => {
  expect(jobs.isOver?.(workload('Job', { managedBy: 'example.com/queue' }))).toBe(true)
  expect(jobs.isOver?.(workload('Job', { managedBy: 'kubernetes.io/job-controller' }))).toBe(false)
})

describe.skipIf((noControlPlane ?? noKubectl) !== undefined)('on a real kube-apiserver', () => {
  let plane: ControlPlane
  let client: RemoteCluster
  let running: Promise<void>
  const stop = new AbortController()
  const kubectl = async (...args: string[]) =>
    (await run('kubectl', ['--kubeconfig', plane.kubeconfig, ...args], { timeout: 20_000 })).stdout

  beforeAll(async () => {
    plane = await startControlPlane()
    client = connect((await loadTarget(plane.kubeconfig)).target)
    const options = { client, log: silentLogger, clock: systemClock, signal: stop.signal, delayMs: 50 }
    running = startSimulatedWorkloads(options)
  })

  afterAll(async () => {
    stop.abort()
    await running
    await client.close()
    await plane.dispose()
  })

  test('kubectl sees a Deployment rolled out, scaled and available', async () => {
    await kubectl('create', 'deployment', 'web', '--image', 'nginx', '--replicas', '2')
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout', '10s')).toMatch(/successfully rolled out/)
    await kubectl('scale', 'deployment/web', '--replicas', '4')
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout', '10s')).toMatch(/successfully rolled out/)
    expect(await kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout', '10s')).toMatch(/met/)
    expect(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')).toBe('4')
  })

  test('the server accepts the end of a Job, and kubectl waits for it', async () => {
    await kubectl('create', 'job', 'once', '--image', 'busybox')
    expect(await kubectl('wait', '--for=condition=complete', 'job/once', '--timeout', '10s')).toMatch(/met/)
  })

  test('a Job waits while it is suspended, and completes when it may go on', async () => {
    const spec = {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } },
    }
    const jobs = { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true, singular: 'job' }
    const metadata = { name: 'later', namespace: 'default' }
    await client.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec })
    expect(await kubectl('wait', '--for=condition=suspended', 'job/later', '--timeout', '10s')).toMatch(/met/)
    await client.patch(jobs, metadata, { spec: { suspend: false } })
    expect(await kubectl('wait', '--for=condition=complete', 'job/later', '--timeout', '10s')).toMatch(/met/)
  })
})
