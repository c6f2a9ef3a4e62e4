import { expect, test } from 'vitest'
import { applyMergePatch } from '../../../src/machinery/patch/merge.ts'

test.each([
  ['replaces a field', { a: 'b' }, { a: 'c' }, { a: 'c' }],
  ['adds a field', { a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  ['removes a field', { a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  ['ignores a null for what is absent', { a: 'b' }, { z: null }, { a: 'b' }],
  ['replaces lists whole', { a: [1, 2] }, { a: [3] }, { a: [3] }],
  ['replaces a list by a scalar', { a: ['b'] }, { a: 'c' }, { a: 'c' }],
  ['replaces a scalar by a map', { a: 'b' }, { a: { c: 'd' } }, { a: { c: 'd' } }],
  ['merges maps', { a: { b: 'c', d: 1 } }, { a: { b: 'd', c: null } }, { a: { b: 'd', d: 1 } }],
  ['drops nulls in what is new', {}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [
    'drops null fields inside new lists, but no elements',
    { a: [1] },
    { a: [{ x: null, y: 1 }, null] },
    { a: [{ y: 1 }, null] },
  ],
  ['treats inherited names as absent', {}, { constructor: { a: 1 } }, { constructor: { a: 1 } }],
  ['keeps a field named __proto__', {}, JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
])('a merge patch %s', (_, document, patch, expected) => {
  const before = JSON.stringify([document, patch])
  expect(applyMergePatch(document, patch)).toEqual(expected)
  expect(JSON.stringify([document, patch])).toBe(before)
  expect(Object.getPrototypeOf({})).not.toHaveProperty('a')
})

test.each([
  [null, 'Invalid JSON Patch'],
  [[1], 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['x', 'error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}'],
])('a merge patch that is no object is a bad request', (patch, message) => {
  expect(() => applyMergePatch({}, patch)).toThrow(expect.objectContaining({ code: 400, message }))
})
