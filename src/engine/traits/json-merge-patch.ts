import { isObject } from '../../machinery/object.ts'
import { applyMergePatch } from '../../machinery/patch/merge.ts'
import { PropertiesError } from '../properties.ts'
import { patched } from './patched.ts'
import type { Trait } from './trait.ts'

/** Merges its properties into the object (RFC 7396): null removes, lists are replaced. */
export const jsonMergePatch: Trait<Readonly<Record<string, unknown>>> = {
  type: 'json-merge-patch',
  parse(properties) {
    if (!isObject(properties)) throw new PropertiesError('json: properties must be an object')
    return properties
  },
  decorate: (object, patch) => patched(object, (document) => applyMergePatch(document, patch)),
}
