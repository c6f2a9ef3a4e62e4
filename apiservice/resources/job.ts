import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { humanDuration } from '../../src/machinery/human-duration.ts'
import { labelName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, conditionIsTrue, containerCells, count, nameOf, text, textMap } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { immutable, nonNegative, oneOf } from './field-checks.ts'
import { printLabelSelector, selectsLabels, validateLabelSelector } from './label-selector.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { validatePodTemplate } from './pod-spec-validation.ts'
import { podTemplateWarnings } from './pod-spec-warnings.ts'

const largestInt32 = 2_147_483_647

/** Labels by which a Job knows its pods, each under its name of today and the one from before labels had prefixes. */
const uidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid']
const jobNameLabels = ['batch.kubernetes.io/job-name', 'job-name']

/** Selects the pods of this Job alone, unless its author does that by hand. What the author wrote already is left for validation. */
function prepareForCreate(job: KubeObject): KubeObject {
  const spec = fieldAt(job, 'spec')
  if (!isObject(spec)) return job
  const prepared = spec['manualSelector'] === true ? spec : withGeneratedSelector(job, spec)
  const templateLabels = textMap(prepared, 'template', 'metadata', 'labels')
  const unlabelled = Object.keys(job.metadata.labels ?? {}).length === 0 && Object.keys(templateLabels).length > 0
  return {
    ...job,
    metadata: unlabelled ? { ...job.metadata, labels: templateLabels } : job.metadata,
    spec: prepared,
  }
}

function withGeneratedSelector(job: KubeObject, spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const uid = job.metadata.uid ?? ''
  const generated: Record<string, string> = {}
  for (const label of uidLabels) generated[label] = uid
  for (const label of jobNameLabels) generated[label] = nameOf(job)
  const template = isObject(spec['template']) ? spec['template'] : {}
  const metadata = isObject(template['metadata']) ? template['metadata'] : {}
  const selector = isObject(spec['selector']) ? spec['selector'] : {}
  return {
    ...spec,
    selector: {
      ...selector,
      matchLabels: inOrder({ 'batch.kubernetes.io/controller-uid': uid, ...textMap(selector, 'matchLabels') }),
    },
    template: {
      ...template,
      metadata: { ...metadata, labels: inOrder({ ...generated, ...textMap(metadata, 'labels') }) },
    },
  }
}

