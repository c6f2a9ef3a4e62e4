import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeObject } from '../../../apiservice/wire/decode.ts'
import { warningHeaders } from '../../../apiservice/wire/encode.ts'
import { negotiate } from '../../../apiservice/wire/negotiate.ts'
import { fieldAt, isObject } from '../../../src/machinery/object.ts'
import { conform } from '../../../src/machinery/schema/conform.ts'
import { type ResourceFact, resourceFacts, schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { decodeProtobuf, encodeProtobuf } from '../../../src/machinery/schema/protobuf.ts'
import { canonicalQuantity } from '../../../src/machinery/schema/quantity.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

const kubeconfig = process.env['CONTROL_PLANE_KUBECONFIG']
const title = 'like a real kube-apiserver (set CONTROL_PLANE_KUBECONFIG to run this)'
const protobuf = 'application/vnd.kubernetes.protobuf'

interface Answer {
  readonly code: number
  readonly body: Buffer
  readonly warnings: readonly string[]
}

describe.skipIf(kubeconfig === undefined)(title, () => {
  const namespace = `wire-${randomBytes(4).toString('hex')}`
  let url = ''
  let agent = new Agent()

  const ask = (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string | Buffer,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, url),
        { agent, method, headers: { 'user-agent': 'test', ...headers } },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const warnings = response.headersDistinct['warning'] ?? []
            resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks), warnings })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })

  const post = async (path: string, body: string | Buffer, type: string) => {
    const {
      code,
      body: bytes,
      warnings,
    } = await ask('POST', path, { accept: 'application/json', 'content-type': type }, body)
    const object: unknown = JSON.parse(bytes.toString('utf8'))
    return { code, warnings, object: isObject(object) ? object : {} }
  }

  beforeAll(async () => {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig ?? '')
    const cluster = config.getCurrentCluster()
    const user = config.getCurrentUser()
    const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64')
    url = cluster?.server ?? ''
    agent = new Agent({
      keepAlive: true,
      ca: decode(cluster?.caData),
      cert: decode(user?.certData),
      key: decode(user?.keyData),
    })
    await post('/api/v1/namespaces', JSON.stringify({ metadata: { name: namespace } }), 'application/json')
  })

  afterAll(async () => {
    await ask('DELETE', `/api/v1/namespaces/${namespace}`, {})
    agent.destroy()
  })

  const collection = ({ g, v, r }: Pick<ResourceFact, 'g' | 'v' | 'r'>) =>
    g === '' ? `/api/${v}/${r}` : `/apis/${g}/${v}/${r}`

  /** The same list in both forms, asked for until nothing changed in between. */
  async function listTwice(
    path: string,
  ): Promise<{ readonly json: Record<string, unknown>; readonly bytes: Buffer } | undefined> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const json = await ask('GET', path, { accept: 'application/json' })
      const binary = await ask('GET', path, { accept: protobuf })
      const object: unknown = JSON.parse(json.body.toString('utf8'))
      if (!isObject(object)) return undefined
      const known = decodeProtobuf(binary.body).object
      if (fieldAt(object, 'metadata', 'resourceVersion') === fieldAt(known, 'metadata', 'resourceVersion')) {
        return { json: object, bytes: binary.body }
      }
    }
    return undefined
  }

  // Component statuses are probed anew, in any order, for each answer.
  const lists = resourceFacts().resources.filter(({ verbs, r }) => verbs.includes('list') && r !== 'componentstatuses')

  test.each(lists)('$g/$r reads and writes the same in JSON and protobuf', async (resource) => {
    const both = await listTwice(collection(resource))
    if (both === undefined) throw new Error('the list changes all the time')
    const { json, bytes } = both
    const items = Array.isArray(json['items']) ? (json['items'] as Record<string, unknown>[]) : []
    const decoded = decodeProtobuf(bytes).object
    expect(decoded['items'] ?? []).toEqual(items)
    const { apiVersion, kind } = json as { apiVersion: string; kind: string }
    expect(encodeProtobuf({ ...json, apiVersion, kind }).equals(bytes)).toBe(true)
    const schema = schemaOfKind(resource.g, resource.v, resource.kind)
    if (schema === undefined) throw new Error(`${resource.kind} has no schema`)
    for (const item of items) {
      const conformed = conform(item, { schema, custom: false })
      expect(JSON.stringify(conformed.object)).toBe(JSON.stringify(item))
      expect(conformed.unknown).toEqual([])
    }
  })

  test('takes our protobuf', async () => {
    const object = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a', labels: { b: '1', a: '2' } },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { limits: { cpu: '500m', memory: '1Gi' } },
            livenessProbe: { httpGet: { path: '/', port: 'http' }, initialDelaySeconds: 5 },
            ports: [{ name: 'http', containerPort: 80 }],
          },
        ],
        volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }],
        automountServiceAccountToken: false,
      },
    }
    const { code, object: stored } = await post(
      `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
      encodeProtobuf(object),
      protobuf,
    )
    expect(code).toBe(201)
    expect(stored).toMatchObject(object)
  })

  const configMaps = `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`

  /** What the hub says to a body, in the terms of an answer. */
  function ours(kind: string, body: Buffer, contentType: string, fieldValidation: 'Strict' | 'Warn') {
    const schema = schemaOfKind('', 'v1', kind)
    if (schema === undefined) throw new Error(`${kind} has no schema`)
    const expected = { group: '', version: 'v1', kind }
    try {
      const { object, warnings } = decodeObject(body, { contentType, expected, schema, custom: false, fieldValidation })
      return { refusal: undefined, object, warnings: warningHeaders(warnings) }
    } catch (error) {
      if (error instanceof StatusError) return { refusal: error.message, object: undefined, warnings: [] }
      throw error
    }
  }

  const meta = '"metadata":{"name":"a"}'
  test.each([
    '{"metadata":{"name":"a","bar":{"x":1},"name":"b"},"Data":{"a":"b"},"foo":1,"data":{"x":"1","x":"2"},"foo":2}',
    `{${meta},"x":{"y":1,"y":2}}`,
    `{${meta},"data":{"__proto__":"x","b":null}}`,
    `{${meta},"data":{"a":"\\ud800"},"binaryData":{"b":"YR==","c":"YQ=\\n="}}`,
    `{${meta},"binaryData":{"a":"YWJjYQ="}}`,
    '{"metadata":{"name":"a"},"metadata":{"labels":{"a":"b"}},"data":{"a":"1"},"data":{"b":"2"}}',
    '{"metadata":{"generation":99999999999999999999}}',
    '{"metadata":{"ownerReferences":[{"controller":"x"}]}}',
    '{"metadata":{"managedFields":[{"time":"2020-02-30T00:00:00Z"}]}}',
    '{"kind":"Secret"}',
    '{"apiVersion":"foo/v1","kind":"Foo"}',
    '{"apiVersion":"a/b/c"}',
    '{"a":01}',
    '[1]',
    '',
  ])('reads the ConfigMap %s', async (body) => {
    for (const mode of ['Strict', 'Warn'] as const) {
      const real = await post(`${configMaps}&fieldValidation=${mode}`, body, 'application/json')
      const mine = ours('ConfigMap', Buffer.from(body), 'application/json', mode)
      if (real.code !== 201) expect(mine.refusal).toBe(real.object['message'])
      else {
        expect(mine.refusal).toBeUndefined()
        expect(mine.warnings).toEqual(real.warnings)
        expect(mine.object?.['data']).toEqual(real.object['data'])
        expect(mine.object?.['binaryData']).toEqual(real.object['binaryData'])
      }
    }
  })

  test('reads any YAML scalar in the same way', async () => {
    const scalars = fc.stringMatching(/^[-+.]?(?:0[xob]?)?[0-9_]{0,4}[.eE:]?[-+]?[0-9a-f]{0,3}$/)
    await fc.assert(
      fc.asyncProperty(scalars, async (scalar) => {
        const body = `metadata: {name: a}\ndata: {a: !!str x}\nimmutable: ${scalar}\n`
        const real = await post(configMaps, body, 'application/yaml')
        const mine = ours('ConfigMap', Buffer.from(body), 'application/yaml', 'Warn')
        // Syntax is refused by both, each in the words of its parser.
        const told = (text: unknown) => (typeof text === 'string' ? text.replace(/yaml: .*/, 'yaml') : undefined)
        expect(told(mine.refusal)).toBe(real.code === 400 ? told(real.object['message']) : undefined)
      }),
      { numRuns: 150 },
    )
  })

  test('prints any quantity in the same way', async () => {
    // Beyond 10^21 kube-apiserver prints amounts in E without their suffix; they stay out of this.
    const quantities = fc.stringMatching(
      /^[+]?[0-9]{0,6}(?:\.[0-9]{0,6})?(?:[eE][-+]?[0-9]{1,2}|[num]|[kMGT]|[KMGTPE]i)?$/,
    )
    await fc.assert(
      fc.asyncProperty(quantities, async (quantity) => {
        const spec = {
          containers: [{ name: 'c', image: 'i' }],
          volumes: [{ name: 'v', emptyDir: { sizeLimit: quantity } }],
        }
        const real = await post(
          `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
          JSON.stringify({ metadata: { name: 'a' }, spec: { ...spec, automountServiceAccountToken: false } }),
          'application/json',
        )
        if (real.code !== 201) {
          const { message } = real.object
          expect(() => canonicalQuantity(quantity)).toThrow(
            String(message).replace(/^Pod in version "v1" cannot be handled as a Pod: /, ''),
          )
        } else
          expect(canonicalQuantity(quantity)).toBe(fieldAt(real.object, 'spec', 'volumes', 0, 'emptyDir', 'sizeLimit'))
      }),
      { numRuns: 150 },
    )
  })

  test('answers any Accept in the same form', async () => {
    const media = fc.constantFrom(
      'application/json',
      'application/yaml',
      protobuf,
      '*/*',
      'application/*',
      'text/plain',
      'application/cbor',
    )
    const parameters = fc.constantFrom(
      '',
      ';as=Table;v=v1;g=meta.k8s.io',
      ';as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      ';q=0.5',
      ';q=0',
      ';stream=watch',
      ';sv=v2',
      ';v=v1',
    )
    const accepts = fc.array(
      fc.tuple(media, parameters).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(accepts, async (clauses) => {
        const accept = clauses.join(',')
        const path = `/api/v1/namespaces/${namespace}/configmaps?limit=1`
        const real = await ask('GET', path, { accept })
        let mine = ''
        try {
          const { format, view } = negotiate(accept, { custom: false, shape: 'list' })
          mine = `${format} ${view}`
        } catch (error) {
          if (!(error instanceof StatusError)) throw error
          mine = error.message
        }
        expect(mine).toBe(formOf(real))
      }),
      { numRuns: 150 },
    )
  })
})

/** Format and view of a list, or the message of a Status, whatever it is written in. */
function formOf({ body }: Answer): string {
  const text = body.toString('utf8')
  const format = text.startsWith('k8s\0') ? 'protobuf' : text.startsWith('{') ? 'json' : 'yaml'
  const message = /"message": ?("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  if (text.includes('NotAcceptable')) {
    if (format === 'protobuf') return String(decodeProtobuf(body).object['message'])
    if (message !== undefined) return String(JSON.parse(message))
    return (/message: '([^']*)'/.exec(text)?.[1] ?? '').replace(/\n\s*/g, ' ')
  }
  const view = text.includes('columnDefinitions')
    ? 'table'
    : text.includes('PartialObjectMetadata')
      ? 'metadata'
      : 'object'
  return `${format} ${view}`
}
