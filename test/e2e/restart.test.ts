import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { startHubProcess } from '../bench/servers.ts'
import { type ControlPlane, noControlPlane, startControlPlane } from '../fixtures/control-plane.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { create, destroy, merge, read, register } from '../fixtures/members.ts'
import { record } from '../fixtures/recording.ts'
import { send } from '../fixtures/send.ts'
import {
  allOrNone,
  application,
  applicationPath,
  disposeAll,
  hangzhou,
  list,
  openNamespace,
  phaseOf,
  regions,
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
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `s-${String(index).padStart(3, '0')}`)

describe.skipIf(noControlPlane !== undefined)(noControlPlane ?? 'a hub that stops and comes back', () => {
  let first: ControlPlane
  let second: ControlPlane
  const endings: (() => Promise<void>)[] = []

  beforeAll(async () => {
    ;[first, second] = await allOrNone([startControlPlane(), startControlPlane()])
  })

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
  })

  afterAll(() => disposeAll([{ dispose: async () => undefined }, first, second].filter(Boolean)))

  async function openHub(): Promise<TestHub> {
    const hub = await startTestHub()
    endings.push(() => hub.dispose())
    await register(hub, 'hangzhou-1', first, regions['hangzhou-1'])
    await register(hub, 'hangzhou-2', second, regions['hangzhou-2'])
    return hub
  }

  test('sends nothing again that is right', async () => {
    const ns = 'right'
    const hub = await openHub()
    await openNamespace(ns, hub, first, second)
    const names = numbered(20)
    for (const name of names) await shipSecret(hub, ns, name, v1)
    for (const name of names) await soon(() => phaseOf(hub, ns, name)).toBe('running')
    const rows = await list(hub, shipmentPath(ns))
    const applications = await list(hub, applicationPath(ns))
    const recordings = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]
    await hub.restart()
    // The engine works again when a new Application arrives, and whatever it had to say about the others it has said by then.
    await shipSecret(hub, ns, 'after', v1)
    await soon(() => phaseOf(hub, ns, 'after')).toBe('running')
    await merge(hub, secretPath(ns, 's-000'), { data: v2 })
    for (const writes of recordings) {
      await soon(() => writes.of('s-000')).toEqual(['MODIFIED'])
      expect(writes.events.filter(({ name }) => name !== 's-000').map(({ name, type }) => `${name} ${type}`)).toEqual([
        'after ADDED',
      ])
      writes.stop()
    }
    const others = (items: readonly object[]) => {
      const changed = ['after', 's-000']
      return items.filter(
        (item) =>
          !changed.includes(String(fieldAt(item, 'metadata', 'name'))) &&
          !changed.includes(String(fieldAt(item, 'spec', 'application'))),
      )
    }
    expect(others(await list(hub, shipmentPath(ns)))).toEqual(others(rows))
    expect(others(await list(hub, applicationPath(ns)))).toEqual(others(applications))
  })

  test('makes good what happened while it was away, on every side', async () => {
    const ns = 'away'
    const hub = await openHub()
    await openNamespace(ns, hub, first, second)
    for (const name of ['edited', 'deleted', 'kept']) await shipSecret(hub, ns, name, v1)
    for (const name of ['edited', 'deleted', 'kept']) await soon(() => phaseOf(hub, ns, name)).toBe('running')
    await hub.hub.close()
    await merge(first, secretPath(ns, 'edited'), { data: { k: 'eA==' } })
    await destroy(second, secretPath(ns, 'deleted'))
    const recordings = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]
    await hub.restart()
    await soon(() => secretData(first, ns, 'edited')).toEqual(v1)
    await soon(() => secretData(second, ns, 'deleted')).toEqual(v1)
    await soon(() => phaseOf(hub, ns, 'deleted')).toBe('running')
    for (const writes of recordings) {
      await soon(() => writes.events.length).toBe(1)
      expect(writes.of('kept')).toEqual([])
      writes.stop()
    }
  })

  test('that is killed while Applications are created delivers each acknowledged one, exactly once', async () => {
    const ns = 'killed'
    const dataDir = await mkdtemp(join(tmpdir(), 'entrepot-killed-'))
    endings.push(() => rm(dataDir, { recursive: true, force: true }))
    let hub = await startHubProcess({ dataDir })
    endings.push(() => hub.dispose())
    await register(hub, 'hangzhou-1', first, regions['hangzhou-1'])
    await register(hub, 'hangzhou-2', second, regions['hangzhou-2'])
    await openNamespace(ns, hub, first, second)
    const names = numbered(30)
    for (const name of names) await create(hub, secretPath(ns), secret(name, v1))
    const recordings = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]

    const ask = (name: string) => {
      const body = application(name, [{ resource: 'secret', name }], hangzhou)
      return send(hub, { method: 'POST', path: applicationPath(ns), body }).then(
        ({ code }) => code,
        () => undefined,
      )
    }
    const asked = names.map(ask)
    // In the middle of it: some copies have left, others have not.
    await soon(() => recordings.some(({ events }) => events.length > 0)).toBe(true)
    hub.child.kill('SIGKILL')
    await once(hub.child, 'exit')
    const codes = await Promise.all(asked)
    const acknowledged = names.filter((_, index) => codes[index] === 201)

    hub = await startHubProcess({ dataDir })
    const there = (await list(hub, applicationPath(ns))).map((one) => fieldAt(one, 'metadata', 'name'))
    expect(there).toEqual(expect.arrayContaining(acknowledged))
    for (const [index, name] of names.entries()) {
      if (codes[index] !== 201) expect([201, 409]).toContain(await ask(name))
    }
    for (const name of names) await soon(() => phaseOf(hub, ns, name)).toBe('running')
    expect(await shipmentsIn(hub, ns)).toEqual(
      names.flatMap((name) => [`Secret ${name} → hangzhou-1: Healthy`, `Secret ${name} → hangzhou-2: Healthy`]).sort(),
    )
    for (const writes of recordings) {
      await soon(() => writes.events.length).toBeGreaterThanOrEqual(names.length)
      // A copy that was sent just before the kill may be sent again, because nobody wrote down the answer; that changes nothing there.
      expect(writes.events.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(
        names.map((name) => `${name} ADDED`),
      )
      writes.stop()
    }
    for (const member of [first, second]) {
      for (const copy of await list(member, secretPath(ns))) expect(fieldAt(copy, 'data')).toEqual(v1)
    }
    expect(await read(hub, applicationPath(ns, 's-000'))).toBeDefined()
  })
})
