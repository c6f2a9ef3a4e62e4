import type { ResourceDefinition } from '../registry/definition.ts'
import { applications } from './application.ts'
import { builtinDefinitions } from './builtin.ts'
import { shipments } from './shipment.ts'

/** Every kind that a hub serves from its first second: those of Kubernetes, and its own. */
export function definitions(): readonly ResourceDefinition[] {
  return [...builtinDefinitions(), applications, shipments]
}
