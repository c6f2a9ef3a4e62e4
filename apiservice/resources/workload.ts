import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { SubresourceDefinition } from '../registry/definition.ts'
import { textMap } from './cells.ts'
import { immutable, nonNegative } from './field-checks.ts'
import { isSelector, selectsEverything, selectsLabels, validateLabelSelector } from './label-selector.ts'
import { validatePodTemplate } from './pod-spec-validation.ts'
import { podTemplateWarnings } from './pod-spec-warnings.ts'

/** What Deployments, ReplicaSets, StatefulSets and DaemonSets have in common: a selector, and a template that it must select. */

/** Where `scale` finds the replicas of a workload. */
export const replicaScale: NonNullable<SubresourceDefinition['scale']> = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
}

/** How one workload differs from the others where they are checked. */
interface WorkloadRules {
  /** How it is called where a selector of everything is refused; ReplicaSets are called deployments. */
  readonly emptySelector: string
  /** The kind that is named where pods may not have a deadline; Deployments name the ReplicaSets that they make. */
  readonly deadline: string
  /** What is said of a selector that cannot be read; undefined where nothing is. */
  readonly unreadableSelector?: string
  /** A workload without a selector is only said to select nothing. */
  readonly selectorOptional?: boolean
  /** Names of volumes that the controller gives each pod. */
  readonly extraVolumes?: readonly string[]
}

/** Selector, template and replicas of a workload. */
export function validateWorkload(workload: KubeObject, rules: WorkloadRules): readonly FieldError[] {
  const spec = fieldAt(workload, 'spec')
  return [
    ...nonNegative(spec, 'spec', 'replicas'),
    ...validateSelector(spec, rules),
    ...validateSelection(spec, rules),
    ...validatePodTemplate(fieldAt(spec, 'template'), 'spec.template', rules.extraVolumes),
    ...validateEnding(fieldAt(spec, 'template', 'spec'), rules.deadline),
  ]
}

/** ReplicaSets: nothing more than what every workload has. */
export function validateReplicaSet(set: KubeObject): readonly FieldError[] {
  return [
    ...validateWorkload(set, {
      emptySelector: 'deployment',
      deadline: 'ReplicaSet',
      unreadableSelector: 'invalid label selector',
    }),
    ...nonNegative(fieldAt(set, 'spec'), 'spec', 'minReadySeconds'),
  ]
}

function validateSelector(spec: unknown, rules: WorkloadRules): readonly FieldError[] {
  const selector = fieldAt(spec, 'selector')
  if (!isObject(selector)) return rules.selectorOptional ? [] : [fieldErrors.required('spec.selector')]
  const errors = [...validateLabelSelector(selector, 'spec.selector')]
  if (selectsEverything(selector)) {
    const detail = `empty selector is invalid for ${rules.emptySelector}`
    errors.push(fieldErrors.invalid('spec.selector', selector, detail))
  }
  return errors
}

function validateSelection(spec: unknown, rules: WorkloadRules): readonly FieldError[] {
  const selector = fieldAt(spec, 'selector')
  if (isObject(selector) && !isSelector(selector)) {
    if (rules.unreadableSelector === undefined) return []
    return [fieldErrors.invalid('spec.selector', selector, rules.unreadableSelector)]
  }
  const empty = isObject(selector) && selectsEverything(selector)
  if (empty || selectsLabels(selector, textMap(spec, 'template', 'metadata', 'labels'))) return []
  const stored = fieldAt(spec, 'template', 'metadata', 'labels') ?? null
  return [fieldErrors.invalid('spec.template.metadata.labels', stored, '`selector` does not match template `labels`')]
}

/** Pods of a workload are replaced when they end, so that they neither end by themselves nor by a deadline. */
function validateEnding(podSpec: unknown, kind: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const policy = fieldAt(podSpec, 'restartPolicy')
  if (typeof policy === 'string' && policy !== 'Always') {
    errors.push(fieldErrors.notSupported('spec.template.spec.restartPolicy', policy, ['Always']))
  }
  if (fieldAt(podSpec, 'activeDeadlineSeconds') !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(fieldErrors.forbidden('spec.template.spec.activeDeadlineSeconds', detail))
  }
  return errors
}

/** The selector of a workload stays what it was: pods that it selected would be left to nobody. */
export function immutableSelector(workload: KubeObject, old: KubeObject): readonly FieldError[] {
  return immutable(fieldAt(workload, 'spec', 'selector'), fieldAt(old, 'spec', 'selector'), 'spec.selector')
}

/** Warnings about the template of a workload; an update warns only of a template that it changes. */
export function templateWarnings(workload: KubeObject, old: KubeObject | undefined): readonly string[] {
  if (old && old.metadata.generation === workload.metadata.generation) return []
  return podTemplateWarnings(fieldAt(workload, 'spec', 'template'), 'spec.template')
}
