import { printTime } from '../clock.ts'
import { equalJson, type KubeObject } from '../object.ts'
import { copyJson } from '../patch/values.ts'
import { parseApiVersion } from '../resource.ts'
import type { Schema } from '../schema/schema.ts'
import { StatusError } from '../status-error.ts'
import { compareObjects } from './compare.ts'
import { conflictError, type FieldConflict, listConflicts } from './conflicts.ts'
import type { FieldSet } from './field-set.ts'
import { allowedByLastApplied, hasLastApplied, withLastApplied } from './last-applied.ts'
import {
  changesByVersion,
  type InVersion,
  ownable,
  ownerOf,
  ownersAfter,
  underThisSchema,
  unlessUnchanged,
} from './managed-fields.ts'
import { mergeObjects } from './merge.ts'
import { type Owner, type Owners, ownerId, readOwners, settle, withOwners, withoutOwners } from './owners.ts'
import { withoutAbandoned } from './prune.ts'
import { fieldSetOf, problemsOf } from './typed.ts'

/** A server-side apply. */
export interface ApplyRequest {
  /** What is stored, or undefined when the apply creates. */
  readonly live: KubeObject | undefined
  /** What the client wants, as it wrote it: only what it cares for, nothing defaulted. */
  readonly config: KubeObject
  /** Of the whole object, in the version of `config`. */
  readonly schema: Schema
  readonly manager: string
  /** `''` or absent for the object itself. */
  readonly subresource?: string
  readonly force: boolean
  /** Milliseconds. */
  readonly now: number
  /** Fields that the strategy of the kind resets in this kind of write: applied, but not owned. */
  readonly resetFields?: FieldSet
  /** Fills what the kind defaults, in place. */
  readonly defaults?: (draft: Record<string, unknown>) => void
  readonly inVersion?: InVersion
}

interface Applied {
  readonly object: KubeObject
  readonly owners: Owners
  readonly conflicts: readonly FieldConflict[]
}

/**
 * The object after a server-side apply, with its managedFields: the configuration is laid over what is stored, what the manager applied
 * before and leaves out now is removed unless somebody else owns it, and the manager owns what it says. Returns `live` itself when
 * nothing changes. (Kubernetes API concepts, “Server-Side Apply”.)
 *
 * An object without managedFields gets an owner `before-first-apply` of all it has. For the manager `kubectl`, conflicts with what
 * `kubectl apply` wrote from the client before are settled by force, and its last-applied annotation is kept up to date.
 *
 * Throws Conflict with one cause per field that others own with another value, unless `force` takes them over; BadRequest for another
 * kind and for managedFields in the configuration; a 500 without a reason where the configuration does not fit the schema.
 */
export function applyConfiguration(request: ApplyRequest): KubeObject {
  const { live, config, schema, manager, force } = request
  refuseMalformed(request)
  const { object, owners, conflicts } = lay(request, ownersBefore(request))
  if (!force && conflicts.length > 0) {
    const allowed = manager === 'kubectl' && live ? allowedByLastApplied(live, config.apiVersion, schema) : undefined
    const refused = allowed ? conflicts.filter(({ path }) => !allowed.hasPath(path)) : conflicts
    if (refused.length > 0) throw conflictError(refused)
  }
  const annotated = manager === 'kubectl' && hasLastApplied(object) ? withLastApplied(object, config) : object
  return unlessUnchanged(live, withOwners(defaulted(annotated, request.defaults), owners))
}

/** The merged object shares much with what it was made of, and defaulting changes in place: it gets a copy. */
function defaulted(object: KubeObject, defaults: ApplyRequest['defaults']): KubeObject {
  if (defaults === undefined) return object
  const draft = copyJson(object)
  defaults(draft)
  return draft
}

function refuseMalformed({ live, config, schema }: ApplyRequest): void {
  if (live !== undefined && (config.apiVersion !== live.apiVersion || config.kind !== live.kind)) {
    throw StatusError.badRequest(`invalid object type: ${printKind(config)}`)
  }
  const { managedFields, namespace = '', name = '' } = config.metadata
  if (managedFields !== undefined && managedFields !== null) {
    throw StatusError.badRequest('metadata.managedFields must be nil')
  }
  const problems = problemsOf(config, schema)
  if (problems !== undefined) {
    const subject = `${namespace}/${name}; ${printKind(config)}`
    throw new StatusError(500, '', `failed to create typed patch object (${subject}): ${problems}`)
  }
}

function printKind({ apiVersion, kind }: KubeObject): string {
  const { group, version } = parseApiVersion(apiVersion) ?? { group: '', version: apiVersion }
  return `${group}/${version}, Kind=${kind}`
}

function ownersBefore(request: ApplyRequest): Owners {
  const { live } = request
  if (live === undefined) return new Map()
  const owners = readStored(live)
  if (owners.size > 0) return underThisSchema(owners, live.apiVersion, request)
  return ownersAfter({ ...request, manager: 'before-first-apply', live: undefined, next: live }, owners)
}

function readStored(live: KubeObject): Owners {
  try {
    return readOwners(live.metadata.managedFields)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new StatusError(500, '', `failed to decode managed fields: ${error.message}`, { cause: error })
  }
}

/** Lays the configuration over the live object as if by force; the caller decides whether the conflicts let it stand. */
function lay(request: ApplyRequest, before: Owners): Applied {
  const { live, config, schema, resetFields } = request
  const bare = live === undefined ? undefined : withoutOwners(live)
  const self = ownerOf(request, 'Apply', config.apiVersion)
  const id = ownerId(self)
  const last = before.get(id)
  const wanted = fieldSetOf(config, schema)
  const applier: Owner = {
    ...self,
    set: resetFields === undefined ? wanted : wanted.recursiveDifference(resetFields),
    time: printTime(request.now),
  }
  const owners = new Map(before).set(id, applier)
  const merged = mergeObjects(bare, config, schema) as KubeObject
  const object = last === undefined ? merged : withoutAbandoned(merged, last, applier, owners, request)

  const change = compareObjects(bare ?? {}, object, schema)
  const settled = settle(
    owners,
    bare === undefined ? () => change : changesByVersion(change, bare, object, request),
    id,
  )
  const owned = ownable(applier.set, resetFields)
  // An apply that changes nothing but who owns what does not count as a change of its manager's: it keeps the time it had, or none.
  const time = bare !== undefined && equalJson(object, bare) ? last?.time : applier.time
  if (owned.isEmpty) settled.owners.delete(id)
  else settled.owners.set(id, { ...applier, set: owned, time })
  return { object, owners: settled.owners, conflicts: listConflicts(owners, settled.conflicts) }
}
