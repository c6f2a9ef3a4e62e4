import type { JsonNotes } from '../json.ts'
import { messageOfType } from './messages.ts'
import { readMessage } from './read-message.ts'
import { readStructural } from './read-structural.ts'
import type { Schema } from './schema.ts'

/** What to conform to. */
export interface ConformOptions {
  /** Of the whole object. */
  readonly schema: Schema
  /** Custom resources are pruned by their structure and keep their types for validation; built-in kinds are read as Go reads them. */
  readonly custom: boolean
  /** What the reader of the text noted, where the object comes from text. */
  readonly notes?: JsonNotes | undefined
}

/**
 * The object as kube-apiserver keeps it: pruned to its schema, values in canonical form (quantities, times, base64), empty and zero fields
 * as Go writes them, fields in a fixed order. Built-in kinds: types are checked. The result may be changed; it shares with the input only
 * the contents of untyped fields. Pure.
 *
 * `unknown` are the paths of pruned fields (`spec.containers[0].foo`), in the order in which kube-apiserver reports them. Throws BadRequest
 * with the text of Go's decoder at the first value of a wrong type.
 */
export function conform(
  object: Record<string, unknown>,
  { schema, custom, notes }: ConformOptions,
): { readonly object: Record<string, unknown>; readonly unknown: readonly string[] } {
  const message = custom || schema.name === undefined ? undefined : messageOfType(schema.name)
  if (message === undefined) return readStructural(schema, object, notes)
  const unknown: string[] = []
  return { object: readMessage(message, object, { unknown, notes, depth: 0 }, undefined), unknown }
}
