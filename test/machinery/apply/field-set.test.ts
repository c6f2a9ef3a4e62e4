import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FieldSet } from '../../../src/machinery/apply/field-set.ts'
import { parsedFieldSet } from '../../../src/machinery/apply/field-set-cache.ts'
import { printPath } from '../../../src/machinery/apply/path-element.ts'

const elements = fc.constantFrom(
  'f:a',
  'f:b',
  'f:Z',
  'k:{"name":"x"}',
  'k:{"port":80,"protocol":"TCP"}',
  'k:{"port":443,"protocol":"TCP"}',
  'v:"s"',
  'v:1',
  'v:true',
  'i:3',
)
const paths = fc.array(elements, { minLength: 1, maxLength: 4 })
const sets = fc.array(paths, { maxLength: 8 }).map((list) => FieldSet.of(...list))
const texts = (set: FieldSet) => [...set.paths()].map((path) => path.join('/')).sort()

test('a field set survives its JSON form', () => {
  fc.assert(
    fc.property(sets, (set) => {
      const text = JSON.stringify(set.toJson())
      const read = FieldSet.parse(JSON.parse(text))
      expect(read.equals(set)).toBe(true)
      expect(JSON.stringify(read.toJson())).toBe(text)
      expect(parsedFieldSet(set.toJson())).toBe(parsedFieldSet(JSON.parse(text)))
    }),
  )
})

test('union, difference and intersection are those of the sets of paths', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const left = new Set(texts(a))
      const right = new Set(texts(b))
      expect(texts(a.union(b))).toEqual([...left.union(right)].sort())
      expect(texts(a.difference(b))).toEqual([...left.difference(right)].sort())
      expect(texts(a.intersection(b))).toEqual([...left.intersection(right)].sort())
      expect(a.union(b).equals(b.union(a))).toBe(true)
      expect(a.difference(a).isEmpty).toBe(true)
      for (const path of a.paths()) expect(a.hasPath(path)).toBe(true)
      // Equal sets are told apart neither by what was taken out nor by the order in which they were made.
      expect(a.union(b).difference(b).union(a.intersection(b)).equals(a)).toBe(true)
    }),
  )
})

test('a recursive difference takes what is below a path along', () => {
  const set = FieldSet.ofFields(['status', 'phase'], ['status'], ['spec', 'a'], ['metadata', 'labels', 'x'])
  const left = set.recursiveDifference(FieldSet.ofFields(['status'], ['metadata', 'labels']))
  expect(texts(left)).toEqual(['f:spec/f:a'])
  expect(texts(set.difference(FieldSet.ofFields(['status'])))).toContain('f:status/f:phase')
})

test('fieldsV1 lists fields, then keyed elements, values and indexes, each in their own order', () => {
  const set = FieldSet.of(
    ['i:10'],
    ['i:9'],
    ['v:"b"'],
    ['v:10'],
    ['v:9'],
    ['v:false'],
    ['k:{"port":443}'],
    ['k:{"port":80}'],
    ['k:{"name":"z"}'],
    ['f:b'],
    ['f:Z'],
    ['f:\u{1f600}'],
    ['f:\uffee'],
    ['f:b', 'f:c'],
  )
  expect(JSON.stringify(set.toJson())).toBe(
    '{"f:Z":{},"f:b":{".":{},"f:c":{}},"f:\uffee":{},"f:\u{1f600}":{},"k:{\\"name\\":\\"z\\"}":{},"k:{\\"port\\":80}":{},"k:{\\"port\\":443}":{},"v:9":{},"v:10":{},"v:\\"b\\"":{},"v:false":{},"i:9":{},"i:10":{}}',
  )
})

test('elements that others write take their canonical form', () => {
  const set = FieldSet.parse({ 'k:{"b":1, "a":"<"}': { '.': {} }, 'v: "x"': {}, 'q:later': {}, 'f:n': { 'f:m': {} } })
  expect(texts(set)).toEqual(['f:n/f:m', 'k:{"a":"\\u003c","b":1}', 'v:"x"'])
})

test.each([
  { f: {} },
  { 'k:{': {} },
  { 'k:[1]': {} },
  { 'k:{"a":{}}': {} },
  { 'v:[1]': {} },
  { 'i:-1': {} },
  { 'f:a': 1 },
  [],
])('fieldsV1 %j is refused', (fieldsV1) => {
  expect(() => FieldSet.parse(fieldsV1)).toThrow(SyntaxError)
})

test('paths print as in conflicts', () => {
  expect(printPath(['f:spec', 'k:{"name":"c","port":80}', 'v:"x<"', 'i:1', 'f:a.b'])).toBe(
    '.spec[name="c",port=80][="x<"][1].a.b',
  )
})
