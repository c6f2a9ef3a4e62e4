import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { type Received, send } from '../fixtures/send.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub?.dispose())

const maps = '/api/v1/namespaces/default/configmaps'
const rivals = 150

function all<T>(count: number, act: (index: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)))
}

function codesOf(answers: readonly Received[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { code } of answers) counts[code] = (counts[code] ?? 0) + 1
  return counts
}

async function dataOf(name: string): Promise<Readonly<Record<string, string>>> {
  const { text } = await send(hub, { method: 'GET', path: `${maps}/${name}` })
  return (JSON.parse(text) as { data: Record<string, string> }).data
}

test.each([
  ['merge-patch+json', (key: string) => ({ data: { [key]: 'v' } })],
  ['strategic-merge-patch+json', (key: string) => ({ data: { [key]: 'v' } })],
  ['json-patch+json', (key: string) => [{ op: 'add', path: `/data/${key}`, value: 'v' }]],
  [
    'apply-patch+yaml',
    (key: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'torn' }, data: { [key]: 'v' } }),
  ],
])('a hundred and fifty patches of one object at once all arrive: %s', async (type, patch) => {
  await send(hub, { method: 'DELETE', path: `${maps}/torn` })
  await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'torn' }, data: { first: 'v' } } })
  const headers = { 'content-type': `application/${type}` }
  const answers = await all(rivals, (index) =>
    send(hub, {
      method: 'PATCH',
      path: `${maps}/torn?fieldManager=m${index}`,
      body: JSON.stringify(patch(`k${index}`)),
      headers,
    }),
  )
  expect(codesOf(answers)).toEqual({ 200: rivals })
  expect(Object.keys(await dataOf('torn'))).toHaveLength(rivals + 1)
})

test('updates without a resourceVersion never conflict, and of those with one a single one wins', async () => {
  const created = await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'put' } } })
  const put = (body: object) => send(hub, { method: 'PUT', path: `${maps}/put`, body })
  const blind = await all(rivals, (index) => put({ metadata: { name: 'put' }, data: { n: String(index) } }))
  expect(codesOf(blind)).toEqual({ 200: rivals })
  const { text } = await send(hub, { method: 'GET', path: `${maps}/put` })
  const seen = JSON.parse(text) as { metadata: object }
  const careful = await all(rivals, (index) => put({ ...seen, data: { careful: String(index) } }))
  expect(codesOf(careful)).toEqual({ 200: 1, 409: rivals - 1 })
  expect(created.code).toBe(201)
})

test('of those who create and delete one name at once, as many succeed with the one as with the other', async () => {
  const answers = await all(rivals, async () => ({
    created: await send(hub, { method: 'POST', path: maps, body: { metadata: { name: 'flicker' } } }),
    deleted: await send(hub, { method: 'DELETE', path: `${maps}/flicker` }),
  }))
  const created = codesOf(answers.map((one) => one.created))
  const deleted = codesOf(answers.map((one) => one.deleted))
  const left = (await send(hub, { method: 'GET', path: `${maps}/flicker` })).code === 200 ? 1 : 0
  expect((created[201] ?? 0) + (created[409] ?? 0)).toBe(rivals)
  expect((deleted[200] ?? 0) + (deleted[404] ?? 0)).toBe(rivals)
  expect(created[201]).toBe((deleted[200] ?? 0) + left)
})

test('a namespace that is deleted while two hundred objects are created in it leaves nothing behind', async () => {
  const namespace = '/api/v1/namespaces/brief'
  await send(hub, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'brief' } } })
  const creating = all(200, async (index) => {
    await sleep((index * 7) % 200)
    return send(hub, { method: 'POST', path: `${namespace}/configmaps`, body: { metadata: { name: `late-${index}` } } })
  })
  await expect
    .poll(async () => (await send(hub, { method: 'GET', path: `${namespace}/configmaps` })).text)
    .toContain('"late-')
  expect((await send(hub, { method: 'DELETE', path: namespace })).code).toBe(200)
  const codes = codesOf(await creating)
  expect((codes[201] ?? 0) + (codes[403] ?? 0) + (codes[404] ?? 0)).toBe(200)
  await expect.poll(async () => (await send(hub, { method: 'GET', path: namespace })).code).toBe(404)
  for (const resource of ['configmaps', 'serviceaccounts', 'secrets']) {
    const { text } = await send(hub, { method: 'GET', path: `/api/v1/${resource}` })
    expect(text).not.toContain('"namespace":"brief"')
  }
})

test('collections that are deleted by several at once, while they are filled, end in whole answers', async () => {
  const [deleted, created] = await Promise.all([
    all(5, () => send(hub, { method: 'DELETE', path: maps })),
    all(100, (index) => send(hub, { method: 'POST', path: maps, body: { metadata: { name: `filled-${index}` } } })),
  ])
  expect(codesOf(deleted)).toEqual({ 200: 5 })
  expect(codesOf(created)).toEqual({ 201: 100 })
})

test('two hundred names made by the hub at once all differ', async () => {
  const answers = await all(200, () =>
    send(hub, { method: 'POST', path: maps, body: { metadata: { generateName: 'made-' } } }),
  )
  expect(codesOf(answers)).toEqual({ 201: 200 })
})
