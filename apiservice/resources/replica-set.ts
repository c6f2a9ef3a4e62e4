import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, containerCells, count, nameOf, printLabels, sizeOfMap, textMap } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { nonNegative } from './field-checks.ts'
import { printLabelSelector } from './label-selector.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { validatePodTemplate } from './pod-spec-validation.ts'
import { immutableSelector, replicaScale, templateWarnings, validateReplicaSet } from './workload.ts'

const counts = (object: KubeObject) => [
  count(object, 'spec', 'replicas'),
  count(object, 'status', 'replicas'),
  count(object, 'status', 'readyReplicas'),
]

/** ReplicaSets: as many pods of a template as wanted. */
export const replicaSets: Behaviour = {
  cells: (set, now) => [
    nameOf(set),
    ...counts(set),
    age(set, now),
    ...containerCells(fieldAt(set, 'spec', 'template', 'spec')),
    printLabelSelector(fieldAt(set, 'spec', 'selector')),
  ],
  defaults: defaultsOf({ 'spec.replicas': 1, ...under('spec.template', podTemplateDefaults) }),
  initialStatus: { replicas: 0 },
  validate: validateReplicaSet,
  validateUpdate: immutableSelector,
  scale: replicaScale,
  strategy: { warnings: templateWarnings },
}

const controllerDefaults = defaultsOf({ 'spec.replicas': 1, ...under('spec.template?', podTemplateDefaults) })

/** A ReplicationController selects what its template makes, and is labelled so, unless it says otherwise. */
function labelsFromTemplate(draft: Record<string, unknown>): void {
  controllerDefaults(draft)
  const labels = textMap(draft, 'spec', 'template', 'metadata', 'labels')
  const { spec, metadata } = draft
  if (Object.keys(labels).length === 0 || !isObject(spec)) return
  if (sizeOfMap(spec, 'selector') === 0) spec['selector'] = { ...labels }
  if (isObject(metadata) && sizeOfMap(metadata, 'labels') === 0) metadata['labels'] = { ...labels }
}

function validateController(controller: KubeObject): readonly FieldError[] {
  const spec = fieldAt(controller, 'spec')
  const selector = textMap(spec, 'selector')
  const template = fieldAt(spec, 'template')
  const errors = [...nonNegative(spec, 'spec', 'replicas', 'minReadySeconds')]
  if (Object.keys(selector).length === 0) errors.push(fieldErrors.required('spec.selector'))
  const labels = textMap(template, 'metadata', 'labels')
  if (isObject(template) && !Object.entries(selector).every(([key, value]) => labels[key] === value)) {
    const stored = fieldAt(template, 'metadata', 'labels') ?? null
    const detail = '`selector` does not match template `labels`'
    errors.push(fieldErrors.invalid('spec.template.metadata.labels', stored, detail))
  }
  errors.push(...validatePodTemplate(template, 'spec.template'))
  const policy = fieldAt(template, 'spec', 'restartPolicy')
  if (policy !== undefined && policy !== 'Always') {
    errors.push(fieldErrors.notSupported('spec.template.spec.restartPolicy', policy, ['Always']))
  }
  return errors
}

/** ReplicationControllers: the older form of a ReplicaSet, with a plain map as selector. */
export const replicationControllers: Behaviour = {
  cells: (controller, now) => [
    nameOf(controller),
    ...counts(controller),
    age(controller, now),
    ...containerCells(fieldAt(controller, 'spec', 'template', 'spec')),
    printLabels(textMap(controller, 'spec', 'selector')),
  ],
  defaults: labelsFromTemplate,
  initialStatus: { replicas: 0 },
  validate: validateController,
  scale: replicaScale,
  strategy: { warnings: templateWarnings },
  selectableFields: { 'status.replicas': (controller) => String(count(controller, 'status', 'replicas')) },
  // Kept for clients of before 1.7: dependents stay when nobody says what should become of them.
  defaultPropagation: 'Orphan',
}
