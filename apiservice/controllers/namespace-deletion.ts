import { printTime } from '../../src/machinery/clock.ts'
import { type Condition, setCondition } from '../../src/machinery/conditions.ts'
import { Informer } from '../../src/machinery/informer.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { qualified } from '../../src/machinery/resource.ts'
import { hasReason } from '../../src/machinery/status-error.ts'
import { hubUser, type WriteContext } from '../registry/context.ts'
import type { Registry } from '../registry/registry.ts'
import type { ResourceStore } from '../registry/resource-store.ts'
import { namespaces } from './addresses.ts'
import { type Controller, type ControllerOptions, controllerQueue } from './controller.ts'

/** Deletes under way at once; the store commits them together. */
const parallelDeletes = 128
/** How soon to look again while objects with finalizers are left. */
const recheckMs = 500

/** What is left of a namespace: how many objects of each resource, and how many wait for each finalizer. */
interface Remains {
  readonly resources: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
}

/**
 * Empties namespaces that are being deleted, whatever they hold, then lets them go. While something stays behind, the namespace's conditions
 * say what, in the words of Kubernetes' namespace controller.
 */
export function namespaceDeletion(options: ControllerOptions & { readonly registry: Registry }): Controller {
  const { client, clock, log, registry } = options
  const queue = controllerQueue('namespace-deletion', options)
  const informer = new Informer({ client, resource: namespaces, log, clock })

  const empty = async (name: string): Promise<undefined | { readonly againAfterMs: number }> => {
    const store = registry.find(namespaces)
    const namespace = informer.get({ namespace: '', name })
    if (!store || namespace?.metadata.deletionTimestamp === undefined) return undefined
    const held = fieldAt(namespace, 'spec', 'finalizers')
    if (!Array.isArray(held) || !held.includes('kubernetes')) return undefined
    const context = (): WriteContext => ({
      user: hubUser,
      now: clock.now(),
      dryRun: false,
      fieldManager: 'namespace-controller',
      warn: () => {},
    })
    const contents = registry
      .storedOnce()
      .filter(({ definition }) => definition.namespaced && definition.verbs.includes('delete'))
    for (const resource of contents) await removeAll(resource, name, context)
    const remains = await remaining(contents, name)
    const left = remains.resources.size > 0
    const conditions = conditionsFor(remains, printTime(clock.now()))
    if (left) await writeConditions(store, name, conditions, context())
    else await finalize(store, name, context())
    return left ? { againAfterMs: recheckMs } : undefined
  }

  return async (signal) => {
    informer.onChange((key, current) => {
      if (current?.metadata.deletionTimestamp !== undefined) queue.add(key.name)
    })
    await Promise.all([informer.run(signal), queue.run(empty, signal)])
  }
}

async function removeAll(resource: ResourceStore, namespace: string, context: () => WriteContext): Promise<void> {
  if ((await resource.count(namespace)) === 0) return
  const { chunks } = await resource.range({ namespace }, {})
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += parallelDeletes) {
      await Promise.all(
        chunk.slice(from, from + parallelDeletes).map(async ({ bytes }) => {
          const { name = '', uid } = resource.parse(bytes).metadata
          const preconditions = uid === undefined ? {} : { uid }
          try {
            await resource.remove({ namespace, name }, { propagationPolicy: 'Background', preconditions }, context())
          } catch (error) {
            // Gone or replaced meanwhile; what is there when everything has been tried is counted.
            if (!hasReason(error, 'NotFound', 'Conflict')) throw error
          }
        }),
      )
    }
  }
}

async function remaining(contents: readonly ResourceStore[], namespace: string): Promise<Remains> {
  const resources = new Map<string, number>()
  const finalizers = new Map<string, number>()
  for (const resource of contents) {
    const count = await resource.count(namespace)
    if (count === 0) continue
    resources.set(qualified(resource.definition), count)
    const { chunks } = await resource.range({ namespace }, {})
    for await (const chunk of chunks) {
      for (const { bytes } of chunk) {
        for (const finalizer of resource.parse(bytes).metadata.finalizers ?? []) {
          finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
        }
      }
    }
  }
  return { resources, finalizers }
}

function conditionsFor({ resources, finalizers }: Remains, now: string): readonly Condition[] {
  const condition = (
    type: string,
    problem: string | undefined,
    reason: string,
    fine: string,
    text: string,
  ): Condition => ({
    type,
    status: problem === undefined ? 'False' : 'True',
    lastTransitionTime: now,
    reason: problem === undefined ? fine : reason,
    message: problem ?? text,
  })
  const listed = (counts: ReadonlyMap<string, number>, of: string) =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) =>
        of === 'resource' ? `${name}. has ${count} resource instances` : `${name} in ${count} resource instances`,
      )
  const content =
    resources.size === 0 ? undefined : `Some resources are remaining: ${listed(resources, 'resource').join(', ')}`
  const waiting =
    finalizers.size === 0
      ? undefined
      : `Some content in the namespace has finalizers remaining: ${listed(finalizers, 'finalizer').join(', ')}`
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      undefined,
      '',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      undefined,
      '',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      undefined,
      '',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    condition(
      'NamespaceContentRemaining',
      content,
      'SomeResourcesRemain',
      'ContentRemoved',
      'All content successfully removed',
    ),
    condition(
      'NamespaceFinalizersRemaining',
      waiting,
      'SomeFinalizersRemain',
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ),
  ]
}

async function writeConditions(
  store: ResourceStore,
  name: string,
  conditions: readonly Condition[],
  context: WriteContext,
): Promise<void> {
  await changeNamespace(store, name, 'status', context, (namespace) => {
    const status = isObject(namespace['status']) ? namespace['status'] : {}
    const before = Array.isArray(status['conditions']) ? (status['conditions'] as readonly Condition[]) : []
    return { ...namespace, status: { ...status, conditions: conditions.reduce(setCondition, before) } }
  })
}

async function finalize(store: ResourceStore, name: string, context: WriteContext): Promise<void> {
  await changeNamespace(store, name, 'finalize', context, (namespace) => {
    const spec = isObject(namespace['spec']) ? namespace['spec'] : {}
    const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'].filter((one) => one !== 'kubernetes') : []
    const { finalizers: _before, ...rest } = spec
    return { ...namespace, spec: finalizers.length === 0 ? rest : { ...rest, finalizers } }
  })
}

async function changeNamespace(
  store: ResourceStore,
  name: string,
  subresource: string,
  context: WriteContext,
  change: (namespace: KubeObject) => KubeObject,
): Promise<void> {
  try {
    await store.update(
      { namespace: '', name },
      {
        subresource,
        managed: false,
        orCreate: false,
        unconditional: true,
        next: (namespace) => change(namespace as KubeObject),
      },
      context,
    )
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error
  }
}
