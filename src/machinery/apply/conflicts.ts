import { StatusError } from '../status-error.ts'
import type { FieldSet } from './field-set.ts'
import type { Owner, Owners } from './owners.ts'
import { type PathElement, printPath } from './path-element.ts'

/** A field that an applier wants otherwise than its owner. */
export interface FieldConflict {
  readonly owner: Owner
  readonly path: readonly PathElement[]
}

/** Characters of paths that a refusal spells out. A path can be as long as the object and lead to as many conflicts as it has fields. */
const printedCharacters = 256 * 1024

/** The conflicts that `settle` found, owner by owner. */
export function listConflicts(owners: Owners, contested: ReadonlyMap<string, FieldSet>): readonly FieldConflict[] {
  return [...contested.keys()].sort().flatMap((id) => {
    const owner = owners.get(id)
    const set = contested.get(id)
    return owner && set ? [...set.paths()].map((path) => ({ owner, path })) : []
  })
}

/**
 * The 409 with one cause for each conflict, and a message that groups them by owner. All are counted; past 256 Ki characters they are no
 * longer listed.
 */
export function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  let left = printedCharacters
  const causes: { readonly reason: string; readonly message: string; readonly field: string }[] = []
  for (const { owner, path } of conflicts) {
    if (left <= 0) break
    const field = printPath(path)
    left -= field.length
    causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${printOwner(owner)}`, field })
  }
  const [only] = causes
  if (conflicts.length === 1 && only) {
    return StatusError.applyConflict(`Apply failed with 1 conflict: ${only.message}: ${only.field}`, causes)
  }
  const lines: string[] = []
  let told = ''
  for (const { message, field } of causes) {
    // Every owner prints differently, and all conflicts with one stand together.
    if (message !== told) lines.push(`${message.replace('conflict', 'conflicts')}:`)
    told = message
    lines.push(`- ${field}`)
  }
  return StatusError.applyConflict(`Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`, causes)
}

function printOwner(owner: Owner): string {
  const subresource = owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`
  const version = owner.operation === 'Update' ? ` using ${owner.apiVersion}` : ''
  return `${JSON.stringify(owner.manager)}${subresource}${version}`
}
