import { expect, test } from 'vitest'
import { applyJsonPatch } from '../../../src/machinery/patch/json.ts'

const document = { data: { k: 'v', n: null }, list: ['a', 'b'] }

test.each([
  ['adds a field', [{ op: 'add', path: '/data/x', value: 1 }], { data: { k: 'v', n: null, x: 1 }, list: ['a', 'b'] }],
  ['adds null without a value', [{ op: 'add', path: '/data/k' }], { data: { k: null, n: null }, list: ['a', 'b'] }],
  ['inserts into a list', [{ op: 'add', path: '/list/1', value: 'x' }], { ...document, list: ['a', 'x', 'b'] }],
  ['appends', [{ op: 'add', path: '/list/-', value: 'x' }], { ...document, list: ['a', 'b', 'x'] }],
  ['appends at index -1', [{ op: 'add', path: '/list/-1', value: 'x' }], { ...document, list: ['a', 'b', 'x'] }],
  ['inserts at the front by -3', [{ op: 'add', path: '/list/-3', value: 'x' }], { ...document, list: ['x', 'a', 'b'] }],
  [
    'reads +0 and 00 as 0',
    [
      { op: 'add', path: '/list/+0', value: 'x' },
      { op: 'remove', path: '/list/00' },
    ],
    document,
  ],
  ['removes a field', [{ op: 'remove', path: '/data/k' }], { ...document, data: { n: null } }],
  ['removes from the end', [{ op: 'remove', path: '/list/-1' }], { ...document, list: ['a'] }],
  [
    'adds by replacing what is absent',
    [{ op: 'replace', path: '/data/y', value: 1 }],
    { ...document, data: { k: 'v', n: null, y: 1 } },
  ],
  ['replaces the root', [{ op: 'replace', path: '', value: { a: 1 } }], { a: 1 }],
  ['moves', [{ op: 'move', from: '/data/k', path: '/data/l' }], { ...document, data: { n: null, l: 'v' } }],
  ['copies', [{ op: 'copy', from: '/list', path: '/data/k' }], { ...document, data: { k: ['a', 'b'], n: null } }],
  [
    'copies null from an absent leaf',
    [{ op: 'copy', from: '/data/z', path: '/data/k' }],
    { ...document, data: { k: null, n: null } },
  ],
  ['ignores what stands before the first slash', [{ op: 'add', path: 'data/k', value: 1 }], { ...document, k: 1 }],
  [
    'reads ~1 and ~0',
    [
      { op: 'replace', path: '/data', value: {} },
      { op: 'add', path: '/data/a~1b~01', value: 1 },
    ],
    { ...document, data: { 'a/b~1': 1 } },
  ],
  ['passes a test', [{ op: 'test', path: '/data', value: { n: null, k: 'v' } }], document],
  [
    'passes a test of null on an absent leaf',
    [
      { op: 'test', path: '/data/z', value: null },
      { op: 'test', path: '/data/z' },
    ],
    document,
  ],
  ['changes nothing for null', null, document],
  [
    'keeps a field named __proto__',
    [
      { op: 'replace', path: '/data', value: {} },
      { op: 'add', path: '/data/__proto__', value: 1 },
    ],
    { ...document, data: JSON.parse('{"__proto__":1}') },
  ],
])('a JSON patch %s', (_, operations, expected) => {
  const before = JSON.stringify(document)
  expect(applyJsonPatch(document, operations)).toEqual(expected)
  expect(JSON.stringify(document)).toBe(before)
})

test.each([
  ['a failed test', [{ op: 'test', path: '/data/k', value: 'w' }]],
  ['a test that ignores a null field', [{ op: 'test', path: '/data', value: { k: 'v' } }]],
  ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }]],
  ['a parent that is null', [{ op: 'add', path: '/data/n/y', value: 1 }]],
  ['a scalar parent', [{ op: 'add', path: '/data/k/y', value: 1 }]],
  ['an inherited name', [{ op: 'test', path: '/constructor/name', value: 'Object' }]],
  ['a missing field to remove', [{ op: 'remove', path: '/data/z' }]],
  ['a missing field to move', [{ op: 'move', from: '/data/z', path: '/data/y' }]],
  ['a move into itself', [{ op: 'move', from: '/data', path: '/data/x' }]],
  ['an index past the end', [{ op: 'add', path: '/list/3', value: 1 }]],
  ['an index that is no number', [{ op: 'add', path: '/list/x', value: 1 }]],
  ['removing -', [{ op: 'remove', path: '/list/-' }]],
  ['the root, unless replaced', [{ op: 'remove', path: '' }]],
  ['a scalar root', [{ op: 'replace', path: '', value: 5 }]],
  ['an unknown operation', [{ op: 'frob', path: '/data' }]],
  ['an operation without a name', [{ path: '/data' }]],
  ['an operation without a path', [{ op: 'add' }]],
  ['a null operation', [null]],
])('a JSON patch refuses %s with 422', (_, operations) => {
  expect(() => applyJsonPatch(document, operations)).toThrow(
    expect.objectContaining({ code: 422, message: 'the server rejected our request due to an error in our request' }),
  )
})

test.each([
  [{ op: 'add' }, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
  [['x'], 'error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp'],
  [
    [{ op: 'add', path: 5 }],
    'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string',
  ],
])('a malformed JSON patch is a bad request', (operations, message) => {
  expect(() => applyJsonPatch(document, operations)).toThrow(expect.objectContaining({ code: 400, message }))
})

test('a JSON patch has at most 10,000 operations', () => {
  const operations = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/data/z' }))
  expect(() => applyJsonPatch(document, operations)).toThrow(
    expect.objectContaining({
      code: 413,
      message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    }),
  )
  expect(applyJsonPatch(document, operations.slice(1))).toEqual(document)
})

test('copies that double a value end at 3 MiB', () => {
  const doubling = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/x', path: `/x/${index}` }))
  expect(() => applyJsonPatch({ x: { seed: 'x'.repeat(1024) } }, doubling)).toThrow(
    expect.objectContaining({ code: 422 }),
  )
})
