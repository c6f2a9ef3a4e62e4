import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conform } from '../../../src/machinery/schema/conform.ts'
import { resourceFacts, schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { messageOfKind } from '../../../src/machinery/schema/messages.ts'
import { decodeProtobuf, encodeProtobuf, encodeWatchFrame } from '../../../src/machinery/schema/protobuf.ts'
import { maxObjectDepth } from '../../../src/machinery/schema/read-message.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { arbitraryObject } from './arbitrary-object.ts'

const kinds = [
  ...new Map(
    resourceFacts().resources.map(({ g, v, kind }) => [
      `${g}/${kind}`,
      { apiVersion: g === '' ? v : `${g}/${v}`, g, v, kind },
    ]),
  ).values(),
].filter(({ apiVersion, kind }) => messageOfKind(apiVersion, kind) !== undefined)

describe('protobuf', () => {
  test('knows every built-in kind and its list', () => {
    expect(kinds.length).toBeGreaterThan(60)
    for (const { g, v, kind, verbs } of resourceFacts().resources) {
      const apiVersion = g === '' ? v : `${g}/${v}`
      expect([kind, messageOfKind(apiVersion, kind)?.isKind]).toEqual([kind, true])
      if (verbs.includes('list')) expect([kind, messageOfKind(apiVersion, `${kind}List`)?.isKind]).toEqual([kind, true])
    }
  })

  test.each(kinds)('brings every $apiVersion $kind back as it was', ({ apiVersion, kind }) => {
    fc.assert(
      fc.property(arbitraryObject(apiVersion, kind), (object) => {
        const decoded = decodeProtobuf(encodeProtobuf({ ...object, apiVersion, kind }))
        expect(decoded.object).toEqual(object)
        expect(JSON.stringify(decoded.object)).toBe(JSON.stringify(object))
      }),
      { numRuns: 20 },
    )
  })

  test.each(kinds)('and conforming leaves a canonical $kind alone', ({ apiVersion, g, v, kind }) => {
    const schema = schemaOfKind(g, v, kind)
    if (schema === undefined) throw new Error(`${kind} has no schema`)
    fc.assert(
      fc.property(arbitraryObject(apiVersion, kind), (object) => {
        expect(conform(structuredClone(object), { schema, custom: false })).toEqual({ object, unknown: [] })
      }),
      { numRuns: 10 },
    )
  })

  test('writes the bytes that Kubernetes writes', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: { b: '2', a: '1' } },
      data: { k: 'v' },
    }
    const labels = '5a06 0a0161 120131 5a06 0a0162 120132'
    const metadata = `0a21 0a0161 1200 1a00 2200 2a00 3200 3800 4200 ${labels}`
    const body = `${metadata} 1206 0a016b 120176`
    const expected = `6b387300 0a0f 0a027631 1209 436f6e6669674d6170 122b ${body} 1a00 2200`
    expect(encodeProtobuf(object).toString('hex')).toBe(expected.replaceAll(' ', ''))
  })

  test('frames a watch event with its length', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
    const frame = encodeWatchFrame('ADDED', object)
    const whole = encodeProtobuf(object)
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
    expect(frame.subarray(4, 11).toString('latin1')).toBe('\n\x05ADDED')
    expect(frame.subarray(frame.length - whole.length)).toEqual(whole)
    const raw = whole.length
    expect([...frame.subarray(11, frame.length - raw)]).toEqual([0x12, raw + 2, 0x0a, raw])
  })

  test('has no form for Tables and custom resources', () => {
    expect(() => encodeProtobuf({ apiVersion: 'meta.k8s.io/v1', kind: 'Table' })).toThrow(StatusError)
    expect(() => encodeProtobuf({ apiVersion: 'core.oam.dev/v1beta1', kind: 'Application' })).toThrow(
      /only the following media types/,
    )
  })

  test('carries metadata of any kind, and lists of it', () => {
    const item = { metadata: { name: 'a', resourceVersion: '5' } }
    for (const version of ['v1', 'v1beta1']) {
      const list = {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${version}`,
        metadata: { resourceVersion: '7' },
        items: [item],
      }
      expect(decodeProtobuf(encodeProtobuf(list)).object).toEqual(list)
    }
  })

  test('brings a Status back', () => {
    const status = StatusError.notFound({ group: '', resource: 'configmaps' }, 'a').toStatus()
    expect(decodeProtobuf(encodeProtobuf(status)).object).toEqual(status)
  })

  test('keeps integers up to the limits of a double', () => {
    for (const generation of [0, 1, 127, 128, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 31), -(2 ** 53 - 1)]) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generation } }
      expect(
        (decodeProtobuf(encodeProtobuf(object)).object['metadata'] as { generation?: number }).generation ?? 0,
      ).toBe(generation)
    }
  })
})

describe('bytes that are no object', () => {
  const configMap = (body: string) =>
    Buffer.from(`6b3873000a0f0a0276311209436f6e6669674d617012${body}`.replaceAll(' ', ''), 'hex')

  test.each([
    ['another magic', Buffer.from('abcd\n\0'), /expected prefix \[107 56 115 0\]/],
    ['nothing', Buffer.alloc(0), /expected prefix/],
    ['a body that ends early', configMap('05 0a090a0161'), /^unexpected EOF$/],
    ['a wrong wire type', configMap('02 0801'), /^proto: wrong wireType = 0 for field ObjectMeta$/],
    ['a length beyond the end', configMap('06 0affffffff7f'), /^unexpected EOF$/],
    ['a varint without end', configMap('0c 08ffffffffffffffffffffff'), /^proto: (?:integer overflow|wrong)/],
    ['an end of a group', configMap('01 0c'), /wiretype end group for non-group/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => decodeProtobuf(bytes)).toThrow(message)
  })

  test('unknown fields are passed over', () => {
    expect(decodeProtobuf(configMap('08 0a030a0161 980601')).object).toMatchObject({ metadata: { name: 'a' } })
  })

  test('groups that never end are refused without exhausting the stack', () => {
    const groups = '9b06'.repeat(100_000)
    const bytes = Buffer.concat([configMap('e0a70c'), Buffer.from(groups, 'hex')])
    expect(() => decodeProtobuf(bytes)).toThrow(StatusError)
  })

  test('schemas inside schemas come through up to a depth, and are refused beyond', () => {
    const definition = (depth: number) => {
      let nested: Record<string, unknown> = {}
      for (let level = 0; level < depth; level++) nested = { not: nested }
      const spec = { versions: [{ schema: { openAPIV3Schema: nested } }] }
      return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec }
    }
    const deepest = maxObjectDepth - 6 // the definition around the schema has levels of its own
    expect(decodeProtobuf(encodeProtobuf(definition(deepest))).object).toMatchObject(definition(deepest))
    expect(() => decodeProtobuf(encodeProtobuf(definition(maxObjectDepth)))).toThrow('proto: exceeded max depth')
  })

  test('whatever the damage, the answer is an object or a StatusError', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...kinds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        fc.nat(),
      )
      .chain(([{ apiVersion, kind }, changes, cut]) =>
        arbitraryObject(apiVersion, kind).map((object) => {
          const bytes = encodeProtobuf({ ...object, apiVersion, kind })
          for (const [at, byte] of changes) bytes[4 + (at % (bytes.length - 4))] = byte
          return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes
        }),
      )
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          decodeProtobuf(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
