import { applyJsonPatch } from '../../machinery/patch/json.ts'
import { listField, strictFields } from '../properties.ts'
import { patched } from './patched.ts'
import type { Trait } from './trait.ts'

/** Carries out the operations of a JSON patch (RFC 6902). */
export const jsonPatch: Trait<{ readonly operations: readonly unknown[] }> = {
  type: 'json-patch',
  parse: (properties) => ({ operations: listField(strictFields(properties, ['operations']), 'operations') ?? [] }),
  decorate: (object, { operations }) => patched(object, (document) => applyJsonPatch(document, operations)),
}
