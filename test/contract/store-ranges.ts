import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../storage/store.ts'
import { allOf, key, namesOf, put, remove, type StoreOpener } from './store-fixtures.ts'

/** Text that is likely to meet a separator, an escape, or an edge of an encoding. */
const awkwardText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({
    unit: fc.constantFrom('\0', '\x01', '\x02', '\xff', '/', 'a', '\u{ffff}', '\u{e000}', '\u{10000}'),
    maxLength: 4,
  }),
)

const awkwardKey = fc.record({ type: awkwardText, namespace: awkwardText, name: awkwardText })

function byBytes(a: Key, b: Key): number {
  return (
    Buffer.compare(Buffer.from(a.namespace), Buffer.from(b.namespace)) ||
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
  )
}

function identity({ type, namespace, name }: Key): string {
  return JSON.stringify([type, namespace, name])
}

export function describeRanges(open: StoreOpener): void {
  describe('ranges', () => {
    test('a range is one type, in one namespace or all, or one name', async () => {
      const store = await open()
      for (const at of [
        key('b', 'one'),
        key('a', 'two'),
        key('a', 'one'),
        key('a', 'on'),
        key('a', 'one', '/configmapsx'),
        key('a', 'one', '/configmap'),
      ])
        await put(store, at, 'x')
      expect(await namesOf(store, { type: '/configmaps' })).toEqual(['on/a', 'one/a', 'one/b', 'two/a'])
      expect(await namesOf(store, { type: '/configmaps', namespace: 'one' })).toEqual(['one/a', 'one/b'])
      expect(await namesOf(store, { type: '/configmaps', namespace: 'one', name: 'b' })).toEqual(['one/b'])
      expect(await namesOf(store, { type: '/configmaps', name: 'a' })).toEqual(['on/a', 'one/a', 'two/a'])
      expect(await namesOf(store, { type: '/configmaps', name: 'a' }, { limit: 2 })).toEqual(['on/a', 'one/a'])
      expect(await namesOf(store, { type: '/configmaps', namespace: '' })).toEqual([])
      expect(await namesOf(store, { type: '/secrets' })).toEqual([])
    })

    test('pages of a list have everything once, and in order', async () => {
      const store = await open()
      const names = Array.from({ length: 700 }, (_, i) => `n${i}`)
      await Promise.all(names.map((name, i) => put(store, key(name, `ns${i % 3}`), 'x')))
      const pages: Key[] = []
      for (;;) {
        const after = pages.at(-1)
        const page = await allOf(
          store,
          { type: '/configmaps' },
          { limit: 300, ...(after === undefined ? {} : { after }), at: store.revision },
        )
        if (page.length === 0) break
        pages.push(...page.map(({ key: at }) => at))
      }
      expect(pages).toHaveLength(700)
      expect(pages).toEqual([...pages].sort(byBytes))
      expect(await allOf(store, { type: '/configmaps' }, { limit: 0 })).toEqual([])
    })

    test('a range behind a key of another namespace has what is behind it', async () => {
      const store = await open()
      for (const namespace of ['a', 'b', 'c']) await put(store, key('x', namespace), 'x')
      const range = { type: '/configmaps', namespace: 'b' }
      expect(await namesOf(store, range, { after: { namespace: 'a', name: 'x' } })).toEqual(['b/x'])
      expect(await namesOf(store, range, { after: { namespace: 'b', name: 'x' } })).toEqual([])
      expect(await namesOf(store, range, { after: { namespace: 'c', name: 'x' } })).toEqual([])
      expect(await namesOf(store, range, { after: { namespace: 'b', name: 'w' } })).toEqual(['b/x'])
    })

    test('one name is found in whichever namespaces have it, wherever it stands among the others', async () => {
      const store = await open()
      const names = ['', '\0', 'a', 'm', 'm\0', 'mm', 'z', '\u{10000}']
      const all = Array.from({ length: 20 }, (_, i) => ({
        namespace: `ns${String(i).padStart(2, '0')}`,
        without: i % 9,
      }))
      for (const { namespace, without } of all)
        for (const [i, name] of names.entries()) if (i !== without) await put(store, key(name, namespace), 'x')
      for (const [i, name] of names.entries()) {
        const having = all.filter(({ without }) => without !== i).map(({ namespace }) => `${namespace}/${name}`)
        expect(await namesOf(store, { type: '/configmaps', name })).toEqual(having)
        const after = { namespace: 'ns07', name }
        const behind = having.filter((one) => one > 'ns08')
        expect(await namesOf(store, { type: '/configmaps', name }, { after, limit: 3 })).toEqual(behind.slice(0, 3))
      }
      expect(await namesOf(store, { type: '/configmaps', name: 'q' })).toEqual([])
    })

    test('a range is what it was when it was asked for, however slowly it is read', async () => {
      const store = await open()
      await Promise.all(
        Array.from({ length: 1_000 }, (_, i) => put(store, key(`n${String(i).padStart(4, '0')}`), 'old')),
      )
      const result = await store.range({ type: '/configmaps' })
      expect(result.revision).toBe(1_000)
      const texts: string[] = []
      for await (const chunk of result.chunks) {
        if (texts.length === 0) {
          await put(store, key('n0999'), 'new')
          await put(store, key('n9999'), 'new')
          await remove(store, key('n0998'))
        }
        texts.push(...chunk.map(({ bytes }) => JSON.parse(String(bytes)).text))
      }
      expect(texts).toEqual(new Array(1_000).fill('old'))
    })

    test('chunks are bounded, and a result can be left early or given up', async () => {
      const store = await open()
      await Promise.all(Array.from({ length: 600 }, (_, i) => put(store, key(`n${i}`), 'x'.repeat(2_000))))
      const left = await store.range({ type: '/configmaps' })
      for await (const chunk of left.chunks) {
        expect(chunk.length).toBeLessThanOrEqual(256)
        break
      }
      await left.close()
      const unread = await store.range({ type: '/configmaps' })
      await unread.close()
      await unread.close()
      const past = await store.range({ type: '/configmaps' }, { at: store.oldest })
      await past.close()
    })

    test('whatever the text, no range has a key of another, and the order is that of the bytes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(awkwardKey, { maxLength: 30 }), async (keys) => {
          const store = await open()
          try {
            await Promise.all(keys.map((at) => put(store, at, 'x')))
            for (const { type, namespace, name } of keys) {
              const ofType = new Map(keys.filter((at) => at.type === type).map((at) => [identity(at), at]))
              const expected = [...ofType.values()].sort(byBytes)
              const found = (await allOf(store, { type })).map((value) => value.key)
              expect(found).toEqual(expected)
              const inNamespace = (await allOf(store, { type, namespace })).map((value) => value.key)
              expect(inNamespace).toEqual(expected.filter((at) => at.namespace === namespace))
              const behind = (await allOf(store, { type }, { after: { namespace, name } })).map((value) => value.key)
              expect(behind).toEqual(
                expected.slice(expected.findIndex((at) => byBytes(at, { type, namespace, name }) === 0) + 1),
              )
              expect(await store.count({ type })).toBe(expected.length)
              expect(await store.count({ type, namespace })).toBe(inNamespace.length)
            }
          } finally {
            await store.close()
          }
        }),
        { numRuns: 30 },
      )
    }, 60_000)
  })
}
