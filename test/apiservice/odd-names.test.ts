import { connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { send } from '../fixtures/send.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub?.dispose())

const maps = '/api/v1/namespaces/default/configmaps'

/** What every JavaScript object seems to have. */
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']

describe.each(inherited)('%s is a name like any other', (name) => {
  const json = (value: unknown) => JSON.stringify(value).replaceAll('KEY', name)

  test('of a key of a ConfigMap, created, patched and applied', async () => {
    const path = `${maps}/odd-${inherited.indexOf(name)}`
    const metadata = { name: `odd-${inherited.indexOf(name)}` }
    const created = await send(hub, { method: 'POST', path: maps, body: json({ metadata, data: { KEY: '1' } }) })
    expect(created.code).toBe(201)
    const patch = (type: string, body: string) =>
      send(hub, {
        method: 'PATCH',
        path: `${path}?fieldManager=odd&${type === 'apply-patch+yaml' ? 'force=1' : ''}`,
        body,
        headers: { 'content-type': `application/${type}` },
      })
    for (const [type, body] of [
      [
        'json-patch+json',
        json([
          { op: 'test', path: '/data/KEY', value: '1' },
          { op: 'add', path: '/data/KEY', value: '2' },
        ]),
      ],
      ['merge-patch+json', json({ data: { KEY: '2' } })],
      ['strategic-merge-patch+json', json({ data: { KEY: '2' } })],
      ['apply-patch+yaml', json({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { KEY: '2' } })],
    ] as const) {
      const answer = await patch(type, body)
      expect([type, answer.code, answer.text.includes(`"data":{"${name}":"2"}`)]).toEqual([type, 200, true])
    }
    const removed = await patch('merge-patch+json', json({ data: { KEY: null } }))
    expect(removed.text).not.toContain(`"${name}":"2"`)
  })

  test('of nothing that is served', async () => {
    for (const path of [`/api/v1/${name}`, `${maps}/x/${name}`, `/apis/apps/${name}/deployments`]) {
      expect([path, (await send(hub, { method: 'GET', path })).code]).toEqual([path, 404])
    }
    expect((await send(hub, { method: 'GET', path: `/apis/${name}/v1/x` })).code).toBe(404)
  })

  test('of no format of a body, and of no priority class', async () => {
    const headers = { 'content-type': name }
    expect((await send(hub, { method: 'POST', path: maps, body: '{}', headers })).code).toBe(415)
    expect((await send(hub, { method: 'PATCH', path: `${maps}/x`, body: '{}', headers })).code).toBe(415)
    const spec = { priorityClassName: name, containers: [{ name: 'c', image: 'i' }] }
    const body = { metadata: { generateName: 'odd-' }, spec }
    const pod = await send(hub, { method: 'POST', path: '/api/v1/namespaces/default/pods', body })
    expect([pod.code, pod.text]).toEqual([403, expect.stringContaining(`no PriorityClass with name ${name} was found`)])
  })
})

test.each([
  'constructor',
  'WATCH',
  'LIST',
  'DELETECOLLECTION',
  'get',
])('the method %s is not allowed', async (method) => {
  const client = connect(hub.url, { ca: hub.ca, cert: hub.cert, key: hub.key })
  const stream = client.request({ ':method': method, ':path': maps })
  const code = await new Promise((resolve, reject) => {
    stream.on('response', (headers) => resolve(headers[':status']))
    stream.on('error', reject)
  })
  client.destroy()
  expect(code).toBe(405)
})

test('what nobody serves leaves no trace in the metrics, however much of it is asked for', async () => {
  for (let one = 0; one < 20; one++) {
    await send(hub, { method: 'GET', path: `/apis/made-up-${one}/v1/things` })
    await send(hub, { method: 'GET', path: `/api/v1/made-up-${one}` })
    await send(hub, { method: 'GET', path: `${maps}/x/made-up-${one}` })
    await send(hub, { method: 'DELETE', path: `${maps}/x?dryRun=made-up-${one}` })
  }
  const { text } = await send(hub, { method: 'GET', path: '/metrics' })
  expect(text).toContain('apiserver_request_total')
  expect(text).not.toContain('made-up')
})

test.each([
  ['x', 'illegal base64 data at input byte 0'],
  ['abc=', 'illegal base64 data at input byte 3'],
  ['', undefined],
])('a continue token that is none is refused in the words of kube-apiserver: %o', async (token, detail) => {
  const answer = await send(hub, { method: 'GET', path: `${maps}?continue=${token}` })
  const message = `invalid continue token: continue key is not valid: ${detail}`
  expect(answer.code).toBe(detail === undefined ? 200 : 400)
  if (detail !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ message })
})

test.each([
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
])('a list that is no Table does not care about includeObject: %s', async (accept) => {
  const answer = await send(hub, { method: 'GET', path: `${maps}?includeObject=constructor`, headers: { accept } })
  expect(answer).toMatchObject({ code: 200, text: expect.stringContaining('ConfigMapList') })
})
