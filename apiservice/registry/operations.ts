import { applyConfiguration } from '../../src/machinery/apply/apply.ts'
import { fieldErrors } from '../../src/machinery/field-error.ts'
import { isObject, type KubeObject, type ObjectKey, type ObjectMeta } from '../../src/machinery/object.ts'
import { applyJsonPatch } from '../../src/machinery/patch/json.ts'
import { applyMergePatch } from '../../src/machinery/patch/merge.ts'
import { applyStrategicMergePatch } from '../../src/machinery/patch/strategic.ts'
import { apiVersionOf, type GroupVersionKind } from '../../src/machinery/resource.ts'
import { conform } from '../../src/machinery/schema/conform.ts'
import type { Schema } from '../../src/machinery/schema/schema.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { FieldValidation, WriteContext } from './context.ts'
import type { ResourceDefinition } from './definition.ts'
import { resetFieldsOf } from './field-ownership.ts'
import type { ResourceStore, Updated, Written } from './resource-store.ts'

/**
 * The writes of the API on decoded bodies: what HTTP handlers and the loopback client share. A body is a fresh JSON object that belongs to
 * the operation.
 */
export type Body = Record<string, unknown>

/** The four patch types, by the last part of their media type. */
export type PatchType = 'json-patch' | 'merge-patch' | 'strategic-merge-patch' | 'apply-patch'

/** Kinds that have the main object's shape on this subresource; others (`scale`, `token`) have handlers of their own. */
export function kindOf(definition: ResourceDefinition): GroupVersionKind {
  return { group: definition.group, version: definition.version, kind: definition.kind }
}

/** The object that a body describes: named kind, metadata present, the kind's defaults filled in. */
export function completed(definition: ResourceDefinition, body: Body): KubeObject {
  const draft = {
    ...body,
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    metadata: (isObject(body['metadata']) ? body['metadata'] : {}) as ObjectMeta,
  }
  definition.strategy.defaults?.(draft)
  return draft
}

/** POST to a collection. */
export async function createObject(
  resource: ResourceStore,
  namespace: string,
  body: Body,
  context: WriteContext,
): Promise<Written> {
  const { definition } = resource
  const object = completed(definition, body)
  checkNamespace(definition, object, namespace)
  const { resourceVersion = '' } = object.metadata
  if (/^[1-9]\d*$/.test(resourceVersion)) {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
  }
  return resource.create(object, namespace, context)
}

/** PUT of an object or of one of its subresources. */
export async function updateObject(
  resource: ResourceStore,
  key: ObjectKey,
  subresource: string,
  body: Body,
  context: WriteContext,
): Promise<Updated> {
  const { definition } = resource
  const object = completed(definition, body)
  checkAddress(definition, object, key)
  return resource.update(
    key,
    {
      subresource,
      managed: false,
      orCreate: subresource === '' && definition.createOnUpdate,
      unconditional: definition.unconditionalUpdate,
      uidIsPrecondition: true,
      next: (old) => {
        if (old === undefined && object.metadata.uid) {
          throw StatusError.conflict(
            definition,
            key.name,
            `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `,
          )
        }
        return object
      },
    },
    context,
  )
}

/** PATCH with one of the three types that compute the next object from the stored one. */
export async function patchObject(
  resource: ResourceStore,
  key: ObjectKey,
  subresource: string,
  type: Exclude<PatchType, 'apply-patch'>,
  patch: unknown,
  fieldValidation: FieldValidation,
  context: WriteContext,
): Promise<Updated> {
  const { definition } = resource
  return resource.update(
    key,
    {
      subresource,
      managed: false,
      orCreate: false,
      unconditional: true,
      next: (old) => {
        if (old === undefined) throw StatusError.notFound(definition, key.name)
        const patched = patchedBy(type, definition.schema, old, patch)
        if (!isObject(patched)) throw StatusError.badRequest('the patched object is no JSON object')
        const { object, warnings } = conformPatched(definition, patched, fieldValidation)
        for (const warning of warnings) context.warn(warning)
        const next = completed(definition, object)
        checkAddress(definition, next, key)
        return next
      },
    },
    context,
  )
}

/** What a patch of one of the three computing types makes of an object. Throws StatusErrors. */
export function patchedBy(
  type: Exclude<PatchType, 'apply-patch'>,
  schema: Schema,
  old: KubeObject,
  patch: unknown,
): unknown {
  if (type === 'json-patch') return applyJsonPatch(old, patch)
  if (type === 'merge-patch') return applyMergePatch(old, patch)
  return applyStrategicMergePatch(old, patch, schema)
}

