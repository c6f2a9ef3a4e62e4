import type { KubeObject } from '../../machinery/object.ts'

/** One type of trait: it changes the first object of a component. Pure; both methods throw PropertiesError for mistakes of the user. */
export interface Trait<Properties = unknown> {
  readonly type: string
  parse(properties: unknown): Properties
  decorate(object: KubeObject, properties: Properties): KubeObject
}
