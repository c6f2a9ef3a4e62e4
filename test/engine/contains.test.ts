import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerTo, contains } from '../../src/engine/contains.ts'
import { schemaOfKind } from '../../src/machinery/schema/facts.ts'

test.each([
  { name: 'more fields', live: { a: 1, b: 2 }, wanted: { a: 1 }, expected: true },
  { name: 'another value', live: { a: 2 }, wanted: { a: 1 }, expected: false },
  { name: 'a missing field', live: {}, wanted: { a: 1 }, expected: false },
  { name: 'no trace of an empty map', live: {}, wanted: { a: {} }, expected: true },
  { name: 'no trace of an empty list', live: {}, wanted: { a: [] }, expected: true },
  { name: 'a value where none was wanted', live: { a: 1 }, wanted: { a: null }, expected: false },
  { name: 'a value in a list that was to be empty', live: { a: [1] }, wanted: { a: [] }, expected: false },
  { name: 'defaults in list elements', live: { a: [{ x: 1, y: 2 }] }, wanted: { a: [{ x: 1 }] }, expected: true },
  { name: 'a longer list', live: { a: [1, 2] }, wanted: { a: [1] }, expected: false },
])('without a schema, live with $name: $expected', ({ live, wanted, expected }) => {
  expect(contains(live, wanted)).toBe(expected)
})

const deployment = schemaOfKind('apps', 'v1', 'Deployment')
const withContainers = (...containers: readonly object[]) => ({ spec: { template: { spec: { containers } } } })

test.each([
  {
    name: 'a sidecar was injected',
    live: withContainers({ name: 'proxy' }, { name: 'web', image: 'a' }),
    wanted: withContainers({ name: 'web', image: 'a' }),
    expected: true,
  },
  {
    name: 'an image was changed',
    live: withContainers({ name: 'web', image: 'b' }),
    wanted: withContainers({ name: 'web', image: 'a' }),
    expected: false,
  },
  {
    name: 'a protocol was defaulted',
    live: withContainers({ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP' }] }),
    wanted: withContainers({ name: 'web', ports: [{ containerPort: 80 }] }),
    expected: true,
  },
  {
    name: 'a quantity is written differently',
    live: withContainers({ name: 'web', resources: { limits: { cpu: '1', memory: '1Gi' } } }),
    wanted: withContainers({ name: 'web', resources: { limits: { cpu: '1000m', memory: '1024Mi' } } }),
    expected: true,
  },
  {
    name: 'a quantity is another',
    live: withContainers({ name: 'web', resources: { limits: { cpu: '2' } } }),
    wanted: withContainers({ name: 'web', resources: { limits: { cpu: '1000m' } } }),
    expected: false,
  },
])('of a Deployment in which $name, live is right: $expected', ({ live, wanted, expected }) => {
  expect(contains(live, wanted, deployment)).toBe(expected)
})

test('what a cluster made of a wish is contained in its answer, and every value contains itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (live, wanted) => {
      expect(contains(live, answerTo(live, wanted))).toBe(true)
      expect(contains(live, live)).toBe(true)
    }),
  )
})
