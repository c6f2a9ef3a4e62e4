import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { noControlPlane } from '../fixtures/control-plane.ts'
import { create, destroy, merge, read } from '../fixtures/members.ts'
import {
  application,
  applicationPath,
  conditionMessage,
  hangzhou,
  list,
  openNamespace,
  openRealStage,
  phaseOf,
  type RealStage,
  secret,
  secretData,
  secretPath,
  shipmentPath,
  shipmentsIn,
  shipSecret,
  soon,
} from './stage.ts'

const v1 = { k: 'djE=' }
const v2 = { k: 'djI=' }
const ns = 'examples'

/** A cluster that is back is probed within the longest pause between two probes. */
const comeback = 25_000

describe.skipIf(noControlPlane !== undefined)(noControlPlane ?? 'a real cluster that goes away and comes back', () => {
  let stage: RealStage

  beforeAll(async () => {
    stage = await openRealStage()
    const { hub, first, second } = stage
    await openNamespace(ns, hub, first, second)
    for (const name of ['kept', 'edited', 'deleted']) await shipSecret(hub, ns, name, v1)
    await create(second, secretPath(ns), secret('over-there', v1))
    const there = [{ resource: 'secret', name: 'over-there', cluster: 'hangzhou-2' }]
    await create(hub, applicationPath(ns), application('from-there', there, { clusters: ['hangzhou-1'] }))
    for (const name of ['kept', 'edited', 'deleted', 'from-there']) {
      await vi.waitFor(async () => expect(await phaseOf(hub, ns, name)).toBe('running'), 20_000)
    }
    await second.crash()
  })

  afterAll(() => stage?.dispose())

  test('is shown as unreachable, with the reason, in the row and in the status', async () => {
    const { hub } = stage
    await soon(() => shipmentsIn(hub, ns)).toContain('Secret kept → hangzhou-2: Unreachable')
    const row = (await list(hub, shipmentPath(ns))).find((one) => fieldAt(one, 'status', 'state') === 'Unreachable')
    expect(fieldAt(row, 'status', 'message')).toMatch(/^cluster hangzhou-2 is unreachable: dial https:/)
    await soon(() => phaseOf(hub, ns, 'kept')).toBe('unhealthy')
    expect(await conditionMessage(hub, ns, 'kept', 'Workflow')).toContain('error encountered in cluster hangzhou-2')
    const services = fieldAt(await read(hub, applicationPath(ns, 'kept')), 'status', 'services')
    expect(services).toMatchObject([
      { cluster: 'hangzhou-1', healthy: true },
      { cluster: 'hangzhou-2', healthy: false },
    ])
  })

  test('holds nobody else up: what is new and what is edited reaches the other cluster without delay', async () => {
    const { hub, first } = stage
    const latencies: number[] = []
    for (const round of [1, 2, 3, 4, 5]) {
      const startedAtMs = performance.now()
      await shipSecret(hub, ns, `new-${round}`, v1)
      await soon(() => secretData(first, ns, `new-${round}`)).toEqual(v1)
      latencies.push(performance.now() - startedAtMs)
    }
    await merge(hub, secretPath(ns, 'edited'), { data: v2 })
    await soon(() => secretData(first, ns, 'edited')).toEqual(v2)
    // A connection that was waited for would have taken seconds, every time.
    expect(Math.min(...latencies)).toBeLessThan(1000)
  })

  test('does not keep an Application from being deleted, and leaves a row that says what is to be done', async () => {
    const { hub, first } = stage
    await destroy(hub, applicationPath(ns, 'deleted'))
    await soon(() => read(hub, applicationPath(ns, 'deleted'))).toBeUndefined()
    expect(await secretData(first, ns, 'deleted')).toBeUndefined()
    const rows = (await shipmentsIn(hub, ns)).filter((row) => row.startsWith('Secret deleted '))
    expect(rows).toEqual(['Secret deleted → hangzhou-2: Retiring'])
  })

  test('still counts as a source with what was last read of it', async () => {
    const { hub, first } = stage
    await merge(hub, applicationPath(ns, 'from-there'), { metadata: { labels: { look: 'again' } } })
    const labels = async () => fieldAt(await read(first, secretPath(ns, 'over-there')), 'metadata', 'labels')
    await soon(labels).toMatchObject({ look: 'again' })
    expect(await secretData(first, ns, 'over-there')).toEqual(v1)
    expect(await phaseOf(hub, ns, 'from-there')).toBe('running')
  })

  test('does not change its mind about any of this when the hub is started again meanwhile', async () => {
    const { hub, first } = stage
    await hub.restart()
    await shipSecret(hub, ns, 'after-restart', v1)
    await soon(() => secretData(first, ns, 'after-restart')).toEqual(v1)
    await soon(() => shipmentsIn(hub, ns)).toContain('Secret after-restart → hangzhou-2: Unreachable')
    const rows = await shipmentsIn(hub, ns)
    expect(rows).toContain('Secret deleted → hangzhou-2: Retiring')
    expect(rows).toContain('Secret kept → hangzhou-1: Healthy')
    expect(await secretData(first, ns, 'deleted')).toBeUndefined()
    // What was read of it is forgotten now; its copies are not.
    await soon(async () => (await conditionMessage(hub, ns, 'from-there', 'Parsed')) ?? '').toContain(
      'failed to parseReferredObjects: cluster hangzhou-2 is unreachable',
    )
    expect(rows).toContain('Secret over-there → hangzhou-1: Healthy')
    expect(await secretData(first, ns, 'over-there')).toEqual(v1)
  })

  test('is caught up with when it is back: new, edited, deleted, and all that was right is left alone', async () => {
    const { hub, first, second } = stage
    const versionOf = async (name: string) =>
      fieldAt(await read(second, secretPath(ns, name)), 'metadata', 'resourceVersion')
    await second.start()
    const kept = await versionOf('kept')
    await soon(() => secretData(second, ns, 'new-5'), comeback).toEqual(v1)
    await soon(() => secretData(second, ns, 'after-restart')).toEqual(v1)
    await soon(() => secretData(second, ns, 'edited')).toEqual(v2)
    await soon(() => secretData(second, ns, 'deleted')).toBeUndefined()
    const rows = ['after-restart', 'edited', 'kept', ...[1, 2, 3, 4, 5].map((round) => `new-${round}`)]
      .flatMap((name) => [`Secret ${name} → hangzhou-1: Healthy`, `Secret ${name} → hangzhou-2: Healthy`])
      .concat('Secret over-there → hangzhou-1: Healthy')
      .sort()
    await soon(() => shipmentsIn(hub, ns)).toEqual(rows)
    for (const name of ['kept', 'edited', 'new-1', 'from-there']) {
      await soon(() => phaseOf(hub, ns, name)).toBe('running')
    }
    expect(await versionOf('kept')).toBe(kept)
    await merge(second, secretPath(ns, 'over-there'), { data: v2 })
    await soon(() => secretData(first, ns, 'over-there')).toEqual(v2)
  }, 90_000)

  test('is given up when it is detached: its rows go, its copies stay, and the other cluster goes on', async () => {
    const { hub, first, second } = stage
    await second.crash()
    await soon(() => shipmentsIn(hub, ns)).toContain('Secret kept → hangzhou-2: Unreachable')
    await destroy(hub, secretPath('vela-system', 'hangzhou-2'))
    await soon(async () => (await shipmentsIn(hub, ns)).filter((row) => row.includes('hangzhou-2'))).toEqual([])
    await soon(() => phaseOf(hub, ns, 'kept')).toBe('running')
    expect(await secretData(first, ns, 'kept')).toEqual(v1)
    await create(hub, applicationPath(ns), application('later', [{ resource: 'secret', name: 'kept' }], hangzhou))
    await soon(() => conditionMessage(hub, ns, 'later', 'Workflow')).toContain('managed by other application')
  })
})
