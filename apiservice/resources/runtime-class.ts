import { fieldErrors } from '../../src/machinery/field-error.ts'
import { labelName } from '../../src/machinery/names.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, text } from './cells.ts'
import { immutable } from './field-checks.ts'

/** RuntimeClasses: how a node runs containers. */
export const runtimeClasses: Behaviour = {
  cells: (runtime, now) => [nameOf(runtime), text(runtime, ['handler']), age(runtime, now)],
  validate: (runtime) => {
    const handler = text(runtime, ['handler'])
    if (handler === '') return [fieldErrors.required('handler')]
    return labelName(handler).map((complaint) => fieldErrors.invalid('handler', handler, complaint))
  },
  validateUpdate: (runtime, old) => immutable(runtime['handler'], old['handler'], 'handler'),
}
