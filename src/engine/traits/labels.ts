import { type KeyValues, parseKeyValues, withKeyValues } from './key-values.ts'
import type { Trait } from './trait.ts'

/** Sets labels of the object and, where it has one, of its pod template. null removes a label. */
export const labels: Trait<KeyValues> = {
  type: 'labels',
  parse: parseKeyValues,
  decorate: (object, values) => withKeyValues(object, 'labels', values, [['spec', 'template']]),
}
