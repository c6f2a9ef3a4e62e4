import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { labelName } from '../../src/machinery/names.ts'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import { objects, text } from './cells.ts'
import { exactlyOneOf, named } from './field-checks.ts'

type Volume = Readonly<Record<string, unknown>>

/** Sources of a volume in the order in which Kubernetes looks for them: the first one found counts, the others are refused. */
const sources = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
]

/** What each source cannot do without. */
const requiredFields: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  secret: ['secretName'],
  configMap: ['name'],
  persistentVolumeClaim: ['claimName'],
  nfs: ['server', 'path'],
  csi: ['driver'],
  ephemeral: ['volumeClaimTemplate'],
}

/** The volumes of a pod spec, and the names of those that containers may mount: the ones with nothing wrong. */
export function validateVolumes(
  volumes: readonly Volume[],
  path: string,
): { readonly errors: readonly FieldError[]; readonly names: ReadonlySet<string> } {
  const names = new Set<string>()
  const errors: FieldError[] = []
  volumes.forEach((volume, index) => {
    const at = `${path}[${index}]`
    const name = text(volume, ['name'])
    const own = [...validateSource(volume, at)]
    own.push(...(name === '' ? [fieldErrors.required(`${at}.name`)] : named(name, `${at}.name`, labelName)))
    if (names.has(name)) own.push(fieldErrors.duplicate(`${at}.name`, name))
    if (own.length === 0) names.add(name)
    errors.push(...own)
  })
  return { errors, names }
}

function validateSource(volume: Volume, path: string): readonly FieldError[] {
  const errors = [
    ...exactlyOneOf(
      volume,
      sources,
      () => fieldErrors.required(path, 'must specify a volume type'),
      (source) => fieldErrors.forbidden(`${path}.${source}`, 'may not specify more than 1 volume type'),
    ),
  ]
  const source = sources.find((one) => isObject(volume[one]))
  if (source === undefined) return errors
  for (const field of requiredFields[source] ?? []) {
    const value = fieldAt(volume, source, field)
    if (value === undefined || value === '') errors.push(fieldErrors.required(`${path}.${source}.${field}`))
  }
  const mode = fieldAt(volume, source, 'defaultMode')
  if (typeof mode === 'number' && (mode < 0 || mode > 0o777)) {
    const detail = 'must be a number between 0 and 0777 (octal), both inclusive'
    errors.push(fieldErrors.invalid(`${path}.${source}.defaultMode`, mode, detail))
  }
  objects(volume, source, 'items').forEach((item, index) => {
    errors.push(...validateItem(item, `${path}.${source}.items[${index}]`, source === 'downwardAPI'))
  })
  return errors
}

function validateItem(item: Volume, path: string, downward: boolean): readonly FieldError[] {
  const errors: FieldError[] = []
  if (!downward && text(item, ['key']) === '') errors.push(fieldErrors.required(`${path}.key`))
  const target = text(item, ['path'])
  if (target === '') return [...errors, fieldErrors.required(`${path}.path`)]
  if (target.startsWith('/')) errors.push(fieldErrors.invalid(`${path}.path`, target, 'must be a relative path'))
  if (target.split('/').includes('..')) {
    errors.push(fieldErrors.invalid(`${path}.path`, target, "must not contain '..'"))
  } else if (target.startsWith('..')) {
    errors.push(fieldErrors.invalid(`${path}.path`, target, "must not start with '..'"))
  }
  return errors
}
