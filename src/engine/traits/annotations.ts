import { type KeyValues, parseKeyValues, withKeyValues } from './key-values.ts'
import type { Trait } from './trait.ts'

/** Sets annotations of the object and, where it has them, of its pod and job templates. null removes an annotation. */
export const annotations: Trait<KeyValues> = {
  type: 'annotations',
  parse: parseKeyValues,
  decorate: (object, values) =>
    withKeyValues(object, 'annotations', values, [
      ['spec', 'template'],
      ['spec', 'jobTemplate'],
      ['spec', 'jobTemplate', 'spec', 'template'],
    ]),
}
