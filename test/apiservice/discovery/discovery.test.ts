import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ResourceDefinition } from '../../../apiservice/registry/definition.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import { resourceFacts } from '../../../src/machinery/schema/facts.ts'
import { askJudge, judgeKubeconfig, judgeTitle } from './judge.ts'
import { ask, discoveryOf, v2, widgets } from './served.ts'

const discovery = discoveryOf()

describe('legacy discovery', () => {
  test('tells the versions of the core group and where the server is', async () => {
    expect((await ask(discovery, '/api'))?.text).toBe(
      '{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"127.0.0.1:16443"}]}\n',
    )
  })

  test('names a subresource with the kind that it answers', async () => {
    const { resources } = JSON.parse((await ask(discovery, '/apis/apps/v1'))?.text ?? '')
    expect(resources).toContainEqual({
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    })
  })

  test.each([
    '/api',
    '/api/',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/',
    '/apis/apps/v1/',
  ])('%s is served as JSON', async (path) => {
    expect(await ask(discovery, path)).toMatchObject({ code: 200, headers: { 'content-type': 'application/json' } })
  })

  test.each([
    '/',
    '/apis/nobody.example',
    '/apis/apps/v9',
    '/api/v2',
    '/apis/apps/v1/deployments',
    '/api/v1/x',
    '/healthz',
  ])('%s is not discovery', async (path) => {
    expect(await ask(discovery, path)).toBeUndefined()
  })

  test('is refused in a form that there is not', async () => {
    await expect(ask(discovery, '/apis', { accept: v2.replace('v=v2', 'v=v2beta1') })).rejects.toMatchObject({
      code: 406,
      message:
        'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    })
  })

  test.each(['/api', '/api/v1', '/apis', '/apis/apps/v1'])('%s is served as protobuf', async (path) => {
    const accept = 'application/vnd.kubernetes.protobuf'
    const reply = await ask(discovery, path, { accept })
    expect(reply).toMatchObject({ code: 200, headers: { 'content-type': accept } })
    expect(reply?.text).toMatch(/^k8s\0/)
  })

  test('is indented for people', async () => {
    expect((await ask(discovery, '/api', { 'user-agent': 'curl/8' }))?.text).toMatch(/^{\n {2}"kind": "APIVersions",\n/)
  })
})

describe('aggregated discovery', () => {
  test.each([
    v2,
    `${v2},application/json`,
    `application/json,${v2};q=0.1`,
    `${v2};profile=nopeer`,
  ])('is what %s asks for', async (accept) => {
    expect(await ask(discovery, '/apis', { accept })).toMatchObject({
      code: 200,
      headers: { 'content-type': v2, vary: 'Accept', 'cache-control': 'public' },
    })
  })

  test('is tagged by its content without kind and version, and not sent to who has it', async () => {
    const reply = await ask(discovery, '/apis', { accept: v2 })
    const { kind: _kind, apiVersion: _apiVersion, ...content } = JSON.parse(reply?.text ?? '')
    const digest = createHash('sha512').update(JSON.stringify(content)).digest('hex').toUpperCase()
    expect(reply?.headers['etag']).toBe(`"${digest}"`)
    const again = await ask(discovery, '/apis', { accept: v2, 'if-none-match': `"${digest}"` })
    expect(again).toMatchObject({ code: 304, text: '', headers: { etag: `"${digest}"` } })
  })

  test.each([
    ['application/vnd.kubernetes.protobuf', /^k8s\0/],
    ['application/yaml', /^apiVersion: apidiscovery\.k8s\.io\/v2\n/],
  ])('has the same tag as %s', async (type, start) => {
    const [, ...parameters] = v2.split(';')
    const accept = [type, ...parameters].join(';')
    const json = await ask(discovery, '/api', { accept: v2 })
    const other = await ask(discovery, '/api', { accept })
    expect(other?.headers).toEqual({ ...json?.headers, 'content-type': accept })
    expect(other?.text).toMatch(start)
  })

  test('says group and version of a custom kind', async () => {
    const { items } = JSON.parse(
      (
        await ask(
          discoveryOf(() => [widgets()]),
          '/apis',
          { accept: v2 },
        )
      )?.text ?? '',
    )
    expect(items).toEqual([
      {
        metadata: { name: 'example.com' },
        versions: [
          {
            version: 'v1',
            resources: [
              {
                resource: 'widgets',
                responseKind: { group: 'example.com', version: 'v1', kind: 'Widget' },
                scope: 'Namespaced',
                singularResource: 'widget',
                verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
                shortNames: ['wd'],
                categories: ['all'],
                subresources: [
                  {
                    subresource: 'status',
                    responseKind: { group: 'example.com', version: 'v1', kind: 'Widget' },
                    verbs: ['get', 'patch', 'update'],
                  },
                  {
                    subresource: 'scale',
                    responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
                    verbs: ['get', 'patch', 'update'],
                  },
                ],
              },
            ],
            freshness: 'Current',
          },
        ],
      },
    ])
  })
})

test('the version is indented JSON', async () => {
  const reply = await ask(discovery, '/version')
  expect(reply).toMatchObject({ code: 200, headers: { 'content-type': 'application/json' } })
  expect(reply?.text).toMatch(/^{\n {2}"major": "1",\n {2}"minor": "36",\n/)
})

test('a kind that comes is told of at once', async () => {
  let definitions: readonly ResourceDefinition[] = builtinDefinitions()
  const changing = discoveryOf(() => definitions)
  expect(await ask(changing, '/apis/example.com/v1')).toBeUndefined()
  const before = (await ask(changing, '/apis', { accept: v2 }))?.headers['etag']
  definitions = [...definitions, widgets()]
  changing.changed()
  expect(await ask(changing, '/apis/example.com/v1')).toMatchObject({ code: 200 })
  expect((await ask(changing, '/apis', { accept: v2 }))?.headers['etag']).not.toBe(before)
})

describe.skipIf(judgeKubeconfig === undefined)(judgeTitle, () => {
  const { groups } = resourceFacts()
  const paths = groups.flatMap(([group, versions]) =>
    group === ''
      ? versions.map((version) => `/api/${version}`)
      : [`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`)],
  )

  test.each(paths)('%s is the same bytes', async (path) => {
    const { body } = await askJudge(path, 'application/json')
    expect((await ask(discovery, path))?.text).toBe(body.toString('utf8'))
  })

  const protobuf = { accept: 'application/vnd.kubernetes.protobuf' }
  test.each(paths.filter((path) => path !== '/api/v1'))('%s is the same bytes as protobuf', async (path) => {
    const { body } = await askJudge(path, protobuf.accept)
    expect((await ask(discovery, path, protobuf))?.body).toEqual(body)
  })

  test('the core group is the same bytes and has the same tag, aggregated', async () => {
    const { body, etag } = await askJudge('/api', v2)
    const reply = await ask(discovery, '/api', { accept: v2 })
    expect(reply?.text).toBe(body.toString('utf8'))
    expect(reply?.headers['etag']).toBe(etag)
  })

  // The real server may have custom kinds by now; ours come and go with it, so only built-in groups are compared.
  const builtIn = new Set(groups.map(([group]) => group))
  test('all other groups are the same bytes, aggregated', async () => {
    const theirs = JSON.parse((await askJudge('/apis', v2)).body.toString('utf8'))
    theirs.items = theirs.items.filter((item: { metadata: { name: string } }) => builtIn.has(item.metadata.name))
    expect((await ask(discovery, '/apis', { accept: v2 }))?.text).toBe(`${JSON.stringify(theirs)}\n`)
  })

  test('the list of groups is the same bytes', async () => {
    const theirs = JSON.parse((await askJudge('/apis', 'application/json')).body.toString('utf8'))
    theirs.groups = theirs.groups.filter(({ name }: { name: string }) => builtIn.has(name))
    expect((await ask(discovery, '/apis'))?.text).toBe(`${JSON.stringify(theirs)}\n`)
  })
})
