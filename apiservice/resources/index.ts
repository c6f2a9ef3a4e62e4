import type { ResourceDefinition } from '../registry/definition.ts'
import { applications } from './application.ts'
import { builtinDefinitions } from './builtin.ts'
import { shipments } from './shipment.ts'

/** Every kind that a hub serves from the start: those of Kubernetes, and its own. Others come with CustomResourceDefinitions. */
export function definitions(): readonly ResourceDefinition[] {
  return [...builtinDefinitions(), applications, shipments]
}
