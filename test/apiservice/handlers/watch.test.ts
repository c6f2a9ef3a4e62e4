import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../../fixtures/hub.ts'
import { create, destroy, merge } from '../../fixtures/members.ts'
import { send } from '../../fixtures/send.ts'

interface Frame {
  readonly type: string
  readonly object: {
    readonly kind: string
    readonly metadata: {
      readonly name?: string
      readonly resourceVersion: string
      readonly labels?: object
      readonly annotations?: object
    }
    readonly data?: object
    readonly reason?: string
    readonly message?: string
  }
}

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub?.dispose())

const maps = '/api/v1/namespaces/default/configmaps'

async function framesOf(path: string): Promise<readonly Frame[]> {
  const { text } = await send(hub, { method: 'GET', path })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Frame)
}

async function revisionNow(): Promise<string> {
  const { text } = await send(hub, { method: 'GET', path: '/api/v1/namespaces' })
  return (JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
}

describe('a watch with a selector', () => {
  test('tells an object that stops matching as deleted, as it was, at the revision at which it left', async () => {
    const after = await revisionNow()
    await create(hub, maps, { metadata: { name: 'moves', labels: { tier: 'one' } }, data: { n: '1' } })
    await merge(hub, `${maps}/moves`, { metadata: { labels: { tier: 'two' } }, data: { n: '2' } })
    await merge(hub, `${maps}/moves`, { data: { n: '3' } })
    await merge(hub, `${maps}/moves`, { metadata: { labels: { tier: 'one' } } })
    await destroy(hub, `${maps}/moves`)
    const all = await framesOf(
      `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${after}&fieldSelector=metadata.name%3Dmoves`,
    )
    expect(all.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED'])
    const selected = await framesOf(
      `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${after}&labelSelector=tier%3Done`,
    )
    expect(selected.map(({ type, object }) => [type, object.data])).toEqual([
      ['ADDED', { n: '1' }],
      ['DELETED', { n: '1' }],
      ['ADDED', { n: '3' }],
      ['DELETED', { n: '3' }],
    ])
    expect(selected.map(({ object }) => object.metadata.resourceVersion)).toEqual(
      [0, 1, 3, 4].map((index) => all[index]?.object.metadata.resourceVersion),
    )
  })

  test('by a field of the kind follows that field', async () => {
    const secrets = '/api/v1/namespaces/default/secrets'
    const after = await revisionNow()
    await create(hub, secrets, { metadata: { name: 'typed' }, type: 'example.com/a' })
    await create(hub, secrets, { metadata: { name: 'other' }, type: 'example.com/b' })
    const frames = await framesOf(
      `${secrets}?watch=1&timeoutSeconds=1&resourceVersion=${after}&fieldSelector=type%3Dexample.com/b`,
    )
    expect(frames.map(({ object }) => object.metadata.name)).toEqual(['other'])
  })
})

test('the old path of one object watches only that object', async () => {
  await create(hub, maps, { metadata: { name: 'legacy' } })
  await create(hub, maps, { metadata: { name: 'legacy-2' } })
  const frames = await framesOf('/api/v1/watch/namespaces/default/configmaps/legacy?timeoutSeconds=1')
  expect(frames.map(({ type, object }) => [type, object.metadata.name])).toEqual([['ADDED', 'legacy']])
})

test('a streamed list ends its initial events with a marked bookmark, and goes on', async () => {
  await create(hub, maps, { metadata: { name: 'streamed', labels: { streamed: 'x' } } })
  const path = `${maps}?watch=1&timeoutSeconds=1&labelSelector=streamed&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`
  const [added, mark] = await framesOf(path)
  expect(added).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'streamed' } } })
  expect(mark).toMatchObject({
    type: 'BOOKMARK',
    object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
  })
  expect(Number(mark?.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
    Number(added?.object.metadata.resourceVersion),
  )
})

test('a bookmark in the middle of a watch promises what was delivered, and loses nothing', async () => {
  const after = await revisionNow()
  const path = `${maps}?watch=1&timeoutSeconds=3&resourceVersion=${after}&labelSelector=marked&allowWatchBookmarks=true`
  // The bookmark is due two seconds before the end; writes go on before, at and after that time.
  const watching = framesOf(path)
  const names: string[] = []
  const ends = performance.now() + 2000
  while (performance.now() < ends) {
    const name = `marked-${names.push('') - 1}`
    await create(hub, maps, { metadata: { name, labels: { marked: 'x' } } })
    names[names.length - 1] = name
  }
  const frames = await watching
  const added = frames.filter(({ type }) => type === 'ADDED')
  expect(added.map(({ object }) => object.metadata.name)).toEqual(names)
  const revisions = frames.map(({ object }) => Number(object.metadata.resourceVersion))
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
  expect(frames.filter(({ type }) => type === 'BOOKMARK')).toHaveLength(1)
})

test('a watch from the future waits for it', async () => {
  const future = Number(await revisionNow()) + 2
  const watching = framesOf(`${maps}?watch=1&timeoutSeconds=2&resourceVersion=${future}&labelSelector=future`)
  for (const name of ['f1', 'f2', 'f3']) await create(hub, maps, { metadata: { name, labels: { future: 'x' } } })
  const names = (await watching).map(({ object }) => object.metadata.name)
  expect(names).toContain('f3')
  expect(names).not.toContain('f1')
})

test('what is older than the event window is gone: a watch gets an ERROR frame, a list and a page get 410', async () => {
  const short = await startTestHub({ flags: ['--event-window', '1ms', '--event-window-count', '1'] })
  try {
    const first = await create(short, maps, { metadata: { name: 'first' } })
    await create(short, maps, { metadata: { name: 'second' } })
    const { resourceVersion } = first['metadata'] as { resourceVersion: string }
    const page = await send(short, { method: 'GET', path: `${maps}?limit=1` })
    const { continue: token } = (JSON.parse(page.text) as { metadata: { continue: string } }).metadata
    const watchOnce = async () => {
      await merge(short, `${maps}/first`, { data: { n: String(Math.random()) } })
      return (
        await send(short, {
          method: 'GET',
          path: `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`,
        })
      ).text
    }
    await expect.poll(watchOnce, { timeout: 20_000, interval: 200 }).toMatch(/^\{"type":"ERROR"/)
    const [error] = (await watchOnce()).split('\n')
    expect(JSON.parse(error ?? '')).toMatchObject({
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/),
      },
    })
    const list = await send(short, {
      method: 'GET',
      path: `${maps}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`,
    })
    expect(JSON.parse(list.text)).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: 'The resourceVersion for the provided list is too old.',
    })
    const nextPage = async () => {
      await merge(short, `${maps}/first`, { data: { n: String(Math.random()) } })
      const { text } = await send(short, { method: 'GET', path: `${maps}?limit=1&continue=${token}` })
      return JSON.parse(text) as { readonly code?: number; readonly metadata: { readonly continue: string } }
    }
    await expect.poll(nextPage, { timeout: 20_000, interval: 200 }).toMatchObject({ code: 410, reason: 'Expired' })
    const expired = await nextPage()
    const inconsistent = await send(short, {
      method: 'GET',
      path: `${maps}?limit=1&continue=${expired.metadata.continue}`,
    })
    expect(inconsistent.code).toBe(200)
  } finally {
    await short.dispose()
  }
})
