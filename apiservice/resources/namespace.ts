import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { firstComplaint, labelName, qualifiedName } from '../../src/machinery/names.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { StrategyContext } from '../registry/definition.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text, texts } from './cells.ts'
import { immutable } from './field-checks.ts'

/** Says that the namespace still holds objects; the namespace controller takes it away when the last one is gone. */
const namespaceFinalizer = 'kubernetes'
const nameLabel = 'kubernetes.io/metadata.name'

/** Namespaces that are always there. */
const initial: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** A namespace carries its name as a label, so that selectors can name it. */
function withNameLabel(namespace: KubeObject): KubeObject {
  const labels = { ...namespace.metadata.labels, [nameLabel]: nameOf(namespace) }
  return { ...namespace, metadata: { ...namespace.metadata, labels } }
}

function defaults(draft: Record<string, unknown>): void {
  const metadata = draft['metadata'] as Record<string, unknown> | undefined
  const name = text(metadata, ['name'])
  if (metadata && name !== '') {
    metadata['labels'] = { ...(metadata['labels'] as Record<string, string> | undefined), [nameLabel]: name }
  }
  const phase = text(draft, ['status', 'phase'], 'Active')
  draft['status'] = { ...(draft['status'] as Record<string, unknown> | undefined), phase }
}

function prepareForCreate(namespace: KubeObject): KubeObject {
  const finalizers = texts(namespace, 'spec', 'finalizers')
  return {
    ...withNameLabel(namespace),
    spec: {
      ...(fieldAt(namespace, 'spec') as Record<string, unknown> | undefined),
      finalizers: finalizers.includes(namespaceFinalizer) ? finalizers : [...finalizers, namespaceFinalizer],
    },
    status: { phase: 'Active' },
  }
}

/** Only the finalize subresource may change what holds a namespace. */
function prepareForUpdate(namespace: KubeObject, old: KubeObject, context: StrategyContext): KubeObject {
  const labelled = withNameLabel(namespace)
  return context.subresource === 'finalize' ? labelled : { ...labelled, spec: old['spec'] }
}

function validate(namespace: KubeObject): readonly FieldError[] {
  return texts(namespace, 'spec', 'finalizers').flatMap((finalizer) => {
    const path = 'spec.finalizers'
    const errors = qualifiedName(finalizer).map((complaint) => fieldErrors.invalid(path, finalizer, complaint))
    if (!finalizer.includes('/') && finalizer !== namespaceFinalizer) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified'
      errors.push(fieldErrors.invalid(path, finalizer, detail))
    }
    return errors
  })
}

function validateUpdate(namespace: KubeObject, old: KubeObject): readonly FieldError[] {
  const phase = text(namespace, ['status', 'phase'])
  if (phase === text(old, ['status', 'phase'])) return []
  const deleting = namespace.metadata.deletionTimestamp !== undefined
  if (deleting && phase !== 'Terminating') {
    const detail = "may only be 'Terminating' if `deletionTimestamp` is not empty"
    return [fieldErrors.invalid('status.phase', phase, detail)]
  }
  if (!deleting && phase !== 'Active') {
    const detail = "may only be 'Active' if `deletionTimestamp` is empty"
    return [fieldErrors.invalid('status.phase', phase, detail)]
  }
  return immutable(nameOf(namespace), nameOf(old), 'metadata.name')
}

/** Namespaces: where names are unique. */
export const namespaces: Behaviour = {
  cells: (namespace, now) => [nameOf(namespace), text(namespace, ['status', 'phase']), age(namespace, now)],
  defaults,
  validate,
  validateUpdate,
  validateName: firstComplaint(labelName),
  strategy: {
    prepareForCreate,
    prepareForUpdate,
    refusesDeletion: (namespace) => (initial.has(nameOf(namespace)) ? 'this namespace may not be deleted' : undefined),
    prepareForDelete: (namespace) => ({
      ...namespace,
      status: { ...(namespace['status'] as Record<string, unknown> | undefined), phase: 'Terminating' },
    }),
    holdsDeletion: (namespace) => texts(namespace, 'spec', 'finalizers').length > 0,
  },
}
