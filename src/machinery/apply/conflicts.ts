import { StatusError } from '../status-error.ts'
import type { FieldSet } from './field-set.ts'
import type { Owner, Owners } from './owners.ts'
import { type PathElement, printPath } from './path-element.ts'

/** A field that an applier wants otherwise than its owner. */
export interface FieldConflict {
  readonly owner: Owner
  readonly path: readonly PathElement[]
}

/** The conflicts that `settle` found, owner by owner. */
export function listConflicts(owners: Owners, contested: ReadonlyMap<string, FieldSet>): readonly FieldConflict[] {
  return [...contested.keys()].sort().flatMap((id) => {
    const owner = owners.get(id)
    const set = contested.get(id)
    return owner && set ? [...set.paths()].map((path) => ({ owner, path })) : []
  })
}

/** The 409 with one cause for each conflict, and a message that groups them by owner. */
export function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${printOwner(owner)}`,
    field: printPath(path),
  }))
  const [only] = causes
  if (causes.length === 1 && only) {
    return StatusError.applyConflict(`Apply failed with 1 conflict: ${only.message}: ${only.field}`, causes)
  }
  const lines: string[] = []
  let told: Owner | undefined
  for (const { owner, path } of conflicts) {
    if (owner !== told) lines.push(`conflicts with ${printOwner(owner)}:`)
    told = owner
    lines.push(`- ${printPath(path)}`)
  }
  return StatusError.applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, causes)
}

function printOwner(owner: Owner): string {
  const subresource = owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`
  const version = owner.operation === 'Update' ? ` using ${owner.apiVersion}` : ''
  return `${JSON.stringify(owner.manager)}${subresource}${version}`
}
