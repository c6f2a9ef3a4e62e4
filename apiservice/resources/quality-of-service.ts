import { isObject } from '../../src/machinery/object.ts'
import { compareQuantities } from '../../src/machinery/schema/quantity.ts'
import { amountsIn } from './amounts.ts'
import { objects } from './cells.ts'

/** The resources that count. */
const counted = ['cpu', 'memory']

/**
 * How a pod spec is treated when a node runs short (Kubernetes documentation, “Pod Quality of Service Classes”): Guaranteed when every
 * container limits cpu and memory and asks for as much, BestEffort when nobody asks for anything, Burstable otherwise.
 */
export function qosClass(podSpec: unknown): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const consumers = consumersOf(podSpec)
  if (!consumers.some((consumer) => asks(consumer, 'requests') || asks(consumer, 'limits'))) return 'BestEffort'
  return consumers.every(asksForItsLimits) ? 'Guaranteed' : 'Burstable'
}

/** The pod itself where it has resources of its own; else all containers that can have some. */
function consumersOf(podSpec: unknown): readonly unknown[] {
  if (isObject(podSpec) && isObject(podSpec['resources'])) return [podSpec]
  return [...objects(podSpec, 'containers'), ...objects(podSpec, 'initContainers')]
}

function asks(consumer: unknown, side: 'requests' | 'limits'): boolean {
  const amounts = amountsIn(consumer, 'resources', side)
  return counted.some((resource) => (amounts.get(resource)?.mantissa ?? 0n) > 0n)
}

function asksForItsLimits(consumer: unknown): boolean {
  const requests = amountsIn(consumer, 'resources', 'requests')
  const limits = amountsIn(consumer, 'resources', 'limits')
  return counted.every((resource) => {
    const request = requests.get(resource)
    const limit = limits.get(resource)
    if (request === undefined || limit === undefined || limit.mantissa <= 0n) return false
    return compareQuantities(request, limit) === 0
  })
}
