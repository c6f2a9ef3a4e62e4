import type { KubeObject } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import type { Application, ComponentSpec } from './application.ts'
import type {
  Component,
  ComponentContext,
  Piece,
  Reference,
  ReferenceScope,
  SourceRef,
} from './components/component.ts'
import { components as componentTypes } from './components/index.ts'
import { digest } from './identity.ts'
import { annotationsFor, labelsFor } from './labels.ts'
import { PropertiesError, unknownType } from './properties.ts'
import { traits as traitTypes } from './traits/index.ts'

/** How KubeVela begins every complaint about references, in conditions and events. */
export const referenceFailure = 'failed to parseReferredObjects'

/** A component whose properties have been understood. */
export interface ParsedComponent {
  readonly spec: ComponentSpec
  readonly type: Component
  readonly properties: unknown
  readonly references: readonly Reference[]
}

/** One object of a component, complete but for what depends on the placement. */
export interface RenderedObject {
  readonly object: KubeObject
  readonly resource: ResourceInfo
  readonly source: SourceRef
  /** Changes with the object, and with the incarnation of its source. */
  readonly digest: string
}

/** The objects of one component, the workload first. */
export interface RenderedComponent {
  readonly name: string
  readonly traits: readonly string[]
  readonly objects: readonly RenderedObject[]
}

/** Parses every component. Throws PropertiesError. */
export function parseComponents(application: Application, scope: ReferenceScope): readonly ParsedComponent[] {
  return application.components.map((spec) => {
    const type = componentTypes.get(spec.type)
    if (!type) {
      throw new PropertiesError(`component ${spec.name} ${unknownType(spec.type, componentTypes)}`)
    }
    const context = { name: spec.name, namespace: application.key.namespace, scope }
    const properties = parseProperties(type, spec, context)
    return { spec, type, properties, references: type.references(properties) }
  })
}

function parseProperties(type: Component, spec: ComponentSpec, context: ComponentContext): unknown {
  try {
    return type.parse(spec.properties, context)
  } catch (error) {
    if (!(error instanceof PropertiesError)) throw error
    throw new PropertiesError(`${referenceFailure}: ${error.message}`, { cause: error })
  }
}

/** Turns components and what they read into objects: traits change the first, labels and annotations go on all. Throws PropertiesError. */
export function render(
  application: Application,
  components: readonly ParsedComponent[],
  read: (reference: Reference) => readonly Piece[],
): readonly RenderedComponent[] {
  const annotations = annotationsFor(application)
  return components.map(({ spec, type, properties }) => ({
    name: spec.name,
    traits: spec.traits.map((trait) => trait.type),
    objects: type.render(properties, read).map(({ object, resource, source, sourceUid }, index) => {
      const decorated = index === 0 ? decorate(object, spec) : object
      const { metadata } = decorated
      const labelled: KubeObject = {
        ...decorated,
        metadata: {
          ...metadata,
          labels: { ...metadata.labels, ...labelsFor(application, spec, index) },
          ...(metadata.annotations || Object.keys(annotations).length > 0
            ? { annotations: { ...metadata.annotations, ...annotations } }
            : {}),
        },
      }
      return { object: labelled, resource, source, digest: digest(sourceUid, labelled) }
    }),
  }))
}

function decorate(object: KubeObject, component: ComponentSpec): KubeObject {
  return component.traits.reduce((decorated, { type, properties }) => {
    const trait = traitTypes.get(type)
    if (!trait) {
      throw new PropertiesError(`a trait of component ${component.name} ${unknownType(type, traitTypes)}`)
    }
    try {
      const { apiVersion, kind } = decorated
      const { name, namespace } = decorated.metadata
      const changed = trait.decorate(decorated, trait.parse(properties))
      // A patch may change anything but which object this is: the shipment has to stay the one that was decided on.
      const identity = { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) }
      return { ...changed, apiVersion, kind, metadata: { ...changed.metadata, ...identity } }
    } catch (error) {
      if (!(error instanceof PropertiesError)) throw error
      throw new PropertiesError(`cannot apply trait ${type} to component ${component.name}: ${error.message}`, {
        cause: error,
      })
    }
  }, object)
}
