import { printTime } from '../../src/machinery/clock.ts'
import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { StrategyContext } from '../registry/definition.ts'
import { amountOf } from './amounts.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text, texts } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { oneOf, required } from './field-checks.ts'
import { volumeSourceDefaults } from './pod-spec-defaults.ts'

const abbreviations = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** `RWO,ROX`: access modes in a fixed order, each once. */
export function printAccessModes(modes: readonly string[]): string {
  return abbreviations.flatMap(([mode, short]) => (modes.includes(mode) ? [short] : [])).join(',')
}

/** The storage class of a volume or claim: an annotation of before there was a field still counts first. */
export function storageClassOf(object: KubeObject): string {
  const annotation = object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class']
  return annotation ?? text(object, ['spec', 'storageClassName'])
}

/** What is wrong with the access modes of a volume or claim. */
export function validateAccessModes(spec: unknown, path: string, none: string): readonly FieldError[] {
  const modes = texts(spec, 'accessModes')
  if (modes.length === 0) return [fieldErrors.required(path, none)]
  const errors = modes.flatMap((mode) => oneOf(mode, path, accessModes))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    errors.push(fieldErrors.forbidden(path, 'may not use ReadWriteOncePod with other access modes'))
  }
  return errors
}

/** Fields of a PersistentVolume's spec that are not its source. */
const ownFields: ReadonlySet<string> = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
])

function sourcesOf(spec: unknown): readonly (readonly [string, unknown])[] {
  if (!isObject(spec)) return []
  return Object.entries(spec).filter(([field, value]) => !ownFields.has(field) && isObject(value))
}

function validate(volume: KubeObject): readonly FieldError[] {
  const spec = fieldAt(volume, 'spec')
  const errors = [
    ...validateAccessModes(spec, 'spec.accessModes', ''),
    ...required(spec, 'spec', 'capacity'),
    ...validateCapacity(fieldAt(spec, 'capacity')),
  ]
  const [, ...others] = sourcesOf(spec)
  if (sourcesOf(spec).length === 0) errors.push(fieldErrors.required('spec', 'must specify a volume type'))
  for (const [source] of others) {
    errors.push(fieldErrors.forbidden(`spec.${source}`, 'may not specify more than 1 volume type'))
  }
  const path = text(spec, ['hostPath', 'path'])
  if (path === '/' && fieldAt(spec, 'persistentVolumeReclaimPolicy') === 'Recycle') {
    errors.push(
      fieldErrors.forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
    )
  }
  if (isObject(fieldAt(spec, 'csi'))) {
    errors.push(...required(fieldAt(spec, 'csi'), 'spec.csi', 'driver', 'volumeHandle'))
  }
  return errors
}

function validateCapacity(capacity: unknown): readonly FieldError[] {
  if (!isObject(capacity)) return [fieldErrors.notSupported('spec.capacity', null, ['storage'])]
  if (capacity['storage'] === undefined || Object.keys(capacity).length > 1) {
    return [fieldErrors.notSupported('spec.capacity', capacity, ['storage'])]
  }
  const storage = amountOf(capacity['storage'])
  return storage !== undefined && storage.mantissa <= 0n
    ? [fieldErrors.invalid('spec.capacity[storage]', capacity['storage'], 'must be greater than zero')]
    : []
}

function validateUpdate(volume: KubeObject, old: KubeObject): readonly FieldError[] {
  const sources = (object: KubeObject) => Object.fromEntries(sourcesOf(fieldAt(object, 'spec')))
  // A volume may name the secrets by which it is grown later.
  const comparable = (object: KubeObject) => {
    const found = sources(object)
    const { csi } = found
    return isObject(csi) ? { ...found, csi: { ...csi, controllerExpandSecretRef: undefined } } : found
  }
  const errors: FieldError[] = []
  if (!equalJson(comparable(volume), comparable(old))) {
    errors.push(
      fieldErrors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    )
  }
  const mode = fieldAt(volume, 'spec', 'volumeMode')
  if (!equalJson(mode, fieldAt(old, 'spec', 'volumeMode'))) {
    errors.push(fieldErrors.invalid('volumeMode', mode ?? null, 'field is immutable'))
  }
  return errors
}

function prepareForCreate(volume: KubeObject, { now }: StrategyContext): KubeObject {
  return { ...volume, status: { phase: 'Pending', lastPhaseTransitionTime: printTime(now) } }
}

/** PersistentVolumes: storage that outlives pods. */
export const persistentVolumes: Behaviour = {
  cells: (volume, now) => {
    const claim = fieldAt(volume, 'spec', 'claimRef')
    return [
      nameOf(volume),
      text(volume, ['spec', 'capacity', 'storage'], '0'),
      printAccessModes(texts(volume, 'spec', 'accessModes')),
      text(volume, ['spec', 'persistentVolumeReclaimPolicy']),
      volume.metadata.deletionTimestamp === undefined ? text(volume, ['status', 'phase']) : 'Terminating',
      isObject(claim) ? `${text(claim, ['namespace'])}/${text(claim, ['name'])}` : '',
      storageClassOf(volume),
      fieldAt(volume, 'spec', 'volumeAttributesClassName') ?? '<unset>',
      text(volume, ['status', 'reason']),
      age(volume, now),
      text(volume, ['spec', 'volumeMode'], '<unset>'),
    ]
  },
  defaults: defaultsOf({
    'spec.persistentVolumeReclaimPolicy': 'Retain',
    'spec.volumeMode': 'Filesystem',
    'status.phase': 'Pending',
    ...under('spec', volumeSourceDefaults),
  }),
  validate,
  validateUpdate,
  strategy: { prepareForCreate },
}