function conformPatched(
  definition: ResourceDefinition,
  patched: Record<string, unknown>,
  fieldValidation: FieldValidation,
): { readonly object: Body; readonly warnings: readonly string[] } {
  const { object, unknown } = conformed(definition, patched)
  if (unknown.length === 0 || fieldValidation === 'Ignore') return { object, warnings: [] }
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`)
  if (fieldValidation === 'Warn') return { object, warnings: texts }
  throw badPatch(patched, `strict decoding error: ${texts.join(', ')}`)
}

function conformed(definition: ResourceDefinition, patched: Record<string, unknown>) {
  try {
    return conform(patched, definition)
  } catch (error) {
    if (error instanceof StatusError) throw badPatch(patched, error.message)
    throw error
  }
}

const metadataOrder = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp']

/** Metadata with its first fields in the order in which Kubernetes prints them. */
function inOrder(metadata: Record<string, unknown>): Record<string, unknown> {
  const first = metadataOrder.filter((field) => field in metadata).map((field) => [field, metadata[field]])
  return { ...Object.fromEntries(first), ...metadata }
}

/** A patch whose result cannot be read is invalid input, shown as a whole; kube-apiserver names no kind here. */
function badPatch(patched: Record<string, unknown>, detail: string): StatusError {
  const { metadata, ...fields } = patched
  const shown = { ...fields, metadata: isObject(metadata) ? inOrder(metadata) : metadata }
  const sorted = Object.fromEntries(Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1)))
  return StatusError.invalid({ group: '', kind: '' }, '', [
    fieldErrors.invalid('patch', JSON.stringify(sorted), detail),
  ])
}

/** PATCH by server-side apply: creates what is absent, unless a subresource is addressed. */
export async function applyObject(
  resource: ResourceStore,
  key: ObjectKey,
  subresource: string,
  body: Body,
  force: boolean,
  context: WriteContext,
): Promise<Updated> {
  const { definition } = resource
  const config = appliedConfiguration(definition, body, key)
  return resource.update(
    key,
    {
      subresource,
      managed: true,
      orCreate: subresource === '',
      unconditional: true,
      next: (old) => {
        if (old === undefined && config.metadata.uid) {
          throw StatusError.conflict(
            definition,
            key.name,
            `uid mismatch: the provided object specified uid ${config.metadata.uid}, and no existing object was found`,
          )
        }
        const resetFields = resetFieldsOf(definition, subresource)
        const applied = applyConfiguration({
          live: old,
          config,
          schema: definition.schema,
          manager: context.fieldManager,
          subresource,
          force,
          now: context.now,
          ...(resetFields === undefined ? {} : { resetFields }),
        })
        // What was applied is kept as everything else is: canonical values, empty fields as Go writes them, then defaults.
        const { object } = conform({ ...applied }, definition)
        return completed(definition, object)
      },
    },
    context,
  )
}

function appliedConfiguration(definition: ResourceDefinition, body: Body, key: ObjectKey): KubeObject {
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw StatusError.badRequest('metadata.managedFields must be nil')
  }
  const { apiVersion, kind } = body
  if (apiVersion !== apiVersionOf(definition) || kind !== definition.kind) {
    const [group, version] = splitApiVersion(apiVersion)
    throw StatusError.badRequest(
      `invalid object type: ${group}/${version}, Kind=${typeof kind === 'string' ? kind : ''}`,
    )
  }
  const config: KubeObject = {
    ...body,
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: metadata as ObjectMeta,
  }
  checkAddress(definition, config, key)
  return config
}

function splitApiVersion(apiVersion: unknown): readonly [string, string] {
  const text = typeof apiVersion === 'string' ? apiVersion : ''
  const slash = text.indexOf('/')
  return slash === -1 ? ['', text] : [text.slice(0, slash), text.slice(slash + 1)]
}

/** Throws BadRequest unless name and namespace of a body are those of the URL. An empty namespace takes the URL's. */
function checkAddress(definition: ResourceDefinition, object: KubeObject, key: ObjectKey): void {
  const name = object.metadata.name ?? ''
  if (name === '') {
    throw StatusError.badRequest(
      `the name of the object (${key.name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (name !== key.name) {
    throw StatusError.badRequest(`the name of the object (${name}) does not match the name on the URL (${key.name})`)
  }
  checkNamespace(definition, object, key.namespace)
}

function checkNamespace(definition: ResourceDefinition, object: KubeObject, namespace: string): void {
  const own = object.metadata.namespace ?? ''
  if (own === '' || own === (definition.namespaced ? namespace : '')) return
  throw StatusError.badRequest('the namespace of the provided object does not match the namespace sent on the request')
}
