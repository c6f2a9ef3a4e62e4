import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { labelName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, containerCells, count, nameOf, objects, text } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { named, nonNegative, oneOf } from './field-checks.ts'
import { validateClaimSpec } from './persistent-volume-claim.ts'
import { claimSpecDefaults, podTemplateDefaults } from './pod-spec-defaults.ts'
import { replicaScale, templateWarnings, validateWorkload } from './workload.ts'

const applyDefaults = defaultsOf({
  'spec.replicas': 1,
  ...under('spec.template', podTemplateDefaults),
  'spec.serviceName': '',
  'spec.podManagementPolicy': 'OrderedReady',
  // Only where the whole strategy is the server's choice does it say where the update ends.
  'spec.updateStrategy.rollingUpdate': ({ type }) => (type === undefined ? {} : undefined),
  'spec.updateStrategy.type': 'RollingUpdate',
  'spec.updateStrategy.rollingUpdate?.partition': 0,
  'spec.revisionHistoryLimit': 10,
  'spec.persistentVolumeClaimRetentionPolicy.whenDeleted': 'Retain',
  'spec.persistentVolumeClaimRetentionPolicy.whenScaled': 'Retain',
  'spec.volumeClaimTemplates[].kind': 'PersistentVolumeClaim',
  'spec.volumeClaimTemplates[].apiVersion': 'v1',
  ...under('spec.volumeClaimTemplates[].spec', claimSpecDefaults),
  'spec.volumeClaimTemplates[].status.phase': 'Pending',
})

function defaults(draft: Record<string, unknown>): void {
  applyDefaults(draft)
  // A claim template is read as a whole claim of v1, whatever it called itself.
  for (const template of objects(draft, 'spec', 'volumeClaimTemplates')) {
    Object.assign(template, { kind: 'PersistentVolumeClaim', apiVersion: 'v1' })
  }
}

const mutableFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

function validate(set: KubeObject): readonly FieldError[] {
  const spec = fieldAt(set, 'spec')
  const claims = objects(spec, 'volumeClaimTemplates')
  return [
    ...validatePolicies(spec),
    ...claims.flatMap((claim, index) => validateClaimSpec(claim['spec'], `spec.volumeClaimTemplates[${index}].spec`)),
    ...nonNegative(spec, 'spec', 'minReadySeconds', 'revisionHistoryLimit'),
    ...nonNegative(fieldAt(spec, 'ordinals'), 'spec.ordinals', 'start'),
    ...named(fieldAt(spec, 'serviceName'), 'spec.serviceName', labelName),
    ...validateWorkload(set, {
      emptySelector: 'statefulset',
      deadline: 'StatefulSet',
      unreadableSelector: '',
      extraVolumes: claims.map((claim) => text(claim, ['metadata', 'name'])),
    }),
  ]
}

function validatePolicies(spec: unknown): readonly FieldError[] {
  const errors: FieldError[] = []
  const management = fieldAt(spec, 'podManagementPolicy')
  if (management !== 'OrderedReady' && management !== 'Parallel') {
    const detail = "must be 'OrderedReady' or 'Parallel'"
    errors.push(fieldErrors.invalid('spec.podManagementPolicy', management, detail))
  }
  const type = fieldAt(spec, 'updateStrategy', 'type')
  const rolling = fieldAt(spec, 'updateStrategy', 'rollingUpdate')
  // Errors print the fields by the names that they have in Go.
  const printed = isObject(rolling)
    ? { Partition: rolling['partition'] ?? 0, MaxUnavailable: rolling['maxUnavailable'] ?? null }
    : null
  const path = 'spec.updateStrategy'
  if (type === 'OnDelete') {
    if (printed !== null) {
      const detail = "only allowed for updateStrategy 'RollingUpdate'"
      errors.push(fieldErrors.invalid(`${path}.rollingUpdate`, printed, detail))
    }
  } else if (type === 'RollingUpdate') {
    errors.push(...nonNegative(rolling, `${path}.rollingUpdate`, 'partition'))
  } else {
    const detail = "must be 'RollingUpdate' or 'OnDelete'"
    errors.push(fieldErrors.invalid(path, { Type: type, RollingUpdate: printed }, detail))
  }
  const retention = fieldAt(spec, 'persistentVolumeClaimRetentionPolicy')
  for (const field of ['whenDeleted', 'whenScaled']) {
    const policy = fieldAt(retention, field)
    errors.push(...oneOf(policy, `spec.persistentVolumeClaimRetentionPolicy.${field}`, ['Retain', 'Delete']))
  }
  return errors
}

function validateUpdate(set: KubeObject, old: KubeObject): readonly FieldError[] {
  const frozen = (object: KubeObject) => {
    const spec = fieldAt(object, 'spec')
    if (!isObject(spec)) return {}
    return Object.fromEntries(Object.entries(spec).filter(([field]) => !mutableFields.includes(field)))
  }
  if (equalJson(frozen(set), frozen(old))) return []
  const named = mutableFields.map((field) => `'${field}'`)
  const detail = `updates to statefulset spec for fields other than ${named.slice(0, -1).join(', ')} and ${named.at(-1)} are forbidden`
  return [fieldErrors.forbidden('spec', detail)]
}

/** StatefulSets: pods with names and volumes of their own. */
export const statefulSets: Behaviour = {
  cells: (set, now) => [
    nameOf(set),
    `${count(set, 'status', 'readyReplicas')}/${count(set, 'spec', 'replicas')}`,
    age(set, now),
    ...containerCells(fieldAt(set, 'spec', 'template', 'spec')),
  ],
  defaults,
  initialStatus: { replicas: 0, availableReplicas: 0 },
  validate,
  validateUpdate,
  scale: replicaScale,
  strategy: { warnings: templateWarnings },
}
