/** One entry of `status.conditions` (Kubernetes API conventions, “Typical status properties”). */
export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
  readonly observedGeneration?: number
}

/**
 * The list with this condition in it, at the place of the one of its type or at the end. `lastTransitionTime` of the new one counts only when
 * the status is another than before; otherwise the old time stays, so that setting a condition twice changes nothing.
 */
export function setCondition(conditions: readonly Condition[], next: Condition): readonly Condition[] {
  const index = conditions.findIndex(({ type }) => type === next.type)
  const before = conditions[index]
  if (before === undefined) return [...conditions, next]
  const since = before.status === next.status ? before.lastTransitionTime : next.lastTransitionTime
  const merged = since === undefined ? next : { ...next, lastTransitionTime: since }
  return conditions.map((condition, at) => (at === index ? merged : condition))
}

/** The condition of a type, or undefined. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}
