import fc from 'fast-check'
import { type Verb, workload } from './judge-sequences.ts'

const managers = fc.constantFrom('m1', 'm2', 'm3')
const text = fc.constantFrom('1', '2', '3')
const texts = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), text, { maxKeys: 3 })

export const randomConfigMap = fc.record(
  {
    data: texts,
    metadata: fc.record(
      { labels: texts, finalizers: fc.uniqueArray(fc.constantFrom('e.io/a', 'e.io/b', 'e.io/c'), { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

export const randomCustom = fc.record({
  spec: fc.record(
    {
      map: texts,
      struct: fc.record({ a: text, b: text }, { requiredKeys: ['a'] }),
      set: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      list: fc.array(text, { maxLength: 2 }),
      any: fc.oneof(texts, fc.record({ a: texts, b: fc.array(text, { maxLength: 2 }) }, { requiredKeys: [] })),
      atomic: fc.record({ a: text, b: text }, { requiredKeys: [] }),
      keyed: fc.uniqueArray(
        fc.record(
          { x: fc.integer({ min: 1, max: 3 }), y: fc.constantFrom('d', 'e'), z: text },
          { requiredKeys: ['x', 'y'] },
        ),
        { minLength: 1, maxLength: 3, selector: ({ x, y }) => `${x}${y}` },
      ),
    },
    { requiredKeys: [] },
  ),
})

const randomContainer = fc.record(
  {
    image: fc.constantFrom('i', 'j'),
    args: fc.array(text, { maxLength: 2 }),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: text }), {
      maxLength: 2,
      selector: ({ name }) => name,
    }),
    ports: fc.uniqueArray(
      fc.record(
        { containerPort: fc.constantFrom(80, 81), protocol: fc.constantFrom('TCP', 'UDP') },
        { requiredKeys: ['containerPort'] },
      ),
      { maxLength: 2, selector: ({ containerPort, protocol = 'TCP' }) => `${containerPort}${protocol}` },
    ),
    resources: fc.record(
      { limits: fc.record({ cpu: text, memory: text }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['image'] },
)

export const randomDeployment = fc
  .record({
    containers: fc.tuple(
      randomContainer,
      fc.option(randomContainer, { nil: undefined }),
      fc.option(randomContainer, { nil: undefined }),
      fc.boolean(),
    ),
    replicas: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    labels: texts,
    strategy: fc.constantFrom(undefined, { type: 'Recreate' }, { rollingUpdate: { maxSurge: 2 } }),
  })
  .map(({ containers: [a, b, c, turned], replicas, labels, strategy }) => {
    const list = [{ name: 'a', ...a }, ...(b ? [{ name: 'b', ...b }] : []), ...(c ? [{ name: 'c', ...c }] : [])]
    const { spec } = workload(...(turned ? list.reverse() : list))
    return {
      metadata: { labels },
      spec: {
        ...spec,
        ...(replicas === undefined ? {} : { replicas }),
        ...(strategy === undefined ? {} : { strategy }),
      },
    }
  })

export const randomSteps = (body: fc.Arbitrary<object>, verbs: readonly Verb[]) =>
  fc.array(fc.record({ verb: fc.constantFrom(...verbs), as: managers, body, force: fc.boolean() }), {
    minLength: 4,
    maxLength: 8,
  })
