import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, containerCells, count, nameOf, printLabels, textMap } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { intOrPercent, isZeroOrZeroPercent, nonNegative } from './field-checks.ts'
import { printLabelSelector } from './label-selector.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { immutableSelector, templateWarnings, validateWorkload } from './workload.ts'

/** Counts changes of the pod template; clients of before 1.9 read it. */
const templateGeneration = 'deprecated.daemonset.template.generation'

function withTemplateGeneration(set: KubeObject, generation: number): KubeObject {
  const annotations = { ...set.metadata.annotations, [templateGeneration]: String(generation) }
  return { ...set, metadata: { ...set.metadata, annotations } }
}

const templateGenerationOf = (set: KubeObject): number =>
  Number.parseInt(set.metadata.annotations?.[templateGeneration] ?? '0', 10) || 0

function prepareForCreate(set: KubeObject): KubeObject {
  return withTemplateGeneration(set, Math.max(templateGenerationOf(set), 1))
}

function prepareForUpdate(set: KubeObject, old: KubeObject): KubeObject {
  const changed = !equalJson(fieldAt(set, 'spec', 'template'), fieldAt(old, 'spec', 'template'))
  return withTemplateGeneration(set, templateGenerationOf(old) + (changed ? 1 : 0))
}

function validateUpdateStrategy(set: KubeObject): readonly FieldError[] {
  const strategy = fieldAt(set, 'spec', 'updateStrategy')
  const type = fieldAt(strategy, 'type')
  if (type === 'OnDelete') return []
  if (type !== 'RollingUpdate') {
    const printed = { Type: type, RollingUpdate: fieldAt(strategy, 'rollingUpdate') ?? null }
    return [fieldErrors.notSupported('spec.updateStrategy', printed, ['RollingUpdate', 'OnDelete'])]
  }
  const limits = fieldAt(strategy, 'rollingUpdate')
  const path = 'spec.updateStrategy.rollingUpdate'
  if (!isObject(limits)) return [fieldErrors.required(path)]
  const { maxUnavailable, maxSurge } = limits
  const errors = [
    ...intOrPercent(maxUnavailable, `${path}.maxUnavailable`, { atMostAll: true }),
    ...intOrPercent(maxSurge, `${path}.maxSurge`, { atMostAll: true }),
  ]
  const spares = !isZeroOrZeroPercent(maxUnavailable)
  const surges = !isZeroOrZeroPercent(maxSurge)
  if (spares && surges) {
    errors.push(fieldErrors.invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  } else if (!spares && !surges) {
    errors.push(fieldErrors.required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
  return errors
}

const specDefaults = defaultsOf({
  ...under('spec.template', podTemplateDefaults),
  'spec.updateStrategy.type': 'RollingUpdate',
  'spec.updateStrategy.rollingUpdate': ({ type }) => (type === 'RollingUpdate' ? {} : undefined),
  'spec.updateStrategy.rollingUpdate?.maxUnavailable': 1,
  'spec.updateStrategy.rollingUpdate?.maxSurge': 0,
  'spec.revisionHistoryLimit': 10,
})

/** The count is there from decoding on, so that whoever creates a set owns it, as with kube-apiserver. */
function countTemplates(draft: Record<string, unknown>): void {
  const metadata = isObject(draft['metadata']) ? draft['metadata'] : {}
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {}
  if (annotations[templateGeneration] === undefined) {
    draft['metadata'] = { ...metadata, annotations: { ...annotations, [templateGeneration]: '0' } }
  }
}

/** DaemonSets: one pod on every node that fits. */
export const daemonSets: Behaviour = {
  cells: (set, now) => [
    nameOf(set),
    count(set, 'status', 'desiredNumberScheduled'),
    count(set, 'status', 'currentNumberScheduled'),
    count(set, 'status', 'numberReady'),
    count(set, 'status', 'updatedNumberScheduled'),
    count(set, 'status', 'numberAvailable'),
    printLabels(textMap(set, 'spec', 'template', 'spec', 'nodeSelector')),
    age(set, now),
    ...containerCells(fieldAt(set, 'spec', 'template', 'spec')),
    printLabelSelector(fieldAt(set, 'spec', 'selector')),
  ],
  defaults: (draft) => {
    specDefaults(draft)
    countTemplates(draft)
  },
  initialStatus: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  validate: (set) => [
    ...validateWorkload(set, { emptySelector: 'daemonset', deadline: 'DaemonSet', selectorOptional: true }),
    ...validateUpdateStrategy(set),
    ...nonNegative(fieldAt(set, 'spec'), 'spec', 'minReadySeconds', 'revisionHistoryLimit'),
  ],
  validateUpdate: immutableSelector,
  strategy: { prepareForCreate, prepareForUpdate, warnings: templateWarnings },
}
