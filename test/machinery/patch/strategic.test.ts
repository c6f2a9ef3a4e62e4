import { expect, test } from 'vitest'
import { applyStrategicMergePatch } from '../../../src/machinery/patch/strategic.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'

const schema: Schema = schemaOfKind('apps', 'v1', 'Deployment') ?? { type: 'object' }

const pod = (spec: object) => ({ spec: { template: { spec } } })
const c = { name: 'c', image: 'i', env: [{ name: 'E', value: '1' }] }

test.each([
  [
    'merges containers by name',
    pod({ containers: [c] }),
    pod({ containers: [{ name: 'c', image: 'j' }] }),
    pod({ containers: [{ ...c, image: 'j' }] }),
  ],
  [
    'puts new containers first',
    pod({ containers: [c] }),
    pod({ containers: [{ name: 'd' }] }),
    pod({ containers: [{ name: 'd' }, c] }),
  ],
  [
    'deletes a container',
    pod({ containers: [c] }),
    pod({ containers: [{ name: 'c', $patch: 'delete' }, { name: 'd' }] }),
    pod({ containers: [{ name: 'd' }] }),
  ],
  [
    'replaces the containers',
    pod({ containers: [c] }),
    pod({ containers: [{ $patch: 'replace' }, { name: 'd' }] }),
    pod({ containers: [{ name: 'd' }] }),
  ],
  ['leaves containers for an empty list', pod({ containers: [c] }), pod({ containers: [] }), pod({ containers: [c] })],
  [
    'replaces atomic lists',
    pod({ tolerations: [{ key: 'a' }] }),
    pod({ tolerations: [{ key: 'b' }] }),
    pod({ tolerations: [{ key: 'b' }] }),
  ],
  [
    'orders containers',
    pod({ containers: [c] }),
    pod({
      $setElementOrder: 1,
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'd' }],
      containers: [{ name: 'd' }],
    }),
    undefined,
  ],
  [
    'orders containers by the directive',
    pod({ containers: [c] }),
    pod({ '$setElementOrder/containers': [{ name: 'c' }, { name: 'd' }], containers: [{ name: 'd' }] }),
    pod({ containers: [c, { name: 'd' }] }),
  ],
  [
    'keeps server-only elements at their neighbours',
    pod({ containers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }] }),
    pod({ '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] }),
    pod({ containers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }] }),
  ],
  [
    'merges finalizers as a set',
    { metadata: { finalizers: ['a/a'] } },
    { metadata: { finalizers: ['a/b', 'a/a'] } },
    { metadata: { finalizers: ['a/b', 'a/a'] } },
  ],
  [
    'deletes scalars',
    { metadata: { finalizers: ['a/a', 'a/b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/a'] } },
    { metadata: { finalizers: ['a/b'] } },
  ],
  [
    'ignores a deletion that is no list',
    { metadata: { finalizers: ['a/a'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': 'a/a' } },
    { metadata: { finalizers: ['a/a'] } },
  ],
  [
    'retains keys',
    { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: {} } } },
    { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    { spec: { strategy: { type: 'Recreate' } } },
  ],
  [
    'replaces a map',
    { metadata: { labels: { a: '1' } } },
    { metadata: { labels: { $patch: 'replace', b: '2' } } },
    { metadata: { labels: { b: '2' } } },
  ],
  [
    'empties a map',
    { metadata: { labels: { a: '1' } } },
    { metadata: { labels: { $patch: 'delete' } } },
    { metadata: { labels: {} } },
  ],
  [
    'drops maps with directives that have no counterpart',
    { metadata: {} },
    { metadata: { labels: { $patch: 'replace', b: '2' } } },
    { metadata: {} },
  ],
  [
    'drops them in new lists',
    pod({}),
    pod({
      volumes: [
        { name: 'v', $patch: 'delete' },
        { name: 'w', emptyDir: {} },
      ],
    }),
    pod({ volumes: [{ name: 'w', emptyDir: {} }] }),
  ],
  [
    'drops nulls in what is new',
    pod({}),
    pod({ volumes: [{ name: 'w', emptyDir: { medium: null } }] }),
    pod({ volumes: [{ name: 'w', emptyDir: {} }] }),
  ],
  ['removes for null', { metadata: { labels: { a: '1' } } }, { metadata: { labels: null } }, { metadata: {} }],
  [
    'removes a label for null',
    { metadata: { labels: { a: '1', b: '2' } } },
    { metadata: { labels: { a: null } } },
    { metadata: { labels: { b: '2' } } },
  ],
  ['changes nothing for null as a whole', { metadata: { name: 'd' } }, null, { metadata: { name: 'd' } }],
])('a strategic merge patch %s', (_, document, patch, expected) => {
  const before = JSON.stringify([document, patch])
  if (expected === undefined) expect(() => applyStrategicMergePatch(document, patch, schema)).toThrow()
  else expect(applyStrategicMergePatch(document, patch, schema)).toEqual(expected)
  expect(JSON.stringify([document, patch])).toBe(before)
})

