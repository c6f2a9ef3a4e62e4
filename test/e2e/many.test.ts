import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { noControlPlane } from '../fixtures/control-plane.ts'
import { create, destroy } from '../fixtures/members.ts'
import { record } from '../fixtures/recording.ts'
import { send } from '../fixtures/send.ts'
import {
  application,
  applicationPath,
  hangzhou,
  list,
  openNamespace,
  openRealStage,
  type RealStage,
  secret,
  secretPath,
  shipmentPath,
  shipmentsIn,
  soon,
} from './stage.ts'

const ns = 'many'
const data = { k: 'djE=' }
const names = Array.from({ length: 200 }, (_, index) => `s-${String(index).padStart(3, '0')}`)

describe.skipIf(noControlPlane !== undefined)(noControlPlane ?? 'two hundred Applications at once', () => {
  let stage: RealStage

  beforeAll(async () => {
    stage = await openRealStage()
    const { hub, first, second } = stage
    await openNamespace(ns, hub, first, second)
    await Promise.all(names.map((name) => create(hub, secretPath(ns), secret(name, data))))
  })

  afterAll(() => stage?.dispose())

  const phases = async () => {
    const applications = await list(stage.hub, applicationPath(ns))
    return new Set(applications.map((one) => fieldAt(one, 'status', 'status')))
  }

  test('are all accepted, all arrive in both clusters with one write each, and all run', async () => {
    const { hub, first, second } = stage
    const recordings = [await record(first, secretPath(ns)), await record(second, secretPath(ns))]
    const codes = await Promise.all(
      names.map(async (name) => {
        const body = application(name, [{ resource: 'secret', name }], hangzhou)
        return (await send(hub, { method: 'POST', path: applicationPath(ns), body })).code
      }),
    )
    expect(new Set(codes)).toEqual(new Set([201]))
    await soon(phases, 60_000).toEqual(new Set(['running']))
    expect(await shipmentsIn(hub, ns)).toEqual(
      names.flatMap((name) => [`Secret ${name} → hangzhou-1: Healthy`, `Secret ${name} → hangzhou-2: Healthy`]),
    )
    for (const writes of recordings) {
      await soon(() => writes.events.length).toBe(names.length)
      expect(writes.events.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(
        names.map((name) => `${name} ADDED`),
      )
      writes.stop()
    }
  }, 90_000)

  test('say so without a word of trouble', async () => {
    for (const one of await list(stage.hub, applicationPath(ns))) {
      const conditions = fieldAt(one, 'status', 'conditions')
      expect(Array.isArray(conditions) && conditions.map((condition) => fieldAt(condition, 'status'))).not.toContain(
        'False',
      )
    }
    const events = await list(stage.hub, `/api/v1/namespaces/${ns}/events`)
    expect(events.filter((event) => event['type'] === 'Warning')).toEqual([])
  })

  test('are all taken back when all are deleted at once', async () => {
    const { hub, first, second } = stage
    await Promise.all(names.map((name) => destroy(hub, applicationPath(ns, name))))
    await soon(() => list(hub, applicationPath(ns)), 60_000).toEqual([])
    expect(await list(hub, shipmentPath(ns))).toEqual([])
    for (const member of [first, second]) expect(await list(member, secretPath(ns))).toEqual([])
  }, 90_000)
})
