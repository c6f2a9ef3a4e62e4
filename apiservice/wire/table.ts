import type { KubeObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import { type ListMetadata, type MetaVersion, partialMetadata } from './metadata.ts'

/** What each row carries of its object besides the cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

type Tabular = Pick<ResourceDefinition, 'columns' | 'row'>

/** What a row depends on besides its object. `now` is in milliseconds. */
export interface RowOptions {
  readonly now: number
  readonly includeObject: IncludeObject
  readonly metaVersion: MetaVersion
}

/** What a Table depends on besides its objects. */
export interface TableOptions extends RowOptions {
  readonly listMeta?: ListMetadata
  /** False where the client has had the columns, in every frame of a watch but the first: they are then `null`. */
  readonly columns?: boolean
}

/**
 * The `includeObject` parameter of a request for a Table; absent and empty mean `Metadata`. Throws BadRequest for an unknown word, with
 * the text of Kubernetes 1.36.
 */
export function parseIncludeObject(query: string | null): IncludeObject {
  if (query === null || query === '') return 'Metadata'
  if (query === 'None' || query === 'Metadata' || query === 'Object') return query
  throw StatusError.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(query)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

/** Objects of one kind as the Table that people read (Kubernetes API concepts, “Receiving resources as Tables”): a row each. */
export function tableOf(
  definition: Tabular,
  objects: readonly KubeObject[],
  options: TableOptions,
): Record<string, unknown> {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.metaVersion}`,
    metadata: options.listMeta ?? {},
    columnDefinitions: options.columns === false ? null : definition.columns,
    rows: objects.map((object) => rowOf(definition, object, options)),
  }
}

/**
 * The beginning of a Table as JSON text, its columns included and the object still open: for a list that is written row by row, with
 * `,"rows":[`, the rows, and the metadata that is known only after them.
 */
export function tableHead(definition: Tabular, metaVersion: MetaVersion): string {
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${metaVersion}","columnDefinitions":${JSON.stringify(definition.columns)}`
}

/** One row as JSON text. */
export function tableRow(definition: Tabular, object: KubeObject, options: RowOptions): string {
  return JSON.stringify(rowOf(definition, object, options))
}

function rowOf(definition: Tabular, object: KubeObject, options: RowOptions): Record<string, unknown> {
  const { cells, conditions } = definition.row(object, options.now)
  const included = objectOf(object, options)
  return conditions === undefined ? { cells, object: included } : { cells, conditions, object: included }
}

function objectOf(object: KubeObject, { includeObject, metaVersion }: RowOptions): KubeObject | null {
  if (includeObject === 'None') return null
  return includeObject === 'Object' ? object : partialMetadata(object, metaVersion)
}
