import { printTime } from '../../../src/machinery/clock.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { labelSelectorFrom } from '../../../src/machinery/selector.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import type { WriteContext } from '../../registry/context.ts'
import type { ResourceStore } from '../../registry/resource-store.ts'
import { answerDone, representationOf } from '../answer.ts'
import { type ApiRequest, type Handler, keyIn, writeContext } from '../handler.ts'
import { parseDeleteOptions, parseWriteOptions } from '../options.ts'
import { readAs } from './read-as.ts'

const budgets = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' }
/** Pods of a budget whose eviction is under way; more than this is refused until the budget has caught up (kube-apiserver's limit). */
const maxDisruptedPods = 2000

/** POST of `eviction`: a delete that respects disruption budgets. */
export const evictPod: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const options = parseWriteOptions(info.query, 'CreateOptions')
  const eviction = await readAs(
    request,
    { group: 'policy', version: 'v1', kind: 'Eviction' },
    options.fieldValidation,
    [{ group: 'policy', version: 'v1beta1', kind: 'Eviction' }],
  )
  const named = eviction.metadata.name ?? ''
  if (named !== '' && named !== info.name)
    throw StatusError.badRequest('name in URL does not match name in Eviction object')
  const body = eviction['deleteOptions']
  const deletion = parseDeleteOptions(isObject(body) ? body : {}, info.query)
  const context = writeContext(request, {
    dryRun: options.dryRun || deletion.dryRun,
    fieldManager: options.fieldManager,
  })
  const key = keyIn(request)
  const pod = resource.parse((await resource.get(key)).bytes)
  if (!mayIgnoreBudgets(pod)) await takeFromBudget(request, pod, context)
  await resource.remove(key, deletion.options, context)
  return answerDone(representation)
}

/** Pods that have ended, have not begun, or are already going disturb nobody. */
function mayIgnoreBudgets(pod: KubeObject): boolean {
  const phase = fieldAt(pod, 'status', 'phase')
  return (
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
  )
}

async function takeFromBudget(request: ApiRequest, pod: KubeObject, context: WriteContext): Promise<void> {
  const store = request.registry.find(budgets)
  if (!store) return
  const matching = await budgetsOf(store, pod)
  if (matching.length > 1) {
    throw new StatusError(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = matching
  if (!budget) return
  const name = pod.metadata.name ?? ''
  await store.update(
    { namespace: budget.metadata.namespace ?? '', name: budget.metadata.name ?? '' },
    {
      subresource: 'status',
      managed: false,
      orCreate: false,
      unconditional: true,
      next: (old) => disrupted(old ?? budget, name, context.now),
    },
    context,
  )
}

async function budgetsOf(store: ResourceStore, pod: KubeObject): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = []
  const { chunks } = await store.range({ namespace: pod.metadata.namespace ?? '' }, {})
  for await (const chunk of chunks) {
    for (const { bytes } of chunk) {
      const budget = store.parse(bytes)
      const selector = fieldAt(budget, 'spec', 'selector')
      // A budget without a selector covers no pod.
      if (isObject(selector) && labelSelectorFrom(selector).matches(pod.metadata.labels)) found.push(budget)
    }
  }
  return found
}

function disrupted(budget: KubeObject, pod: string, now: number): KubeObject {
  const status = isObject(budget['status']) ? budget['status'] : {}
  const name = budget.metadata.name ?? ''
  const observed = Number(status['observedGeneration'] ?? 0)
  const allowed = Number(status['disruptionsAllowed'] ?? 0)
  const pods = isObject(status['disruptedPods']) ? status['disruptedPods'] : {}
  if (observed < (budget.metadata.generation ?? 0)) {
    throw refusal(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (allowed < 0)
    throw StatusError.forbidden(
      { group: 'policy', resource: budgets.resource },
      name,
      'pdb disruptions allowed is negative',
    )
  if (Object.keys(pods).length > maxDisruptedPods) {
    throw StatusError.forbidden(
      { group: 'policy', resource: budgets.resource },
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    )
  }
  if (allowed === 0) {
    const healthy = Number(status['currentHealthy'] ?? 0)
    const desired = Number(status['desiredHealthy'] ?? 0)
    throw refusal(`The disruption budget ${name} needs ${desired} healthy pods and has ${healthy} currently`, 0)
  }
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: allowed - 1,
      disruptedPods: { ...pods, [pod]: printTime(now) },
    },
  }
}

function refusal(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details: {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    },
  })
}
