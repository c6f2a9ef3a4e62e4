import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compress, compressFromBytes, encodeObject, warningHeaders } from '../../../apiservice/wire/encode.ts'
import { decodeProtobuf } from '../../../src/machinery/schema/protobuf.ts'

const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { a: 'ü' } }

describe('encodeObject', () => {
  test.each([
    [
      { format: 'json', pretty: false },
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"a":"ü"}}\n',
    ],
    [
      { format: 'json', pretty: true },
      '{\n  "kind": "ConfigMap",\n  "apiVersion": "v1",\n  "metadata": {\n    "name": "a"\n  },\n  "data": {\n    "a": "ü"\n  }\n}',
    ],
    [{ format: 'yaml', pretty: false }, 'apiVersion: v1\ndata:\n  a: ü\nkind: ConfigMap\nmetadata:\n  name: a\n'],
  ] as const)('%j', (representation, body) => {
    expect(encodeObject(object, representation).toString('utf8')).toBe(body)
  })

  test('protobuf', () => {
    expect(decodeProtobuf(encodeObject(object, { format: 'protobuf', pretty: false })).object).toEqual(object)
  })

  test('refuses protobuf of a Table', () => {
    const table = { kind: 'Table', apiVersion: 'meta.k8s.io/v1' }
    expect(() => encodeObject(table, { format: 'protobuf', pretty: false })).toThrow(/only the following media types/)
  })
})

describe('compress', () => {
  const reply = (bytes: number) => ({ code: 200, headers: { vary: 'Accept' }, body: Buffer.alloc(bytes, 'x') })

  test('shortens a large list for a client that takes gzip', async () => {
    const small = await compress(reply(compressFromBytes), { verb: 'list', acceptEncoding: 'deflate, gzip' })
    expect(small.headers).toEqual({ 'content-encoding': 'gzip', vary: ['Accept-Encoding', 'Accept'] })
    expect(small.body).toBeInstanceOf(Buffer)
    expect(gunzipSync(small.body as Buffer)).toEqual(reply(compressFromBytes).body)
  })

  test.each([
    ['a smaller body', compressFromBytes - 1, 'list', 'gzip'],
    ['a write', compressFromBytes, 'create', 'gzip'],
    ['a client that does not take it', compressFromBytes, 'get', 'br'],
    ['a client that says nothing', compressFromBytes, 'get', undefined],
  ])('leaves %s alone', async (_, bytes, verb, acceptEncoding) => {
    const plain = reply(bytes)
    expect(await compress(plain, { verb, acceptEncoding })).toBe(plain)
  })
})

describe('warningHeaders', () => {
  test('quote the text and name no agent', () => {
    expect(warningHeaders(['unknown field "spec.a\\b"'])).toEqual(['299 - "unknown field \\"spec.a\\\\b\\""'])
  })

  test('say everything once, in order, and nothing that breaks a header', () => {
    expect(warningHeaders(['b', 'a', 'b', 'x\r\ny', ' '])).toEqual(['299 - "b"', '299 - "a"', '299 - "x  y"'])
  })

  test('are cut when there is too much to say, and end with the budget', () => {
    const texts = Array.from({ length: 40 }, (_, index) => `${String(index).padStart(2, '0')}${'x'.repeat(300)}`)
    const headers = warningHeaders(texts)
    expect(headers).toHaveLength(4096 / 256)
    for (const header of headers) expect(header).toHaveLength('299 - ""'.length + 256)
  })

  test('leave long texts whole while there is room', () => {
    const text = 'x'.repeat(4096)
    expect(warningHeaders([text])).toEqual([`299 - "${text}"`])
  })

  test('can be sent whatever the text is', () => {
    const [header = ''] = warningHeaders(['unknown field "größe 雪"'])
    expect(Buffer.from(header, 'latin1').toString('utf8')).toBe('299 - "unknown field \\"größe 雪\\""')
  })
})
