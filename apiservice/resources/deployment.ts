import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { StrategyContext } from '../registry/definition.ts'
import type { Behaviour } from './behaviour.ts'
import { age, containerCells, count, nameOf } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { intOrPercent, isZeroOrZeroPercent, nonNegative } from './field-checks.ts'
import { printBareLabelSelector } from './label-selector.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { immutableSelector, replicaScale, templateWarnings, validateWorkload } from './workload.ts'

const rolling = 'RollingUpdate'

/** Whether pods are replaced a few at a time; only then do the two limits of a rolling update mean anything. */
const isRolling = ({ type }: Readonly<Record<string, unknown>>) => type === undefined || type === rolling

function validateStrategy(deployment: KubeObject): readonly FieldError[] {
  const strategy = fieldAt(deployment, 'spec', 'strategy')
  if (!isObject(strategy)) return []
  const path = 'spec.strategy.rollingUpdate'
  const limits = strategy['rollingUpdate']
  if (strategy['type'] === 'Recreate') {
    if (!isObject(limits)) return []
    return [fieldErrors.forbidden(path, "may not be specified when strategy `type` is 'Recreate'")]
  }
  if (strategy['type'] !== rolling) {
    const printed = { Type: strategy['type'], RollingUpdate: isObject(limits) ? limits : null }
    return [fieldErrors.notSupported('spec.strategy', printed, ['Recreate', rolling])]
  }
  if (!isObject(limits)) return []
  const errors = [
    ...intOrPercent(limits['maxUnavailable'], `${path}.maxUnavailable`, { atMostAll: true }),
    ...intOrPercent(limits['maxSurge'], `${path}.maxSurge`),
  ]
  if (isZeroOrZeroPercent(limits['maxUnavailable']) && isZeroOrZeroPercent(limits['maxSurge'])) {
    const detail = 'may not be 0 when `maxSurge` is 0'
    errors.push(fieldErrors.invalid(`${path}.maxUnavailable`, limits['maxUnavailable'], detail))
  }
  return errors
}

function validate(deployment: KubeObject): readonly FieldError[] {
  const spec = fieldAt(deployment, 'spec')
  const deadline = fieldAt(spec, 'progressDeadlineSeconds')
  const errors = [
    ...validateWorkload(deployment, {
      emptySelector: 'deployment',
      deadline: 'ReplicaSet',
      unreadableSelector: 'invalid label selector',
    }),
    ...validateStrategy(deployment),
    ...nonNegative(spec, 'spec', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'),
  ]
  if (typeof deadline === 'number' && deadline <= count(spec, 'minReadySeconds')) {
    const detail = 'must be greater than minReadySeconds'
    errors.push(fieldErrors.invalid('spec.progressDeadlineSeconds', deadline, detail))
  }
  return errors
}

/** A Deployment counts changes of its annotations too: its controller copies them to its ReplicaSets. */
function prepareForUpdate(deployment: KubeObject, old: KubeObject, { subresource }: StrategyContext): KubeObject {
  if (subresource === 'status' || equalJson(deployment.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
    return deployment
  return { ...deployment, metadata: { ...deployment.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}

/** Deployments: replicas of a pod template that are replaced when it changes. */
export const deployments: Behaviour = {
  cells: (deployment, now) => [
    nameOf(deployment),
    `${count(deployment, 'status', 'readyReplicas')}/${count(deployment, 'spec', 'replicas')}`,
    count(deployment, 'status', 'updatedReplicas'),
    count(deployment, 'status', 'availableReplicas'),
    age(deployment, now),
    ...containerCells(fieldAt(deployment, 'spec', 'template', 'spec')),
    printBareLabelSelector(fieldAt(deployment, 'spec', 'selector')),
  ],
  defaults: defaultsOf({
    'spec.replicas': 1,
    ...under('spec.template', podTemplateDefaults),
    'spec.strategy.type': rolling,
    'spec.strategy.rollingUpdate': (strategy) => (isRolling(strategy) ? {} : undefined),
    'spec.strategy.rollingUpdate?.maxUnavailable': '25%',
    'spec.strategy.rollingUpdate?.maxSurge': '25%',
    'spec.revisionHistoryLimit': 10,
    'spec.progressDeadlineSeconds': 600,
  }),
  validate,
  validateUpdate: immutableSelector,
  scale: replicaScale,
  strategy: { keepsLabelsOnStatus: true, prepareForUpdate, warnings: templateWarnings },
}
