import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadTarget } from '../../src/clusters/kubeconfig.ts'
import { connect, type RemoteCluster } from '../../src/clusters/remote-client.ts'
import { Informer } from '../../src/machinery/informer.ts'
import { silentLogger } from '../../src/machinery/log.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'

// A real kube-apiserver, wherever one is at hand: `CONTROL_PLANE_KUBECONFIG` names its kubeconfig. Everything happens in a namespace of
// the test's own, which is deleted at the end.
const kubeconfig = process.env['CONTROL_PLANE_KUBECONFIG']

describe.skipIf(kubeconfig === undefined)('a real control plane (set CONTROL_PLANE_KUBECONFIG to run this)', () => {
  const namespace = `entrepot-test-${randomBytes(4).toString('hex')}`
  let cluster: RemoteCluster
  let configMaps: ResourceInfo
  let namespaces: ResourceInfo

  const configMap = (name: string, data: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data,
  })
  const find = async (resource: string, group = ''): Promise<ResourceInfo> => {
    const found = (await cluster.resources()).find((row) => row.resource === resource && row.group === group)
    if (found === undefined) throw new Error(`the control plane has no ${resource}`)
    return found
  }

  beforeAll(async () => {
    const { target } = await loadTarget(kubeconfig)
    cluster = connect(target)
    configMaps = await find('configmaps')
    namespaces = await find('namespaces')
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  })
  afterAll(async () => {
    await cluster.remove(namespaces, { namespace: '', name: namespace })
    await cluster.close()
  })

  test('offers its resources, the preferred version of a group first', async () => {
    expect(configMaps).toMatchObject({ kind: 'ConfigMap', namespaced: true, singular: 'configmap', shortNames: ['cm'] })
    expect(namespaces.namespaced).toBe(false)
    const scaling = (await cluster.resources()).filter(({ resource }) => resource === 'horizontalpodautoscalers')
    expect(scaling[0]?.version).toBe('v2')
  })

  test('takes every verb', async () => {
    const key = { namespace, name: 'verbs' }
    const created = await cluster.create(configMaps, configMap('verbs', { a: '1' }))
    const patched = await cluster.patch(configMaps, key, { data: { b: '2' } })
    expect(patched).toMatchObject({ data: { a: '1', b: '2' } })
    await expect(cluster.update(configMaps, { ...created, data: {} })).rejects.toMatchObject({ reason: 'Conflict' })
    expect(await cluster.update(configMaps, { ...patched, data: { a: '3' } })).toMatchObject({ data: { a: '3' } })
    const mine = { fieldManager: 'me' }
    await expect(cluster.apply(configMaps, configMap('verbs', { a: '4' }), mine)).rejects.toMatchObject({
      reason: 'Conflict',
      details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] },
    })
    await cluster.apply(configMaps, configMap('verbs', { a: '4' }), { ...mine, force: true })
    await cluster.apply(configMaps, configMap('verbs', { a: '5' }), { ...mine, dryRun: true })
    expect(await cluster.get(configMaps, key)).toMatchObject({ data: { a: '4' } })
    await expect(cluster.remove(configMaps, key, { uid: 'another' })).rejects.toMatchObject({ reason: 'Conflict' })
    await cluster.remove(configMaps, key, { uid: String(created.metadata.uid) })
    await expect(cluster.get(configMaps, key)).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'configmaps "verbs" not found',
    })
  })

  test('is told of by watches', async () => {
    const signal = new AbortController()
    const { resourceVersion } = await cluster.list(configMaps, { namespace, limit: 1 })
    const seen: string[] = []
    const watching = (async () => {
      const options = { namespace, resourceVersion, signal: signal.signal, labelSelector: 'watched' }
      for await (const { type, object } of cluster.watch(configMaps, options)) {
        seen.push(`${type} ${object.metadata.name}`)
      }
    })()
    const labelled = configMap('watched', {})
    await cluster.create(configMaps, { ...labelled, metadata: { ...labelled.metadata, labels: { watched: 'x' } } })
    await cluster.create(configMaps, configMap('unwatched', {}))
    await cluster.remove(configMaps, { namespace, name: 'watched' })
    await vi.waitFor(() => expect(seen).toEqual(['ADDED watched', 'DELETED watched']))
    signal.abort()
    await watching
  })

  test('serves many applies at once, and an informer sees them all', async () => {
    const stop = new AbortController()
    const informer = new Informer({
      client: cluster,
      resource: configMaps,
      namespace,
      fieldSelector: 'metadata.name!=kube-root-ca.crt',
      log: silentLogger,
    })
    const running = informer.run(stop.signal)
    await informer.whenSynced()
    const before = informer.list().length
    const names = Array.from({ length: 600 }, (_, index) => `many-${index}`)
    await Promise.all(names.map((name) => cluster.apply(configMaps, configMap(name, { name }), { fieldManager: 'me' })))
    await vi.waitFor(() => expect(informer.list()).toHaveLength(before + 600), { timeout: 10_000 })
    // More than a page.
    const listed = await cluster.list(configMaps, { namespace })
    expect(listed.items.filter(({ metadata }) => metadata.name?.startsWith('many-'))).toHaveLength(600)
    expect(informer.get({ namespace, name: 'many-7' })).toEqual(
      listed.items.find(({ metadata }) => metadata.name === 'many-7'),
    )
    stop.abort()
    await running
  })
})
