import type { FieldError } from '../../src/machinery/field-error.ts'
import type { JsonObject, KubeObject } from '../../src/machinery/object.ts'
import type {
  ResourceDefinition,
  Row,
  Strategy,
  StrategyContext,
  SubresourceDefinition,
} from '../registry/definition.ts'

/**
 * What the fact tables do not say of a built-in kind: how it behaves. Every part is optional; `builtin.ts` joins it with the facts into a
 * ResourceDefinition.
 */
export interface Behaviour {
  /** The cells of its table, all of them, wide ones too. Without it: the name and the time of creation. */
  readonly cells?: (object: KubeObject, now: number) => readonly unknown[]
  /** Conditions of its row, where it has them. */
  readonly rowConditions?: (object: KubeObject) => Row['conditions']
  /** Fills what the kind defaults. Empty objects and lists that Go always writes are there already. */
  readonly defaults?: (draft: Record<string, unknown>) => void
  /** The status of a new object where it is more than `{}`; whatever the client sent is dropped. */
  readonly initialStatus?: JsonObject
  /** Whether the enumerations of its schema are checked for every field outside `status`. Reviews, which store nothing, are not. */
  readonly validate?: (object: KubeObject, context: StrategyContext) => readonly FieldError[]
  readonly validateUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => readonly FieldError[]
  /** Everything else of a strategy. */
  readonly strategy?: Omit<Strategy, 'defaults' | 'validate' | 'validateUpdate'>
  readonly scale?: SubresourceDefinition['scale']
  /** Field labels that are no paths of the object. */
  readonly selectableFields?: ResourceDefinition['selectableFields']
  readonly validateName?: ResourceDefinition['validateName']
  readonly defaultPropagation?: ResourceDefinition['defaultPropagation']
  readonly storedAs?: ResourceDefinition['storedAs']
}
