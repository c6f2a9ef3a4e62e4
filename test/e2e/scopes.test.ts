import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt } from '../../src/machinery/object.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { create, register } from '../fixtures/members.ts'
import {
  allOrNone,
  application,
  applicationPath,
  conditionMessage,
  disposeAll,
  list,
  openNamespace,
  phaseOf,
  secret,
  secretData,
  secretPath,
  shipmentPath,
  soon,
} from './stage.ts'

const data = { k: 'djE=' }
const outsideNamespace = "cannot refer to objects outside the application's namespace"
const outsideHub = 'cannot refer to objects outside control plane'
const clusterScoped = "cannot refer to cluster-scoped objects from within the application's namespace"

const here = { resource: 'secret', name: 'here', namespace: 'examples' }
const elsewhere = { resource: 'secret', name: 'there', namespace: 'elsewhere' }
const inCluster = { resource: 'secret', name: 'in-cluster', cluster: 'hangzhou-1' }
const both = { ...elsewhere, cluster: 'hangzhou-1' }
const withoutNamespace = { resource: 'clusterrole', name: 'view' }

describe.each([
  {
    scope: 'global',
    refused: [],
    allowed: { here, elsewhere, 'in-cluster': inCluster },
  },
  {
    scope: 'cluster',
    refused: [
      { what: 'in-cluster', object: inCluster, text: outsideHub },
      { what: 'both', object: both, text: outsideHub },
    ],
    allowed: { here, elsewhere },
  },
  {
    scope: 'namespace',
    refused: [
      { what: 'elsewhere', object: elsewhere, text: outsideNamespace },
      { what: 'in-cluster', object: inCluster, text: outsideHub },
      { what: 'both', object: both, text: outsideNamespace },
      { what: 'cluster-scoped', object: withoutNamespace, text: clusterScoped },
    ],
    allowed: { here },
  },
])('with references of scope $scope', ({ scope, refused, allowed }) => {
  let hub: TestHub
  let source: TestHub
  let target: TestHub

  beforeAll(async () => {
    const flags = ['--ref-objects-available-scope', scope]
    ;[hub, source, target] = await allOrNone([startTestHub({ flags }), startTestHub(), startTestHub()])
    await register(hub, 'hangzhou-1', source)
    await register(hub, 'hangzhou-2', target)
    for (const ns of ['examples', 'elsewhere']) await openNamespace(ns, hub, source, target)
    await create(hub, secretPath('examples'), secret('here', data))
    await create(hub, secretPath('elsewhere'), secret('there', data))
    await create(source, secretPath('examples'), secret('in-cluster', data))
  })

  afterAll(() => disposeAll([hub, source, target].filter(Boolean)))

  const ship = (name: string, object: object) =>
    create(hub, applicationPath('examples'), application(name, [object], { clusters: ['hangzhou-2'] }))

  test.each(Object.entries(allowed))('a reference to what is %s is followed', async (name, object) => {
    await ship(name, object)
    await soon(() => phaseOf(hub, 'examples', name)).toBe('running')
    const namespace = 'namespace' in object ? object.namespace : 'examples'
    expect(await secretData(target, namespace, object.name)).toEqual(data)
  })

  test.each(refused)('a reference to what is $what is refused in KubeVela’s words', async ({ what, object, text }) => {
    const name = `refused-${what}`
    await ship(name, object)
    const words = `failed to parseReferredObjects: ${text}`
    await soon(() => conditionMessage(hub, 'examples', name, 'Parsed')).toBe(words)
    expect(await conditionMessage(hub, 'examples', name, 'Ready')).toBe(words)
    expect(await phaseOf(hub, 'examples', name)).toBe('rendering')
    const rows = await list(hub, shipmentPath('examples'))
    expect(rows.filter((row) => fieldAt(row, 'spec', 'application') === name)).toEqual([])
  })
})
