import { randomInt, randomUUID } from 'node:crypto'
import { printTime } from '../../src/machinery/clock.ts'
import { withoutDuplicateOwners } from '../../src/machinery/metadata.ts'
import { equalJson, type KubeObject, type ObjectMeta } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { ResourceDefinition } from './definition.ts'
import { writableParts } from './parts.ts'

/** Letters and digits of generated names: no vowels, so that no words appear. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789'
const generatedLength = 5
const longestPrefix = 63 - generatedLength

/** A name from a prefix: the prefix cut to 58 characters, and five random ones (`names.SimpleNameGenerator`). */
export function generateName(prefix: string): string {
  let suffix = ''
  for (let i = 0; i < generatedLength; i++) suffix += nameAlphabet[randomInt(nameAlphabet.length)]
  return prefix.slice(0, longestPrefix) + suffix
}

/** Whether the kind keeps its status apart, behind a subresource. */
export function hasStatus(definition: ResourceDefinition): boolean {
  return definition.subresources.some(({ name }) => name === 'status')
}

/** The object as it enters the hub: identity is the server's to give, whatever the client wrote. */
export function asCreated(
  definition: ResourceDefinition,
  object: KubeObject,
  namespace: string,
  now: number,
): KubeObject {
  const {
    uid: _uid,
    resourceVersion: _resourceVersion,
    generation,
    creationTimestamp: _creationTimestamp,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _deletionGracePeriodSeconds,
    namespace: _namespace,
    ...metadata
  } = withoutSelfLink(object.metadata)
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(definition.namespaced ? { namespace } : {}),
      uid: randomUUID(),
      // Kinds that do not count generations leave alone what the client wrote there, as in Kubernetes.
      ...(definition.hasGeneration ? { generation: 1 } : generation === undefined ? {} : { generation }),
      creationTimestamp: printTime(now),
    },
  }
}

/** The object with each owner named once, as Kubernetes keeps it; the client is warned of what was dropped. */
export function withDistinctOwners(object: KubeObject, warn: (text: string) => void): KubeObject {
  const { ownerReferences } = object.metadata
  if (ownerReferences === undefined || ownerReferences.length < 2) return object
  const { owners, warning } = withoutDuplicateOwners(ownerReferences)
  if (warning === undefined) return object
  warn(warning)
  return { ...object, metadata: { ...object.metadata, ownerReferences: owners } }
}

/** The object without the status that a client sent with a create; what the kind's own hook then sets is the server's. */
export function withoutStatus(definition: ResourceDefinition, object: KubeObject): KubeObject {
  if (!hasStatus(definition) || definition.strategy.keepsStatusOnCreate || object['status'] === undefined) return object
  const { status: _status, ...rest } = object
  // Built-in kinds carry an empty status where their type does not omit it, as decoding made it.
  return definition.custom ? (rest as KubeObject) : { ...(rest as KubeObject), status: {} }
}

/**
 * The next object with everything that an update may not change taken from the old one, and with only that half of it that the request
 * addresses: the main resource never writes status, `/status` never writes anything else.
 */
export function asUpdated(
  definition: ResourceDefinition,
  next: KubeObject,
  old: KubeObject,
  subresource: string,
): KubeObject {
  const metadata = keepIdentity(next.metadata, old.metadata)
  if (subresource === 'status') {
    const { status: _old, ...kept } = old
    return {
      ...(kept as KubeObject),
      metadata: statusMetadata(definition, metadata, old.metadata),
      ...(next['status'] === undefined ? {} : { status: next['status'] }),
    }
  }
  const part = writableParts[subresource]
  if (part) return part({ ...next, metadata }, old)
  if (!hasStatus(definition)) return { ...next, metadata }
  const { status: _status, ...rest } = next
  return { ...(rest as KubeObject), metadata, ...(old['status'] === undefined ? {} : { status: old['status'] }) }
}

/** What a write of `/status` may change of metadata: of custom resources nothing, of built-in kinds everything or all but labels. */
function statusMetadata(definition: ResourceDefinition, next: ObjectMeta, old: ObjectMeta): ObjectMeta {
  if (definition.custom) return withManagedFields(old, next)
  return definition.strategy.keepsLabelsOnStatus ? withLabels(next, old) : next
}

function keepIdentity(next: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const {
    generation: _generation,
    deletionTimestamp: _deletionTimestamp,
    deletionGracePeriodSeconds: _grace,
    ...metadata
  } = withoutSelfLink(next)
  return {
    ...metadata,
    ...(old.name === undefined ? {} : { name: old.name }),
    ...(old.namespace === undefined ? {} : { namespace: old.namespace }),
    // A uid that is not the stored one is left for validation to refuse.
    ...(metadata.uid || old.uid === undefined ? {} : { uid: old.uid }),
    ...(old.generation === undefined ? {} : { generation: old.generation }),
    ...(old.creationTimestamp === undefined ? {} : { creationTimestamp: old.creationTimestamp }),
    ...(old.deletionTimestamp === undefined ? {} : { deletionTimestamp: old.deletionTimestamp }),
    ...(old.deletionGracePeriodSeconds === undefined
      ? {}
      : { deletionGracePeriodSeconds: old.deletionGracePeriodSeconds }),
    ...(old.resourceVersion === undefined ? {} : { resourceVersion: old.resourceVersion }),
  }
}

/** `selfLink` is of the past: accepted and dropped. */
function withoutSelfLink(metadata: ObjectMeta): ObjectMeta {
  if (!('selfLink' in metadata)) return metadata
  const { selfLink: _selfLink, ...rest } = metadata
  return rest
}

function withManagedFields(old: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const { managedFields: _managedFields, ...metadata } = old
  return next.managedFields === undefined ? metadata : { ...metadata, managedFields: next.managedFields }
}

function withLabels(metadata: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { labels: _labels, ...rest } = metadata
  return old.labels === undefined ? rest : { ...rest, labels: old.labels }
}

/** The object with the generation that it has after this update: one more when anything but metadata and status changed. */
export function withGeneration(definition: ResourceDefinition, next: KubeObject, old: KubeObject): KubeObject {
  if (!definition.hasGeneration) return next
  const { metadata: _nextMeta, status: nextStatus, ...nextSpec } = next
  const { metadata: _oldMeta, status: oldStatus, ...oldSpec } = old
  const statusCounts = !hasStatus(definition)
  if (equalJson(nextSpec, oldSpec) && (!statusCounts || equalJson(nextStatus, oldStatus))) return next
  // A strategy may have raised it already, for a kind that counts more than its spec.
  if ((next.metadata.generation ?? 0) > (old.metadata.generation ?? 0)) return next
  return { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}

/** Throws unless the resourceVersion in the object, where there is one, is that of the stored object. */
export function checkResourceVersion(definition: ResourceDefinition, next: KubeObject, old: KubeObject): void {
  const wanted = next.metadata.resourceVersion ?? ''
  if (wanted === '' || wanted === '0' || wanted === old.metadata.resourceVersion) return
  throw StatusError.conflict(definition, old.metadata.name ?? '', undefined)
}
