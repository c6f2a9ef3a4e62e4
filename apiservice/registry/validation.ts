import type { FieldError } from '../../src/machinery/field-error.ts'
import { validateMetadata, validateMetadataUpdate } from '../../src/machinery/metadata.ts'
import type { KubeObject } from '../../src/machinery/object.ts'
import type { ResourceDefinition, StrategyContext } from './definition.ts'

/** Everything that is wrong with an object that is about to be created: metadata first, then what the kind itself says. */
export function validateCreate(
  definition: ResourceDefinition,
  object: KubeObject,
  context: StrategyContext,
): readonly FieldError[] {
  return [...validateMetadata(object.metadata, definition), ...(definition.strategy.validate?.(object, context) ?? [])]
}

/** Everything that is wrong with an object that is about to replace another. */
export function validateUpdate(
  definition: ResourceDefinition,
  object: KubeObject,
  old: KubeObject,
  context: StrategyContext,
): readonly FieldError[] {
  const ofMetadata = validateMetadataUpdate(object.metadata, old.metadata, definition)
  return [
    // Kubernetes checks metadata once for all kinds and once again in each, so that every such cause is told twice.
    ...ofMetadata,
    ...ofMetadata,
    ...(definition.strategy.validate?.(object, context) ?? []),
    ...(definition.strategy.validateUpdate?.(object, old, context) ?? []),
  ]
}
