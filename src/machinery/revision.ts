import { StatusError } from './status-error.ts'

declare const revisionBrand: unique symbol

/** The store's number: one counter for the whole hub, starting at 1. `0` means before everything. A safe integer. */
export type Revision = number & { readonly [revisionBrand]: true }

/** Before every write. */
export const noRevision = 0 as Revision

/** The wire form of a revision. */
export function printRevision(revision: Revision): string {
  return String(revision)
}

/**
 * The inverse of `printRevision`. `''` and `'0'` ask for “any”; their callers have answered them before this is reached.
 * Throws BadRequest for anything but a decimal without leading zeros that fits a safe integer.
 */
export function parseRevision(resourceVersion: string): Revision {
  if (!/^[1-9]\d{0,14}$/.test(resourceVersion))
    throw StatusError.badRequest(`invalid resourceVersion: ${resourceVersion}`)
  return Number(resourceVersion) as Revision
}
