import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { applyConfiguration } from '../../../src/machinery/apply/apply.ts'
import { manageUpdate } from '../../../src/machinery/apply/managed-fields.ts'
import { ownersAfterScale, ownersOfScale } from '../../../src/machinery/apply/scale.ts'
import { isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { Judge, judgeKubeconfig, judgeTitle, patchTypes } from '../judge.ts'
import { configMap, custom, customDefinition, defaultKeys, deployment, type Kind } from './judge-kinds.ts'
import { randomConfigMap, randomCustom, randomDeployment, randomSteps } from './judge-random.ts'
import { type Step, sequences, type Verb } from './judge-sequences.ts'

/** A value without nulls and without the maps that hold nothing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (!isObject(value)) return value
  const kept = Object.entries(value).map(([field, inner]) => [field, withoutEmpty(inner)] as const)
  return Object.fromEntries(
    kept.filter(([, inner]) => inner !== null && (!isObject(inner) || Object.keys(inner).length > 0)),
  )
}

describe.skipIf(judgeKubeconfig === undefined)(judgeTitle, () => {
  const judge = new Judge(judgeKubeconfig ?? '')
  let names = 0

  beforeAll(async () => {
    await judge.open()
    await judge.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', customDefinition)
    await vi.waitFor(
      async () => expect((await judge.ask('GET', judge.path(custom.root, custom.resource))).code).toBe(200),
      { timeout: 20_000, interval: 200 },
    )
  })
  afterAll(async () => {
    await judge.ask(
      'DELETE',
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${customDefinition.metadata.name}`,
    )
    await judge.close()
  })

  /** Carries a sequence out on both, step by step from the state of the real server, and compares owners and refusals after each. */
  async function follow(kind: Kind, steps: readonly Step[]): Promise<void> {
    const name = `n${names++}`
    const collection = judge.path(kind.root, kind.resource)
    for (const [index, step] of steps.entries()) {
      const before = await judge.ask('GET', `${collection}/${name}`)
      const live = before.code === 200 ? asObject(before.body) : undefined
      if (live === undefined && step.verb !== 'create' && step.verb !== 'apply') continue
      if (live !== undefined && step.verb === 'create') continue
      const what = `${kind.kind} step ${index}: ${JSON.stringify(step)}`
      await compareStep(kind, step, name, live, what)
    }
    const finalizers = [{ op: 'remove', path: '/metadata/finalizers' }]
    await judge.ask('PATCH', `${collection}/${name}`, finalizers, patchTypes.json)
    await judge.ask('DELETE', `${collection}/${name}`)
  }

  async function compareStep(
    kind: Kind,
    step: Step,
    name: string,
    live: KubeObject | undefined,
    what: string,
  ): Promise<void> {
    const { sub = '', as: manager } = step
    const scale = sub === 'scale'
    const schema = scale ? (schemaOfKind('autoscaling', 'v1', 'Scale') ?? { type: 'object' }) : kind.schema()
    const path = `${judge.path(kind.root, kind.resource)}/${name}${sub === '' ? '' : `/${sub}`}`
    const parent = live?.metadata.managedFields
    const replicasIn = (version: string) => (version === kind.apiVersion ? ['spec', 'replicas'] : undefined)
    const seen =
      scale && live ? withList(asObject((await judge.ask('GET', path)).body), ownersOfScale(parent, replicasIn)) : live
    const body = complete(step, kind, name, seen, judge.namespace)
    const query = `?fieldManager=${encodeURIComponent(manager)}${step.verb === 'apply' ? `&force=${step.force === true}` : ''}`
    const resetFields = kind.resets?.[sub]
    const inVersion = (object: KubeObject, apiVersion: string) =>
      apiVersion === object.apiVersion ? { object, schema } : undefined
    const common = {
      schema,
      manager,
      inVersion,
      subresource: sub,
      now: Date.now(),
      ...(resetFields ? { resetFields } : {}),
    }

    const [method, type] = methods[step.verb]
    const target = step.verb === 'create' ? judge.path(kind.root, kind.resource) : path
    const verdict = await judge.ask(method, target + (manager === '' ? '?' : query), body, type)
    const mine = outcome(() => {
      if (step.verb === 'apply') {
        return applyConfiguration({
          ...common,
          ...(kind === custom ? { defaults: defaultKeys } : {}),
          live: seen,
          config: asObject(body),
          force: step.force === true,
        })
      }
      if (verdict.code >= 300) return undefined
      const stored = asObject(verdict.body)
      const next = live === undefined && kind.asDecoded ? kind.asDecoded(stored) : stored
      return manageUpdate({
        ...common,
        live: seen,
        next: withList(next, given(step, body)),
      })
    })
    if (verdict.code === 422 || (verdict.code >= 300 && step.verb !== 'apply')) return // refused by validation, after us
    if (verdict.code >= 300) {
      expect(mine, what).toBeInstanceOf(StatusError)
      expect(sorted((mine as StatusError).toStatus()), what).toEqual(sorted(verdict.body))
      return
    }
    if (mine instanceof Error) throw new Error(`${what} was refused: ${mine.message}`, { cause: mine })
    const after = asObject((await judge.ask('GET', path.replace(/\/(status|scale)$/, ''))).body)
    const list = mine?.metadata.managedFields
    const owners = scale ? ownersAfterScale(parent, list, kind.apiVersion, replicasIn) : list
    expect(timeless(owners), what).toEqual(timeless(after.metadata.managedFields))
    // The order of fields inside a set is part of the answer, and toEqual does not see it. Custom resources are stored as plain maps,
    // whose fields the real server sorts by their text when it encodes them.
    if (kind !== custom) {
      expect(JSON.stringify(byName(owners)), what).toBe(JSON.stringify(byName(after.metadata.managedFields)))
    }
    if (step.verb === 'apply' && (kind === configMap || kind === custom)) {
      // A map that an apply empties although it names it stays empty here; kube-apiserver leaves null there, or drops it.
      expect(withoutEmpty(content(mine)), what).toEqual(withoutEmpty(content(after)))
    }
  }

  test.each(sequences.map(([kind, title, steps]) => ({ kind, title, steps })))(
    '$kind.kind: $title',
    ({ kind, steps }) => follow(kind, steps),
    60_000,
  )

  const runs = { numRuns: 15 }
  test('random writes of ConfigMaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps(randomConfigMap, ['create', 'update', 'merge', 'apply', 'apply', 'apply']),
        (steps) => follow(configMap, steps),
      ),
      runs,
    )
  }, 120_000)
  test('random writes of custom resources', async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps(randomCustom, ['create', 'update', 'merge', 'apply', 'apply', 'apply']), (steps) =>
        follow(custom, steps),
      ),
      { numRuns: 25 },
    )
  }, 120_000)
  test('random writes of Deployments', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps(randomDeployment, ['create', 'update', 'merge', 'strategic', 'apply', 'apply', 'apply']),
        (steps) => follow(deployment, steps),
      ),
      { numRuns: 25 },
    )
  }, 120_000)
})

