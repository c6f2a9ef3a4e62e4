import { applyConfiguration } from '../../../src/machinery/apply/apply.ts'
import { manageUpdate } from '../../../src/machinery/apply/managed-fields.ts'
import { ownersAfterScale, ownersOfScale } from '../../../src/machinery/apply/scale.ts'
import { fieldErrors } from '../../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { apiVersionOf } from '../../../src/machinery/resource.ts'
import { schemaOfKind } from '../../../src/machinery/schema/facts.ts'
import { anySchema, type Schema } from '../../../src/machinery/schema/schema.ts'
import { labelSelectorFrom, printLabelSelector } from '../../../src/machinery/selector.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import type { Reply } from '../../exchange.ts'
import type { ResourceDefinition, SubresourceDefinition } from '../../registry/definition.ts'
import { patchedBy } from '../../registry/operations.ts'
import { decodeDocument } from '../../wire/decode.ts'
import { answerOther, representationOf } from '../answer.ts'
import { type ApiRequest, bodyLimitBytes, type Handler, keyIn, writeContext } from '../handler.ts'
import { parseWriteOptions } from '../options.ts'
import { patchTypeOf } from '../patch.ts'
import { readAs } from './read-as.ts'

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** GET of `scale`: the replicas of any kind that has them, in one shape. */
export const getScale: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const stored = await request.resource.get(keyIn(request))
  return answerOther(representation, 200, scaleOf(request, request.resource.parse(stored.bytes)))
}

/** PUT of `scale`. */
export const updateScale: Handler = async (request) => {
  const options = parseWriteOptions(request.info.query, 'UpdateOptions')
  const scale = await readAs(request, scaleKind, options.fieldValidation)
  return writeScale(request, options, (live, write) => manageUpdate({ ...write, live, next: scale }))
}

/** PATCH of `scale`, by any patch type. */
export const patchScale: Handler = async (request) => {
  const type = patchTypeOf(request)
  const options = parseWriteOptions(request.info.query, 'PatchOptions', type === 'apply-patch')
  const bytes = await request.exchange.readBody(bodyLimitBytes)
  const document = decodeDocument(bytes, type === 'apply-patch' ? 'application/yaml' : 'application/json')
  return writeScale(request, options, (live, write) => {
    if (type === 'apply-patch') {
      return applyConfiguration({ ...write, live, config: asScale(document), force: options.force ?? false })
    }
    return manageUpdate({ ...write, live, next: asScale(patchedBy(type, write.schema, live, document)) })
  })
}

function asScale(value: unknown): KubeObject {
  if (!isObject(value)) throw StatusError.badRequest('a Scale must be a JSON object')
  const metadata = isObject(value['metadata']) ? value['metadata'] : {}
  return { ...value, kind: scaleKind.kind, apiVersion: 'autoscaling/v1', metadata }
}

interface ScaleWrite {
  readonly schema: Schema
  readonly manager: string
  readonly subresource: string
  readonly now: number
}

/** `next` makes the next Scale, with its owners, from the present one. */
async function writeScale(
  request: ApiRequest,
  options: ReturnType<typeof parseWriteOptions>,
  next: (live: KubeObject, write: ScaleWrite) => KubeObject,
): Promise<Reply> {
  const representation = representationOf(request, 'object')
  const { resource, info } = request
  const { definition } = resource
  const context = writeContext(request, options)
  const write: ScaleWrite = {
    schema: schemaOfKind(scaleKind.group, scaleKind.version, scaleKind.kind) ?? anySchema,
    manager: context.fieldManager,
    subresource: 'scale',
    now: context.now,
  }
  const path = pathsOf(definition).specReplicas
  const replicasIn = () => path
  const updated = await resource.update(
    keyIn(request),
    {
      subresource: 'scale',
      managed: true,
      orCreate: false,
      unconditional: true,
      next: (old) => {
        if (old === undefined) throw StatusError.notFound(definition, info.name)
        const shown = scaleOf(request, old)
        const owners = ownersOfScale(old.metadata.managedFields, replicasIn)
        const scale = next({ ...shown, metadata: { ...shown.metadata, managedFields: owners } }, write)
        checkScale(scale, info.name)
        const scaled = withField(old, path, fieldAt(scale, 'spec', 'replicas') ?? 0)
        const { resourceVersion: _resourceVersion, ...metadata } = old.metadata
        const { resourceVersion } = scale.metadata
        return {
          ...scaled,
          kind: old.kind,
          apiVersion: old.apiVersion,
          metadata: {
            ...metadata,
            ...(resourceVersion === undefined ? {} : { resourceVersion }),
            managedFields: ownersAfterScale(
              old.metadata.managedFields,
              scale.metadata.managedFields,
              apiVersionOf(definition),
              replicasIn,
            ),
          },
        }
      },
    },
    context,
  )
  return answerOther(representation, 200, scaleOf(request, updated.object))
}

function checkScale(scale: KubeObject, name: string): void {
  const own = scale.metadata?.name ?? ''
  if (own === '') {
    throw StatusError.badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (own !== name) {
    throw StatusError.badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`)
  }
  const replicas = fieldAt(scale, 'spec', 'replicas')
  if (typeof replicas === 'number' && replicas < 0) {
    throw StatusError.invalid(scaleKind, name, [
      fieldErrors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
}

function scaleOf(request: ApiRequest, object: KubeObject): KubeObject {
  const { specReplicas, statusReplicas, selector } = pathsOf(request.resource.definition)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const text = selector === undefined ? '' : printSelector(fieldAt(object, ...selector))
  return {
    kind: scaleKind.kind,
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: fieldAt(object, ...specReplicas) ?? 0 },
    status: { replicas: fieldAt(object, ...statusReplicas) ?? 0, ...(text === '' ? {} : { selector: text }) },
  }
}

/** A selector is text already, a LabelSelector, or (of a ReplicationController) a plain map. */
function printSelector(selector: unknown): string {
  if (typeof selector === 'string') return selector
  if (!isObject(selector)) return ''
  const isLabelSelector = isObject(selector['matchLabels']) || Array.isArray(selector['matchExpressions'])
  return printLabelSelector(labelSelectorFrom(isLabelSelector ? selector : { matchLabels: selector }))
}

function pathsOf(definition: ResourceDefinition): NonNullable<SubresourceDefinition['scale']> {
  const paths = definition.subresources.find(({ name }) => name === 'scale')?.scale
  if (!paths) throw new Error(`${definition.resource} has a scale subresource without paths`)
  return paths
}

function withField(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [field = '', ...rest] = path
  const inner = object[field]
  return { ...object, [field]: rest.length === 0 ? value : withField(isObject(inner) ? inner : {}, rest, value) }
}
