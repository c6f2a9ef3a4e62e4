import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt, isObject } from '../../../src/machinery/object.ts'
import { applyStrategicMergePatch } from '../../../src/machinery/patch/strategic.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { Judge, judgeKubeconfig, judgeTitle, patchTypes } from '../judge.ts'

const names = ['a', 'b', 'c', 'd']

const labels = fc.oneof(
  fc.constant(null),
  fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.oneof(fc.constant(null), fc.constantFrom('1', '2')), { maxKeys: 3 }),
  fc.record({ $patch: fc.constantFrom('replace', 'delete', 'frob'), x: fc.constant('3') }),
)

const marked = <T>(element: fc.Arbitrary<T>) =>
  fc
    .tuple(element, fc.constantFrom(undefined, undefined, undefined, undefined, 'delete', 'merge'))
    .map(([value, mark]) => (mark === undefined ? value : { ...value, $patch: mark }))

/** A patch of a keyed list, now and then with directives, an order that may not fit, or a missing key. */
const keyed = <T>(field: string, key: string, element: (name: string) => fc.Arbitrary<T>) =>
  fc
    .record({
      elements: fc
        .uniqueArray(fc.constantFrom(...names), { maxLength: 3 })
        .chain((chosen) => fc.tuple(...chosen.map((name) => marked(element(name))))),
      order: fc.oneof(fc.constant(undefined), fc.shuffledSubarray(names, { minLength: 2 })),
      replace: fc.integer({ min: 0, max: 8 }).map((die) => die === 0),
    })
    .map(({ elements, order, replace }) => {
      const list = replace ? [...elements, { $patch: 'replace' }] : elements
      const ordered = order?.map((name) => ({ [key]: name }))
      return { [field]: list, ...(ordered === undefined ? {} : { [`$setElementOrder/${field}`]: ordered }) }
    })

const env = keyed('env', 'name', (name) =>
  fc.record({ name: fc.constant(name), value: fc.constantFrom('1', '2', null) }),
)

const containers = keyed('containers', 'name', (name) =>
  fc
    .record({
      name: fc.constant(name),
      image: fc.constantFrom('i', 'j'),
      more: fc.oneof(fc.constant({}), env),
      args: fc.oneof(fc.constant(undefined), fc.constant(['u', 'v']), fc.constant(null)),
    })
    .map(({ more, args, ...container }) => ({ ...container, ...more, ...(args === undefined ? {} : { args }) })),
)

const volumes = keyed('volumes', 'name', (name) =>
  fc.oneof(
    fc.record({ name: fc.constant(name), emptyDir: fc.constant({}), $retainKeys: fc.constant(['name', 'emptyDir']) }),
    fc.record({ name: fc.constant(name), configMap: fc.constant({ name: 'c' }) }),
  ),
)

const finalizers = fc
  .record({
    added: fc.uniqueArray(fc.constantFrom('e.io/a', 'e.io/b', 'e.io/c'), { maxLength: 2 }),
    dropped: fc.uniqueArray(fc.constantFrom('e.io/a', 'e.io/b', 'e.io/c'), { maxLength: 2 }),
    order: fc.oneof(fc.constant(undefined), fc.shuffledSubarray(['e.io/a', 'e.io/b', 'e.io/c'])),
  })
  .map(({ added, dropped, order }) => ({
    ...(added.length === 0 ? {} : { finalizers: added }),
    ...(dropped.length === 0 || added.length > 0 ? {} : { '$deleteFromPrimitiveList/finalizers': dropped }),
    ...(order === undefined ? {} : { '$setElementOrder/finalizers': order }),
  }))