test.each([
  [5, 400, 'json: cannot unmarshal number into Go value of type map[string]interface {}'],
  [{ $patch: 'foo' }, 500, 'unknown patch type: foo in map: map[$patch:foo]'],
  [{ metadata: { $patch: 'merge' } }, 500, 'unknown patch type: merge in map: map[$patch:merge]'],
  [{ metadata: { labels: { a: '2', $retainKeys: ['z'] } } }, 400, 'invalid patch format of retainKeys'],
  [{ metadata: { labels: { $retainKeys: 'z' } } }, 400, 'invalid patch format of retainKeys'],
  [{ metadata: { $deleteFromPrimitiveList: ['x'] } }, 400, 'invalid patch format of primitive list'],
  [{ metadata: { $setElementOrder: ['x'] } }, 400, 'invalid patch format of setElementOrder list'],
  [
    { metadata: { '$setElementOrder/foo': ['x'] } },
    500,
    'unable to find api field in struct ObjectMeta for the json field "foo"',
  ],
  [{ metadata: { '$setElementOrder/finalizers': 'x' } }, 500, 'expected a []interface {}, but received a string'],
  [pod({ containers: [{ image: 'x' }] }), 500, 'map: map[image:x] does not contain declared merge key: name'],
  [
    pod({ containers: [{ $patch: 'delete' }] }),
    500,
    'map: map[$patch:delete] does not contain declared merge key: name',
  ],
  [pod({ containers: [{ $patch: 'merge', name: 'c' }] }), 500, 'merging lists cannot yet be specified in the patch'],
  [
    pod({ containers: [{ $patch: 'frob', name: 'c' }] }),
    500,
    'unknown patch type: frob in map: map[$patch:frob name:c]',
  ],
  [
    pod({ containers: [1] }),
    500,
    'list element types are not identical: [[map[env:[map[name:E value:1]] image:i name:c]] [1]]',
  ],
  [
    pod({ '$setElementOrder/containers': [{ name: 'q' }], containers: [{ name: 'c', image: 'j' }] }),
    500,
    "The order in patch list:\n[map[image:j name:c]]\n doesn't match $setElementOrder list:\n[map[name:q]]\n",
  ],
  [
    pod({ '$setElementOrder/containers': [1], containers: [{ name: 'c' }] }),
    500,
    'expected a map[string]interface {}, but received a int64',
  ],
  [
    pod({ '$setElementOrder/containers': [{ x: 1 }], containers: [{ name: 'c' }] }),
    500,
    'map: map[x:1] does not contain declared merge key: name',
  ],
])('a strategic merge patch that cannot be carried out says why', (patch, code, message) => {
  const document = { metadata: { labels: { a: '1' } }, ...pod({ containers: [c] }) }
  expect(() => applyStrategicMergePatch(document, patch, schema)).toThrow(expect.objectContaining({ code, message }))
})
