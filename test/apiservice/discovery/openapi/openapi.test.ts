import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ResourceDefinition } from '../../../../apiservice/registry/definition.ts'
import { builtinDefinitions } from '../../../../apiservice/resources/builtin.ts'
import { ask, discoveryOf, now, widgets } from '../served.ts'

const discovery = discoveryOf(() => [...builtinDefinitions(), widgets()])
const apps = '/openapi/v3/apis/apps/v1'

/** A document, as far as these tests look into it. */
interface Document {
  readonly paths: Record<string, { patch: { parameters: { name: string }[]; requestBody: { content: object } } }>
  readonly components: { readonly schemas: Record<string, Described> }
  readonly definitions: Record<string, Described>
}

interface Described {
  readonly description?: string
  readonly properties: Record<string, { description?: string }>
}

async function read(path: string): Promise<Document> {
  return JSON.parse((await ask(discovery, path))?.text ?? '')
}

async function hashOf(path: string): Promise<string> {
  return (await ask(discovery, path))?.headers['etag']?.toString().replaceAll('"', '') ?? ''
}

describe('the index of OpenAPI v3', () => {
  test('names every document with its hash', async () => {
    const reply = await ask(discovery, '/openapi/v3')
    expect(reply).toMatchObject({ code: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } })
    const { paths } = JSON.parse(reply?.text ?? '')
    expect(Object.keys(paths)).toEqual(Object.keys(paths).toSorted())
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1', 'apis/example.com/v1', 'version']),
    )
    expect(paths).not.toHaveProperty(['apis/example.com'])
    expect(paths['apis/apps/v1'].serverRelativeURL).toBe(`${apps}?hash=${await hashOf(apps)}`)
  })

  test('changes for the group version that changed and for no other', async () => {
    let definitions: readonly ResourceDefinition[] = [...builtinDefinitions(), widgets()]
    const changing = discoveryOf(() => definitions)
    const before = JSON.parse((await ask(changing, '/openapi/v3'))?.text ?? '').paths
    definitions = [...builtinDefinitions(), widgets({ shortNames: [] }), widgets({ version: 'v1beta1' })]
    changing.changed()
    const after = JSON.parse((await ask(changing, '/openapi/v3'))?.text ?? '').paths
    const { 'apis/example.com/v1beta1': added, ...others } = after
    expect(added).toBeDefined()
    // Short names are no part of the document, so the same document is made again.
    expect(others).toEqual(before)
    definitions = builtinDefinitions()
    changing.changed()
    expect((await ask(changing, '/openapi/v3/apis/example.com/v1'))?.code).toBe(404)
  })
})