const methods: Readonly<Record<Verb, readonly [method: string, type: string]>> = {
  create: ['POST', 'application/json'],
  update: ['PUT', 'application/json'],
  merge: ['PATCH', patchTypes.merge],
  json: ['PATCH', patchTypes.json],
  strategic: ['PATCH', patchTypes.strategic],
  apply: ['PATCH', patchTypes.apply],
}

/** The body to send: updates are whole objects, applies and creates name their kind. */
function complete(step: Step, kind: Kind, name: string, live: KubeObject | undefined, namespace: string): unknown {
  const text = JSON.stringify(step.body).replaceAll('NAME', name).replaceAll('NS', namespace)
  const body: unknown = JSON.parse(text)
  if (step.verb === 'merge' || step.verb === 'json' || step.verb === 'strategic' || !isObject(body)) return body
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (step.verb === 'update' && live !== undefined) {
    const { managedFields: _, ...kept } = live.metadata
    return { ...live, ...body, metadata: { ...kept, ...metadata } }
  }
  const { apiVersion, kind: named } = step.sub === 'scale' ? { apiVersion: 'autoscaling/v1', kind: 'Scale' } : kind
  return { apiVersion, kind: named, ...body, metadata: { ...metadata, name } }
}

/** The list of owners that the client itself wrote; undefined when it wrote none. */
function given(step: Step, body: unknown): KubeObject['metadata']['managedFields'] {
  const metadata = isObject(body) && step.verb !== 'json' ? body['metadata'] : undefined
  return isObject(metadata) ? (metadata['managedFields'] as KubeObject['metadata']['managedFields']) : undefined
}

function withList(object: KubeObject, managedFields: KubeObject['metadata']['managedFields']): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

function asObject(value: unknown): KubeObject {
  return value as KubeObject
}

function outcome(act: () => KubeObject | undefined): KubeObject | StatusError | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

function timeless(entries: KubeObject['metadata']['managedFields'] = []): unknown {
  return byName(entries)
}

/** Without times, and in an order that does not depend on them. */
function byName(entries: KubeObject['metadata']['managedFields'] = []): readonly unknown[] {
  const plain = entries.map(({ manager, operation, apiVersion, subresource, fieldsV1 }) => ({
    manager,
    operation,
    apiVersion,
    subresource,
    fieldsV1,
  }))
  const key = (entry: (typeof plain)[number]) =>
    JSON.stringify([entry.operation, entry.manager, entry.apiVersion, entry.subresource])
  return plain.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** A Status with the lines of its message and its causes in a fixed order: Go walks fields and managers in random order. */
function sorted(answer: object): unknown {
  const status = { ...answer, message: String(Reflect.get(answer, 'message')).split('\n').sort() }
  const details: unknown = Reflect.get(answer, 'details')
  const causes: unknown = isObject(details) ? details['causes'] : undefined
  if (!Array.isArray(causes)) return status
  return { ...status, details: { causes: causes.map((cause) => JSON.stringify(cause)).sort() } }
}

function content(object: KubeObject | undefined): unknown {
  const { labels = {}, annotations = {}, finalizers = [] } = object?.metadata ?? {}
  return { labels, annotations, finalizers, spec: object?.['spec'] ?? {}, data: object?.['data'] ?? {} }
}
