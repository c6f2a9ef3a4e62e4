import { type FieldError, fieldErrors } from './field-error.ts'
import { labelName, labelValueText, qualifiedName } from './names.ts'
import { equalJson, type ObjectMeta, type OwnerReference } from './object.ts'
import { parseApiVersion } from './resource.ts'

/** What the metadata of a kind must look like. */
export interface MetadataRules {
  readonly namespaced: boolean
  /** What is wrong with a name, or undefined. */
  readonly validateName: (name: string) => string | undefined
  /** Custom resources may have finalizers of any qualified name; built-in kinds know the short ones. */
  readonly custom: boolean
}

/** Keys and values of all annotations together, in bytes. */
export const annotationsLimitBytes = 262_144

const standardFinalizers: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])
const fieldIsImmutable = 'field is immutable'

/**
 * What is wrong with the metadata of an object that has its name already (Kubernetes API concepts and `ObjectMeta` validation; texts and
 * field names as kube-apiserver 1.36 answers them).
 */
export function validateMetadata(metadata: ObjectMeta, rules: MetadataRules, path = 'metadata'): readonly FieldError[] {
  const errors: FieldError[] = []
  const name = metadata.name ?? ''
  const { generateName = '' } = metadata
  if (generateName !== '') {
    // A prefix may end in a dash: something always follows.
    const complaint = rules.validateName(generateName.replace(/-$/, 'a'))
    if (complaint !== undefined) errors.push(fieldErrors.invalid(`${path}.generateName`, generateName, complaint))
  }
  if (name === '') errors.push(fieldErrors.required(`${path}.name`, 'name or generateName is required'))
  else {
    const complaint = rules.validateName(name)
    if (complaint !== undefined) errors.push(fieldErrors.invalid(`${path}.name`, name, complaint))
  }
  errors.push(...validateNamespace(metadata.namespace ?? '', rules.namespaced, `${path}.namespace`))
  if ((metadata.generation ?? 0) < 0) {
    errors.push(fieldErrors.invalid(`${path}.generation`, metadata.generation, 'must be greater than or equal to 0'))
  }
  errors.push(...validateAttachedMetadata(metadata, path))
  if (!rules.custom) errors.push(...validateStandardFinalizers(metadata.finalizers ?? [], `${path}.finalizers`))
  return errors
}

function validateNamespace(namespace: string, namespaced: boolean, path: string): readonly FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [fieldErrors.forbidden(path, 'not allowed on this type')]
  if (namespace === '') return [fieldErrors.required(path)]
  return labelName(namespace).map((complaint) => fieldErrors.invalid(path, namespace, complaint))
}

function validateAttachedMetadata(metadata: ObjectMeta, path: string): readonly FieldError[] {
  return [
    ...validateLabels(metadata.labels ?? {}, `${path}.labels`),
    ...validateAnnotations(metadata.annotations ?? {}, `${path}.annotations`),
    ...validateOwnerReferences(metadata.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateFinalizers(metadata.finalizers ?? [], `${path}.finalizers`),
  ]
}

/** What an update may not do to the metadata of a stored object, besides what `validateMetadata` says of labels and the like. */
export function validateMetadataUpdate(
  metadata: ObjectMeta,
  old: ObjectMeta,
  rules: Pick<MetadataRules, 'custom'>,
  path = 'metadata',
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) {
    const before = new Set(old.finalizers ?? [])
    const added = [...new Set(metadata.finalizers ?? [])].filter((finalizer) => !before.has(finalizer)).sort()
    if (added.length > 0) {
      const listed = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${listed}}`
      errors.push(fieldErrors.forbidden(`${path}.finalizers`, detail))
    }
  }
  for (const field of ['name', 'namespace', 'uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (!equalJson(metadata[field], old[field])) {
      errors.push(fieldErrors.invalid(`${path}.${field}`, metadata[field], fieldIsImmutable))
    }
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(fieldErrors.invalid(`${path}.generation`, metadata.generation, 'must not be decremented'))
  }
  errors.push(...validateAttachedMetadata(metadata, path))
  // A short finalizer that is stored already was accepted by someone: only new ones are asked for their full name.
  if (!rules.custom) {
    const before = new Set(old.finalizers ?? [])
    const added = (metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))
    if (added.length > 0) errors.push(...validateStandardFinalizers(metadata.finalizers ?? [], `${path}.finalizers`))
  }
  return errors
}

/** Label keys and values. Kubernetes names the map, not the key. */
export function validateLabels(labels: Readonly<Record<string, string>>, path: string): readonly FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((complaint) => fieldErrors.invalid(path, key, complaint)),
    ...labelValueText(value).map((complaint) => fieldErrors.invalid(path, value, complaint)),
  ])
}

/** Annotation keys, in any case, and the size of all of them together. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
    for (const complaint of qualifiedName(key.toLowerCase())) errors.push(fieldErrors.invalid(path, key, complaint))
  }
  if (bytes > annotationsLimitBytes) errors.push(fieldErrors.tooLong(path, annotationsLimitBytes))
  return errors
}

/** Owner references: all four names, never an Event, one controller at most. Kubernetes gives no index. */
function validateOwnerReferences(owners: readonly OwnerReference[], path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  let controller = ''
  for (const owner of owners) {
    errors.push(...validateOwnerReference(owner, path))
    if (owner.controller !== true) continue
    const current = `${owner.kind}/${owner.name}`
    if (controller === '') controller = current
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`
      errors.push(fieldErrors.invalid(path, owners, detail))
    }
  }
  return errors
}

function validateOwnerReference(owner: OwnerReference, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const parsed = parseApiVersion(owner.apiVersion ?? '')
  if (!parsed || parsed.version === '') {
    errors.push(fieldErrors.invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
  }
  for (const field of ['kind', 'name', 'uid'] as const) {
    if ((owner[field] ?? '') === '') errors.push(fieldErrors.invalid(`${path}.${field}`, '', 'must not be empty'))
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(fieldErrors.invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

/**
 * The owner references without those whose uid came before, and the text of the Warning header that a client gets for them (undefined
 * when there were none). Kubernetes keeps the first of each.
 */
export function withoutDuplicateOwners(owners: readonly OwnerReference[]): {
  readonly owners: readonly OwnerReference[]
  readonly warning: string | undefined
} {
  const seen = new Set<string>()
  const duplicates = new Set<string>()
  const kept = owners.filter(({ uid }) => {
    if (seen.has(uid)) {
      duplicates.add(uid)
      return false
    }
    seen.add(uid)
    return true
  })
  if (duplicates.size === 0) return { owners, warning: undefined }
  const uids = [...duplicates].sort().join(', ')
  const warning = `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`
  return { owners: kept, warning }
}

/** Finalizers: qualified names, and not both ways to treat dependents. */
function validateFinalizers(finalizers: readonly string[], path: string): readonly FieldError[] {
  const errors = finalizers.flatMap((finalizer) =>
    qualifiedName(finalizer).map((complaint) => fieldErrors.invalid(path, finalizer, complaint)),
  )
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set'
    errors.push(fieldErrors.invalid(path, finalizers, detail))
  }
  return errors
}

function validateStandardFinalizers(finalizers: readonly string[], path: string): readonly FieldError[] {
  return finalizers.flatMap((finalizer, index) =>
    finalizer.includes('/') || standardFinalizers.has(finalizer)
      ? []
      : [
          fieldErrors.invalid(
            `${path}[${index}]`,
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  )
}
