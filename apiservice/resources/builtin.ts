import { firstComplaint, subdomainName } from '../../src/machinery/names.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import { qualified } from '../../src/machinery/resource.ts'
import {
  fieldSelectorFacts,
  type ResourceFact,
  resourceFacts,
  schemaOfKind,
  tableFacts,
} from '../../src/machinery/schema/facts.ts'
import type { Schema } from '../../src/machinery/schema/schema.ts'
import type { ResourceDefinition, Row, Strategy, StrategyContext } from '../registry/definition.ts'
import type { Behaviour } from './behaviour.ts'
import { behaviours } from './behaviours.ts'
import { columnsFrom } from './columns.ts'
import { validateEnumerations } from './enumerations.ts'
import { conditionallyUpdated, createdOnUpdate, deletedObjectsReturned, withGeneration } from './traits.ts'

/**
 * Every built-in resource of Kubernetes 1.36, in the order in which discovery serves them: the facts of `machinery/schema/facts`, joined
 * with what each kind does. Schemas are built when they are first asked for.
 */
export function builtinDefinitions(): readonly ResourceDefinition[] {
  return resourceFacts().resources.map((fact) => {
    const name = qualified({ group: fact.g, resource: fact.r })
    return definitionOf(fact, behaviours[`${name}/${fact.v}`] ?? behaviours[name] ?? {})
  })
}

function definitionOf(fact: ResourceFact, behaviour: Behaviour): ResourceDefinition {
  const name = qualified({ group: fact.g, resource: fact.r })
  const key = `${fact.g}/${fact.v}/${fact.r}`
  const selectors = fieldSelectorFacts().get(key)
  const columns = columnsFrom(tableFacts().get(key) ?? createdAtColumns)
  const definition: Omit<ResourceDefinition, 'schema' | 'strategy'> = {
    group: fact.g,
    version: fact.v,
    resource: fact.r,
    singular: fact.singular,
    kind: fact.kind,
    listKind: `${fact.kind}List`,
    namespaced: fact.scope === 'Namespaced',
    verbs: fact.verbs,
    shortNames: fact.shortNames ?? [],
    categories: fact.categories ?? [],
    subresources: (fact.subresources ?? []).map(({ s, verbs, gvk }) => ({
      name: s,
      verbs,
      ...(gvk === undefined ? {} : { kind: { group: gvk[0], version: gvk[1], kind: gvk[2] } }),
      ...(s === 'scale' && behaviour.scale !== undefined ? { scale: behaviour.scale } : {}),
    })),
    ...(fact.storageVersionHash === undefined ? {} : { storageVersionHash: fact.storageVersionHash }),
    columns,
    row: rowOf(behaviour),
    selectableFields: selectableFields(selectors?.accepted ?? [], behaviour),
    selectsNamespace: selectors?.accepted.includes('metadata.namespace') ?? false,
    fieldLabelRefusal: (selectors?.refusal ?? 'field label not supported: LABEL').replace(/^400 BadRequest: /, ''),
    hasGeneration: withGeneration.has(name),
    createOnUpdate: createdOnUpdate.has(name),
    unconditionalUpdate: !conditionallyUpdated.has(name),
    returnsDeleted: deletedObjectsReturned.has(name),
    defaultPropagation: behaviour.defaultPropagation ?? 'Background',
    validateName: behaviour.validateName ?? validateSubdomain,
    custom: false,
    ...(behaviour.storedAs === undefined ? {} : { storedAs: behaviour.storedAs }),
  }
  const schema = lazySchema(fact)
  return {
    ...definition,
    get schema() {
      return schema()
    },
    strategy: strategyOf(behaviour, schema),
  }
}

const validateSubdomain = firstComplaint(subdomainName)

/** Kinds that Kubernetes has no printer for, and that cannot be listed: the columns of any object. */
const createdAtColumns = [
  ['Name', 'string', 'name', 0],
  ['Created At', 'date', '', 0],
] as const

function lazySchema({ g, v, kind }: ResourceFact): () => Schema {
  let schema: Schema | undefined
  return () => {
    schema ??= schemaOfKind(g, v, kind)
    if (!schema) throw new Error(`no schema for ${kind} in ${g}/${v}`)
    return schema
  }
}

function rowOf({ cells, rowConditions }: Behaviour): ResourceDefinition['row'] {
  return (object, now): Row => {
    const conditions = rowConditions?.(object)
    const { name = '', creationTimestamp = null } = object.metadata
    return {
      cells: cells?.(object, now) ?? [name, creationTimestamp],
      ...(conditions === undefined ? {} : { conditions }),
    }
  }
}

/** A field label is a path, unless the kind says what it means. Absent fields select as the empty text. */
function selectableFields(
  accepted: readonly string[],
  { selectableFields: own = {} }: Behaviour,
): ResourceDefinition['selectableFields'] {
  const getters: Record<string, (object: KubeObject) => string> = {}
  for (const label of accepted) {
    if (label === 'metadata.name' || label === 'metadata.namespace') continue
    const path = label.split('.')
    getters[label] = own[label] ?? ((object) => String(fieldAt(object, ...path) ?? ''))
  }
  return getters
}

function strategyOf(behaviour: Behaviour, schema: () => Schema): Strategy {
  const { defaults, initialStatus, validateUpdate, strategy = {} } = behaviour
  const { prepareForCreate } = strategy
  const withInitialStatus = (object: KubeObject, context: StrategyContext): KubeObject => {
    const reset = { ...object, status: structuredClone(initialStatus) }
    return prepareForCreate?.(reset, context) ?? reset
  }
  return {
    ...strategy,
    ...(defaults === undefined ? {} : { defaults }),
    ...(initialStatus === undefined ? {} : { prepareForCreate: withInitialStatus }),
    validate: (object, context) => {
      const errors = behaviour.validate?.(object, context) ?? []
      // What the kind itself refuses, and what is in it, is not refused again in other words.
      const general = validateEnumerations(object, schema()).filter(
        ({ field }) => !errors.some((error) => field === error.field || field.startsWith(`${error.field}.`)),
      )
      return [...errors, ...general]
    },
    ...(validateUpdate === undefined ? {} : { validateUpdate }),
  }
}