describe('a document of OpenAPI v3', () => {
  test('may be kept for a year under its hash', async () => {
    const hash = await hashOf(apps)
    const reply = await ask(discovery, `${apps}?hash=${hash}&timeout=32s`)
    expect(reply).toMatchObject({
      code: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'public, immutable',
        expires: new Date(now + 365 * 24 * 3_600_000).toUTCString(),
        etag: `"${hash}"`,
        vary: 'Accept',
      },
    })
    expect(hash).toBe(
      createHash('sha512')
        .update(reply?.body ?? '')
        .digest('hex')
        .toUpperCase(),
    )
  })

  test('has moved for who asks with an old hash', async () => {
    const hash = await hashOf(apps)
    expect(await ask(discovery, `${apps}?hash=OLD&timeout=32s`)).toMatchObject({
      code: 301,
      headers: { location: `${apps}?hash=${hash}` },
      text: '',
    })
  })

  test.each(['*', '"a", ETAG', 'W/ETAG'])('is not sent to who has it: If-None-Match %s', async (header) => {
    const etag = `"${await hashOf(apps)}"`
    const reply = await ask(discovery, apps, { 'if-none-match': header.replace('ETAG', etag) })
    expect(reply).toMatchObject({ code: 304, text: '' })
  })

  test.each([
    'application/yaml',
    'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
  ])('is not acceptable as %s', async (accept) => {
    expect(await ask(discovery, apps, { accept })).toMatchObject({ code: 406, text: '' })
  })

  test.each(['/openapi/v3/', '/openapi/v3/nope', `${apps}/`])('there is none at %s', async (path) => {
    expect(await ask(discovery, path)).toMatchObject({ code: 404, text: '' })
  })

  test('tells kubectl that the server validates fields', async () => {
    const { paths } = await read(apps)
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch
    expect(patch?.parameters.map(({ name }) => name)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force'])
  })

  test('describes types and fields for kubectl explain', async () => {
    const { components } = await read(apps)
    const deployment = components.schemas['io.k8s.api.apps.v1.DeploymentSpec']
    expect(deployment?.description).toMatch(/^DeploymentSpec is /)
    expect(deployment?.properties['replicas']?.description).toMatch(/^Number of desired pods\./)
    expect(deployment?.properties['template']?.description).toMatch(/^PodTemplateSpec describes /)
  })

  test('of a custom kind shows its structure, its list and its lack of strategic merge', async () => {
    const { components, paths } = await read('/openapi/v3/apis/example.com/v1')
    expect(components.schemas['com.example.v1.Widget']).toEqual({
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            color: { type: 'string', nullable: true, enum: ['red', 'blue'] },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            labels: {
              type: 'object',
              additionalProperties: { type: 'string' },
              'x-kubernetes-map-type': 'atomic',
            },
            parts: {
              type: 'array',
              items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
              'x-kubernetes-list-map-keys': ['name'],
              'x-kubernetes-list-type': 'map',
            },
            port: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
            size: { type: 'integer', format: 'int32', default: 3 },
          },
        },
      },
      'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
      'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.color' }],
    })
    expect(components.schemas['com.example.v1.WidgetList']).toMatchObject({
      properties: { items: { items: { $ref: '#/components/schemas/com.example.v1.Widget' } } },
    })
    const item = paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']
    expect(Object.keys(item?.patch.requestBody.content ?? {})).toEqual([
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
    ])
  })

  test('has no reference that leads nowhere', async () => {
    const { paths } = JSON.parse((await ask(discovery, '/openapi/v3'))?.text ?? '')
    for (const path of Object.keys(paths)) {
      const { text = '' } = (await ask(discovery, `/openapi/v3/${path}`)) ?? {}
      const schemas = new Set(Object.keys(JSON.parse(text).components.schemas ?? {}))
      const missing = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].filter(
        ([, name]) => !schemas.has(name ?? ''),
      )
      expect(missing, path).toEqual([])
    }
  })
})

describe('OpenAPI v2', () => {
  test('holds every kind, without what it cannot say', async () => {
    const { definitions } = await read('/openapi/v2')
    expect(definitions['com.example.v1.Widget']).toEqual({
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            color: { enum: ['red', 'blue'] },
            free: { 'x-kubernetes-preserve-unknown-fields': true },
            labels: {
              type: 'object',
              additionalProperties: { type: 'string' },
              'x-kubernetes-map-type': 'atomic',
            },
            parts: {
              type: 'array',
              items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
              'x-kubernetes-list-map-keys': ['name'],
              'x-kubernetes-list-type': 'map',
            },
            port: { 'x-kubernetes-int-or-string': true },
            size: { type: 'integer', format: 'int32' },
          },
        },
      },
      'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
      'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.color' }],
    })
    expect(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toMatchObject({
      type: 'string',
      format: 'int-or-string',
    })
  })

  test('is compressed for who takes that', async () => {
    const plain = await ask(discovery, '/openapi/v2')
    const zipped = await ask(discovery, '/openapi/v2', { 'accept-encoding': 'gzip, deflate' })
    expect(zipped?.headers).toMatchObject({ 'content-encoding': 'gzip', vary: ['Accept-Encoding', 'Accept'] })
    expect(gunzipSync(zipped?.body ?? Buffer.alloc(0)).equals(plain?.body ?? Buffer.alloc(0))).toBe(true)
  })

  test.each(['@', '.'])('is protobuf for older kubectl, asked for with %s', async (separator) => {
    const accept = `application/com.github.proto-openapi.spec.v2${separator}v1.0+protobuf`
    const reply = await ask(discovery, '/openapi/v2', { accept })
    const type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
    expect(reply).toMatchObject({ code: 200, headers: { 'content-type': type } })
    expect(reply?.body.subarray(0, 5)).toEqual(Buffer.from('\n\x032.0'))
    expect(reply?.headers['etag']).toBe((await ask(discovery, '/openapi/v2'))?.headers['etag'])
    expect(
      await ask(discovery, '/openapi/v2', { accept, 'if-none-match': String(reply?.headers['etag']) }),
    ).toMatchObject({
      code: 304,
    })
  })

  test('is not acceptable as anything else', async () => {
    expect(await ask(discovery, '/openapi/v2', { accept: 'application/yaml' })).toMatchObject({ code: 406, text: '' })
  })
})
