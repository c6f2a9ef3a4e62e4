import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { SubresourceDefinition } from '../registry/definition.ts'
import { textMap } from './cells.ts'
import { immutable, nonNegative } from './field-checks.ts'
import { selectsEverything, selectsLabels, validateLabelSelector } from './label-selector.ts'
import { validatePodTemplate } from './pod-spec-validation.ts'
import { podTemplateWarnings } from './pod-spec-warnings.ts'

/** What Deployments, ReplicaSets, StatefulSets and DaemonSets have in common: a selector, and a template that it must select. */

/** Where `scale` finds the replicas of a workload. */
export const replicaScale: NonNullable<SubresourceDefinition['scale']> = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
}

interface WorkloadRules {
  /** How often the containers of the template may be started again. */
  readonly restartPolicies: readonly string[]
  /** The kind in the text that refuses a selector of everything. ReplicaSets call themselves deployments. */
  readonly calls?: string
}

/** Selector, template and replicas of a workload. */
export function validateWorkload(workload: KubeObject, rules: WorkloadRules): readonly FieldError[] {
  const spec = fieldAt(workload, 'spec')
  return [
    ...nonNegative(spec, 'spec', 'replicas'),
    ...validateSelector(spec, rules.calls ?? workload.kind.toLowerCase()),
    ...validateSelection(spec, workload.kind),
    ...validatePodTemplate(fieldAt(spec, 'template'), 'spec.template'),
    ...validateEnding(fieldAt(spec, 'template', 'spec'), workload.kind, rules.restartPolicies),
  ]
}

/** ReplicaSets: nothing more than what every workload has. */
export function validateReplicaSet(set: KubeObject): readonly FieldError[] {
  return [
    ...validateWorkload(set, { restartPolicies: ['Always'], calls: 'deployment' }),
    ...nonNegative(fieldAt(set, 'spec'), 'spec', 'minReadySeconds'),
  ]
}

function validateSelector(spec: unknown, kind: string): readonly FieldError[] {
  const selector = fieldAt(spec, 'selector')
  if (!isObject(selector)) return [fieldErrors.required('spec.selector')]
  const errors = [...validateLabelSelector(selector, 'spec.selector')]
  if (selectsEverything(selector)) {
    errors.push(fieldErrors.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`))
  }
  return errors
}

function validateSelection(spec: unknown, kind: string): readonly FieldError[] {
  const selector = fieldAt(spec, 'selector')
  // Without a selector nothing is selected, so that no labels can match either.
  const empty = isObject(selector) && selectsEverything(selector)
  if (empty && kind !== 'DaemonSet') return []
  const labels = textMap(spec, 'template', 'metadata', 'labels')
  if (isObject(selector) && selectsLabels(selector, labels)) return []
  const stored = fieldAt(spec, 'template', 'metadata', 'labels') ?? null
  return [fieldErrors.invalid('spec.template.metadata.labels', stored, '`selector` does not match template `labels`')]
}

function validateEnding(podSpec: unknown, kind: string, restartPolicies: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = []
  const policy = fieldAt(podSpec, 'restartPolicy')
  if (typeof policy === 'string' && !restartPolicies.includes(policy)) {
    errors.push(fieldErrors.notSupported('spec.template.spec.restartPolicy', policy, restartPolicies))
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
