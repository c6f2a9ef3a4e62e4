import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, sizeOfMap, text, texts } from './cells.ts'
import { type ComputedDefault, defaultsOf, under } from './defaulting.ts'
import { immutable, oneOf, required } from './field-checks.ts'
import { volumeSourceDefaults } from './pod-spec-defaults.ts'

/** How storage is made and attached: classes, drivers, attachments. */

const defaultClass = 'storageclass.kubernetes.io/is-default-class'
const oldDefaultClass = 'storageclass.beta.kubernetes.io/is-default-class'

function isDefaultClass(storageClass: KubeObject): boolean {
  const { annotations = {} } = storageClass.metadata
  return annotations[defaultClass] === 'true' || annotations[oldDefaultClass] === 'true'
}

/** StorageClasses: how volumes for claims are made. */
export const storageClasses: Behaviour = {
  cells: (storageClass, now) => [
    `${nameOf(storageClass)}${isDefaultClass(storageClass) ? ' (default)' : ''}`,
    text(storageClass, ['provisioner']),
    text(storageClass, ['reclaimPolicy'], 'Delete'),
    text(storageClass, ['volumeBindingMode'], 'Immediate'),
    storageClass['allowVolumeExpansion'] === true,
    age(storageClass, now),
  ],
  defaults: defaultsOf({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate: (storageClass) => [
    ...required(storageClass, '', 'provisioner'),
    ...oneOf(storageClass['reclaimPolicy'], 'reclaimPolicy', ['Delete', 'Retain']),
  ],
  validateUpdate: (storageClass, old) => [
    ...immutable(storageClass['parameters'], old['parameters'], 'parameters'),
    ...immutable(storageClass['provisioner'], old['provisioner'], 'provisioner'),
    ...immutable(storageClass['reclaimPolicy'], old['reclaimPolicy'], 'reclaimPolicy'),
    ...immutable(storageClass['volumeBindingMode'], old['volumeBindingMode'], 'volumeBindingMode'),
  ],
}

/** VolumeAttributesClasses: how a volume performs. */
export const volumeAttributesClasses: Behaviour = {
  cells: (attributes, now) => [nameOf(attributes), text(attributes, ['driverName']), age(attributes, now)],
  validate: (attributes) => [
    ...required(attributes, '', 'driverName'),
    ...(sizeOfMap(attributes, 'parameters') === 0
      ? [fieldErrors.required('parameters', 'must contain at least one key/value pair')]
      : []),
  ],
  validateUpdate: (attributes, old) => [
    ...immutable(attributes['driverName'], old['driverName'], 'driverName'),
    ...immutable(attributes['parameters'], old['parameters'], 'parameters'),
  ],
}

function frozenAttachment(attachment: KubeObject, old: KubeObject): readonly FieldError[] {
  const spec = attachment['spec']
  if (equalJson(spec, old['spec'])) return []
  // Errors print the fields by the names that they have in Go.
  const printed = {
    Attacher: text(spec, ['attacher']),
    Source: {
      PersistentVolumeName: fieldAt(spec, 'source', 'persistentVolumeName') ?? null,
      InlineVolumeSpec: fieldAt(spec, 'source', 'inlineVolumeSpec') ?? null,
    },
    NodeName: text(spec, ['nodeName']),
  }
  return [fieldErrors.invalid('spec', printed, 'field is immutable')]
}

/** VolumeAttachments: a volume on a node. */
export const volumeAttachments: Behaviour = {
  cells: (attachment, now) => [
    nameOf(attachment),
    text(attachment, ['spec', 'attacher']),
    text(attachment, ['spec', 'source', 'persistentVolumeName']),
    text(attachment, ['spec', 'nodeName']),
    fieldAt(attachment, 'status', 'attached') === true,
    age(attachment, now),
  ],
  defaults: defaultsOf(under('spec.source.inlineVolumeSpec?', volumeSourceDefaults)),
  initialStatus: { attached: false },
  validate: (attachment) => [
    ...required(fieldAt(attachment, 'spec'), 'spec', 'attacher', 'nodeName'),
    ...(fieldAt(attachment, 'spec', 'source', 'persistentVolumeName') === undefined &&
    !isObject(fieldAt(attachment, 'spec', 'source', 'inlineVolumeSpec'))
      ? [fieldErrors.required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName')]
      : []),
  ],
  validateUpdate: frozenAttachment,
}

const lifecycleModes: ComputedDefault = () => ['Persistent']

function prepareDriverUpdate(driver: KubeObject, old: KubeObject): KubeObject {
  // A driver has no generation until its spec first changes.
  if (equalJson(driver['spec'], old['spec'])) return driver
  return { ...driver, metadata: { ...driver.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}

function printTokenRequests(driver: KubeObject): string {
  const requests = fieldAt(driver, 'spec', 'tokenRequests')
  if (!Array.isArray(requests)) return '<unset>'
  return objects(driver, 'spec', 'tokenRequests')
    .map((request) => text(request, ['audience']))
    .join(',')
}

/** CSIDrivers: what a storage driver can do. */
export const csiDrivers: Behaviour = {
  cells: (driver, now) => [
    nameOf(driver),
    fieldAt(driver, 'spec', 'attachRequired') !== false,
    fieldAt(driver, 'spec', 'podInfoOnMount') === true,
    fieldAt(driver, 'spec', 'storageCapacity') === true,
    printTokenRequests(driver),
    fieldAt(driver, 'spec', 'requiresRepublish') === true,
    texts(driver, 'spec', 'volumeLifecycleModes').join(',') || '<none>',
    age(driver, now),
  ],
  defaults: defaultsOf({
    'spec.attachRequired': true,
    'spec.podInfoOnMount': false,
    'spec.volumeLifecycleModes': lifecycleModes,
    'spec.storageCapacity': false,
    'spec.fsGroupPolicy': 'ReadWriteOnceWithFSType',
    'spec.requiresRepublish': false,
    'spec.seLinuxMount': false,
  }),
  validate: (driver) =>
    texts(driver, 'spec', 'volumeLifecycleModes').flatMap((mode) =>
      oneOf(mode, 'spec.volumeLifecycleModes', ['Persistent', 'Ephemeral']),
    ),
  strategy: { prepareForUpdate: prepareDriverUpdate },
}

/** CSINodes: the storage drivers of a node. */
export const csiNodes: Behaviour = {
  cells: (node, now) => [nameOf(node), objects(node, 'spec', 'drivers').length, age(node, now)],
}

/** CSIStorageCapacities: how much a driver could still give. */
export const csiStorageCapacities: Behaviour = {
  validate: (capacity) => required(capacity, '', 'storageClassName'),
  validateUpdate: (capacity, old) => [
    ...immutable(capacity['nodeTopology'], old['nodeTopology'], 'nodeTopology'),
    ...immutable(capacity['storageClassName'], old['storageClassName'], 'storageClassName'),
  ],
}