/** A map as Go writes it: keys in order. */
function inOrder(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A Job, or the Job in a CronJob (which has no selector yet). */
export function validateJobSpec(spec: unknown, path: string): readonly FieldError[] {
  const policy = fieldAt(spec, 'template', 'spec', 'restartPolicy')
  const restartPath = `${path}.template.spec.restartPolicy`
  const errors = [
    ...nonNegative(
      spec,
      path,
      'parallelism',
      'completions',
      'activeDeadlineSeconds',
      'backoffLimit',
      'ttlSecondsAfterFinished',
      'backoffLimitPerIndex',
      'maxFailedIndexes',
    ),
    ...validateIndexing(spec, path),
    ...validatePodTemplate(fieldAt(spec, 'template'), `${path}.template`),
  ]
  if (policy === 'Always' || policy === undefined || policy === '') {
    errors.push(fieldErrors.required(restartPath, 'valid values: "OnFailure", "Never"'))
  } else if (policy !== 'OnFailure' && policy !== 'Never') {
    errors.push(fieldErrors.notSupported(restartPath, policy, ['OnFailure', 'Never']))
  } else if (isObject(fieldAt(spec, 'podFailurePolicy')) && policy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified'
    errors.push(fieldErrors.invalid(restartPath, policy, detail))
  }
  return errors
}

function validateIndexing(spec: unknown, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const mode = fieldAt(spec, 'completionMode')
  errors.push(...oneOf(mode, `${path}.completionMode`, ['NonIndexed', 'Indexed']))
  const perIndex = fieldAt(spec, 'backoffLimitPerIndex')
  const maxFailed = fieldAt(spec, 'maxFailedIndexes')
  const completions = fieldAt(spec, 'completions')
  if (maxFailed !== undefined && perIndex === undefined) {
    errors.push(fieldErrors.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (mode === 'Indexed') {
    if (completions === undefined) {
      errors.push(fieldErrors.required(`${path}.completions`, 'when completion mode is Indexed'))
    }
    if (count(spec, 'parallelism') > 100_000) {
      const detail = 'must be less than or equal to 100000 when completion mode is Indexed'
      errors.push(fieldErrors.invalid(`${path}.parallelism`, fieldAt(spec, 'parallelism'), detail))
    }
    if (typeof maxFailed === 'number' && typeof completions === 'number' && maxFailed > completions) {
      errors.push(
        fieldErrors.invalid(`${path}.maxFailedIndexes`, maxFailed, 'must be less than or equal to completions'),
      )
    }
    return errors
  }
  const needIndexes = ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']
  for (const field of needIndexes) {
    const value = fieldAt(spec, field)
    if (value !== undefined) {
      errors.push(fieldErrors.invalid(`${path}.${field}`, value, 'requires indexed completion mode'))
    }
  }
  return errors
}

function validate(job: KubeObject): readonly FieldError[] {
  const spec = fieldAt(job, 'spec')
  const errors = [...validateGeneratedSelector(job), ...validateJobSpec(spec, 'spec')]
  const selector = fieldAt(spec, 'selector')
  if (!isObject(selector)) errors.push(fieldErrors.required('spec.selector'))
  else errors.push(...validateLabelSelector(selector, 'spec.selector'))
  const labels = textMap(spec, 'template', 'metadata', 'labels')
  if (!isObject(selector) || !selectsLabels(selector, labels)) {
    const stored = fieldAt(spec, 'template', 'metadata', 'labels') ?? null
    const detail = '`selector` does not match template `labels`'
    errors.push(fieldErrors.invalid('spec.template.metadata.labels', stored, detail))
  }
  return errors
}

function validateGeneratedSelector(job: KubeObject): readonly FieldError[] {
  const selector = fieldAt(job, 'spec', 'selector')
  if (fieldAt(job, 'spec', 'manualSelector') === true || !isObject(selector)) return []
  const expected: Record<string, string> = {}
  for (const label of uidLabels) expected[label] = job.metadata.uid ?? ''
  for (const label of jobNameLabels) expected[label] = nameOf(job)
  const labels = textMap(job, 'spec', 'template', 'metadata', 'labels')
  const errors: FieldError[] = []
  for (const label of ['controller-uid', 'job-name', ...uidLabels.slice(0, 1), ...jobNameLabels.slice(0, 1)]) {
    const value = labels[label]
    const path = `spec.template.metadata.labels`
    if (value === undefined) errors.push(fieldErrors.required(`${path}[${label}]`, `must be '${expected[label]}'`))
    else if (value !== expected[label]) {
      errors.push(fieldErrors.invalid(`${path}[${label}]`, labels, `must be '${expected[label]}'`))
    }
  }
  if (!selectsLabels(selector, expected)) {
    errors.push(fieldErrors.invalid('spec.selector', selector, '`selector` not auto-generated'))
  }
  return errors
}

const frozenFields = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy']

function validateUpdate(job: KubeObject, old: KubeObject): readonly FieldError[] {
  const [spec, stored] = [fieldAt(job, 'spec'), fieldAt(old, 'spec')]
  const same = (field: string) => immutable(fieldAt(spec, field), fieldAt(stored, field), `spec.${field}`)
  return [
    ...validateCompletionsUpdate(spec, stored),
    ...same('selector'),
    ...(mayChangeTemplate(job, old) ? [] : same('template')),
    ...frozenFields.flatMap(same),
  ]
}

function validateCompletionsUpdate(spec: unknown, stored: unknown): readonly FieldError[] {
  const completions = fieldAt(spec, 'completions')
  if (fieldAt(spec, 'completionMode') !== 'Indexed') {
    return immutable(completions, fieldAt(stored, 'completions'), 'spec.completions')
  }
  if (completions === undefined || equalJson(completions, fieldAt(stored, 'completions'))) return []
  return completions === fieldAt(spec, 'parallelism')
    ? []
    : [fieldErrors.invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')]
}

/** Where the pods of a suspended Job that has never started will go, and what they ask for, is still open. */
function mayChangeTemplate(job: KubeObject, old: KubeObject): boolean {
  const suspended = fieldAt(old, 'spec', 'suspend') === true
  if (!suspended || fieldAt(old, 'status', 'startTime') !== undefined) return false
  return equalJson(
    withoutPlacement(fieldAt(job, 'spec', 'template')),
    withoutPlacement(fieldAt(old, 'spec', 'template')),
  )
}

function withoutPlacement(template: unknown): unknown {
  if (!isObject(template) || !isObject(template['spec'])) return template
  const {
    nodeSelector: _selector,
    tolerations: _tolerations,
    affinity,
    schedulingGates: _gates,
    ...spec
  } = template['spec']
  const { nodeAffinity: _nodeAffinity, ...otherAffinity } = isObject(affinity) ? affinity : {}
  const containers = (field: string) =>
    Array.isArray(spec[field])
      ? {
          [field]: spec[field].map((container) =>
            isObject(container) ? { ...container, resources: undefined } : container,
          ),
        }
      : {}
  return {
    spec: {
      ...spec,
      ...containers('containers'),
      ...containers('initContainers'),
      affinity: Object.keys(otherAffinity).length > 0 ? otherAffinity : undefined,
    },
  }
}

/** What a Job is doing, by its conditions; the first that holds counts. */
function statusOf(job: KubeObject): string {
  if (conditionIsTrue(job, 'Complete')) return 'Complete'
  if (conditionIsTrue(job, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => conditionIsTrue(job, type)) ?? 'Running'
}

function completionsOf(job: KubeObject): string {
  const succeeded = count(job, 'status', 'succeeded')
  const completions = fieldAt(job, 'spec', 'completions')
  if (typeof completions === 'number') return `${succeeded}/${completions}`
  const parallelism = count(job, 'spec', 'parallelism')
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationOf(job: KubeObject, now: number): string {
  const start = Date.parse(text(job, ['status', 'startTime']))
  if (Number.isNaN(start)) return ''
  const end = Date.parse(text(job, ['status', 'completionTime']))
  return humanDuration((Number.isNaN(end) ? now : end) - start)
}

function warnings(job: KubeObject, old: KubeObject | undefined): readonly string[] {
  if (old) return old.metadata.generation === job.metadata.generation ? [] : templateOf(job)
  const complaints = labelName(nameOf(job))
  const named =
    complaints.length === 0
      ? []
      : [
          `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${complaints.join(' ')}]`,
        ]
  return [...named, ...templateOf(job)]
}

const templateOf = (job: KubeObject) => podTemplateWarnings(fieldAt(job, 'spec', 'template'), 'spec.template')

/** Jobs: pods that end. */
export const jobs: Behaviour = {
  cells: (job, now) => [
    nameOf(job),
    statusOf(job),
    completionsOf(job),
    durationOf(job, now),
    age(job, now),
    ...containerCells(fieldAt(job, 'spec', 'template', 'spec')),
    printLabelSelector(fieldAt(job, 'spec', 'selector')),
  ],
  defaults: defaultsOf({
    // Both unset means one pod that succeeds once; only parallelism set means a queue, which has no number of completions.
    'spec.completions': ({ parallelism }) => (parallelism === undefined ? 1 : undefined),
    'spec.parallelism': 1,
    'spec.backoffLimit': ({ backoffLimitPerIndex }) => (backoffLimitPerIndex === undefined ? 6 : largestInt32),
    'spec.completionMode': 'NonIndexed',
    'spec.suspend': false,
    'spec.podReplacementPolicy': ({ podFailurePolicy }) =>
      isObject(podFailurePolicy) ? 'Failed' : 'TerminatingOrFailed',
    'spec.manualSelector': false,
    'spec.podFailurePolicy?.rules[].onPodConditions[].status!': 'True',
    ...under('spec.template', podTemplateDefaults),
  }),
  validate,
  validateUpdate,
  strategy: { prepareForCreate, warnings },
  selectableFields: { 'status.successful': (job) => String(count(job, 'status', 'succeeded')) },
  defaultPropagation: 'Orphan',
}