const deploymentPatches = fc
  .record({
    labels,
    finalizers,
    spec: fc.tuple(fc.oneof(fc.constant({}), containers), fc.oneof(fc.constant({}), volumes)),
    strategy: fc.constantFrom(
      undefined,
      { $retainKeys: ['type'], type: 'Recreate' },
      { rollingUpdate: { maxSurge: 3 } },
      { $retainKeys: ['rollingUpdate'], type: 'Recreate' },
      { $patch: 'replace', type: 'Recreate' },
      { $patch: 'replace', type: 'RollingUpdate' },
    ),
    replicas: fc.constantFrom(undefined, null, 3),
  })
  .map(({ labels, finalizers, spec: [containers, volumes], strategy, replicas }) => ({
    metadata: { labels, ...finalizers },
    spec: {
      template: { spec: { ...containers, ...volumes } },
      ...(strategy === undefined ? {} : { strategy }),
      ...(replicas === undefined ? {} : { replicas }),
    },
  }))

const base = {
  metadata: { name: 'd', labels: { x: '1', y: '2' }, finalizers: ['e.io/a', 'e.io/b'] },
  spec: {
    selector: { matchLabels: { l: 'l' } },
    template: {
      metadata: { labels: { l: 'l' } },
      spec: {
        containers: [
          {
            name: 'a',
            image: 'i',
            env: [
              { name: 'a', value: '1' },
              { name: 'b', value: '2' },
              { name: 'c', value: '3' },
            ],
          },
          { name: 'b', image: 'i', args: ['x'] },
          { name: 'c', image: 'i' },
        ],
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', secret: { secretName: 's' } },
        ],
      },
    },
  },
}

describe.skipIf(judgeKubeconfig === undefined)(judgeTitle, () => {
  const judge = new Judge(judgeKubeconfig ?? '')
  const schema: Schema = schemaOfKind('apps', 'v1', 'Deployment') ?? { type: 'object' }
  const path = judge.path('/apis/apps/v1', 'deployments')
  let live: Record<string, unknown> = {}

  beforeAll(async () => {
    await judge.open()
    live = (await judge.ask('POST', path, base)).body
  })
  afterAll(async () => {
    await judge.ask('PATCH', `${path}/d`, { metadata: { finalizers: null } }, patchTypes.merge)
    await judge.close()
  })

  test('strategic merge gives random patches of a Deployment the same result or the same refusal', async () => {
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(deploymentPatches, async (patch) => {
        const verdict = await judge.ask('PATCH', `${path}/d?dryRun=All`, patch, patchTypes.strategic)
        if (verdict.code === 422) return // decoding and validation of the result: not of the patch
        const mine = outcome(() => applyStrategicMergePatch(live, patch, schema))
        if (verdict.code === 200) {
          seen.accepted++
          expect(visible(mine)).toEqual(visible(verdict.body))
        } else {
          seen.refused++
          // Go walks maps in random order: of several reasons to refuse, either may come first.
          expect(mine).toBeInstanceOf(StatusError)
        }
      }),
      { numRuns: 400 },
    )
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20)
  }, 120_000)
})

function outcome(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

/** What a patch decides: lists in order, labels, strategy. What decoding drops or fills in is left out. */
function visible(object: unknown): unknown {
  const spec = fieldAt(object, 'spec', 'template', 'spec')
  const list = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : [])
  const labels = fieldAt(object, 'metadata', 'labels')
  return {
    code: fieldAt(object, 'code'),
    message: object instanceof Error ? object.message : undefined,
    labels: isObject(labels) && Object.keys(labels).length > 0 ? labels : {},
    finalizers: fieldAt(object, 'metadata', 'finalizers') ?? [],
    type: fieldAt(object, 'spec', 'strategy', 'type'),
    containers: list(fieldAt(spec, 'containers')).map(({ name, image, args, env }) => ({
      name,
      image,
      args: args ?? [],
      env: list(env).map(({ name, value }) => ({ name, value: value ?? undefined })),
    })),
    volumes: list(fieldAt(spec, 'volumes')).map((volume) =>
      Object.keys(volume)
        .filter((field) => !field.startsWith('$'))
        .sort()
        .concat(String(volume['name'])),
    ),
  }
}
