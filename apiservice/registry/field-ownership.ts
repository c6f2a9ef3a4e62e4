import { FieldSet } from '../../src/machinery/apply/field-set.ts'
import { manageUpdate } from '../../src/machinery/apply/managed-fields.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { WriteContext } from './context.ts'
import type { ResourceDefinition } from './definition.ts'

const status = FieldSet.ofFields(['status'])
const ofStatusWrites = new WeakMap<ResourceDefinition, FieldSet>()

/**
 * Fields that a write does not touch whatever its body says, and that nobody therefore comes to own by it: `status` through the main resource
 * of kinds that keep it apart, everything else through `/status`.
 */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): FieldSet | undefined {
  if (!definition.subresources.some(({ name }) => name === 'status')) return undefined
  if (subresource === '') return status
  if (subresource !== 'status') return undefined
  let reset = ofStatusWrites.get(definition)
  if (reset === undefined) {
    const others = [...(definition.schema.properties?.keys() ?? [])].filter(
      (field) => !['apiVersion', 'kind', 'metadata', 'status'].includes(field),
    )
    reset = FieldSet.ofFields(...others.map((field) => [field]), ...metadataResetBy(definition))
    ofStatusWrites.set(definition, reset)
  }
  return reset
}

function metadataResetBy({ custom, strategy }: ResourceDefinition): readonly (readonly string[])[] {
  if (custom) return [['metadata']]
  return strategy.keepsLabelsOnStatus ? [['metadata', 'labels']] : []
}

/** The next object with the managed fields that a create, an update or a patch leaves. */
export function recordUpdate(
  definition: ResourceDefinition,
  live: KubeObject | undefined,
  next: KubeObject,
  subresource: string,
  context: WriteContext,
): KubeObject {
  const resetFields = resetFieldsOf(definition, subresource)
  return manageUpdate({
    live,
    next,
    schema: definition.schema,
    manager: context.fieldManager,
    subresource,
    now: context.now,
    ...(resetFields === undefined ? {} : { resetFields }),
  })
}
