import { fieldErrors } from '../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, conditionOf, count, nameOf, text } from './cells.ts'
import { type DefaultTable, defaultsOf, under } from './defaulting.ts'

/** FlowSchemas: which requests have which priority. */
export const flowSchemas: Behaviour = {
  cells: (schema, now) => {
    const method = fieldAt(schema, 'spec', 'distinguisherMethod')
    return [
      nameOf(schema),
      text(schema, ['spec', 'priorityLevelConfiguration', 'name']),
      count(schema, 'spec', 'matchingPrecedence'),
      isObject(method) ? text(method, ['type']) : '<none>',
      age(schema, now),
      conditionOf(schema, 'Dangling')?.['status'] ?? '?',
    ]
  },
  defaults: defaultsOf({ 'spec.matchingPrecedence!': 1000 }),
  validate: (schema) => {
    const precedence = count(schema, 'spec', 'matchingPrecedence')
    const errors = []
    if (precedence <= 0) {
      errors.push(fieldErrors.invalid('spec.matchingPrecedence', precedence, 'must be a positive value'))
    } else if (precedence > 10_000) {
      const detail = 'must not be greater than 10000'
      errors.push(fieldErrors.invalid('spec.matchingPrecedence', precedence, detail))
    }
    if (text(schema, ['spec', 'priorityLevelConfiguration', 'name']) === '') {
      const detail = 'must reference a priority level'
      errors.push(fieldErrors.required('spec.priorityLevelConfiguration.name', detail))
    }
    return errors
  },
}

const queuing: DefaultTable = { 'queues!': 64, 'handSize!': 8, 'queueLengthLimit!': 50 }

function levelCells(level: KubeObject, now: number): readonly unknown[] {
  const limited = fieldAt(level, 'spec', 'limited')
  const queues = fieldAt(limited, 'limitResponse', 'queuing')
  const shown = (object: unknown, field: string) => fieldAt(object, field) ?? (isObject(object) ? 0 : '<none>')
  return [
    nameOf(level),
    text(level, ['spec', 'type']),
    shown(limited, 'nominalConcurrencyShares'),
    shown(queues, 'queues'),
    shown(queues, 'handSize'),
    shown(queues, 'queueLengthLimit'),
    age(level, now),
  ]
}

/** PriorityLevelConfigurations: how many requests of one priority run at once, and how the others wait. */
export const priorityLevels: Behaviour = {
  cells: levelCells,
  defaults: defaultsOf({
    'spec.limited?.nominalConcurrencyShares': 30,
    'spec.limited?.lendablePercent': 0,
    ...under('spec.limited?.limitResponse.queuing?', queuing),
    'spec.exempt?.nominalConcurrencyShares': 0,
    'spec.exempt?.lendablePercent': 0,
  }),
  validate: (level) => {
    const type = text(level, ['spec', 'type'])
    const limited = isObject(fieldAt(level, 'spec', 'limited'))
    if (type === '') return [fieldErrors.required('spec.type')]
    if (type === 'Limited' && !limited) {
      return [fieldErrors.required('spec.limited', 'must not be empty when type is Limited')]
    }
    const response = fieldAt(level, 'spec', 'limited', 'limitResponse')
    if (limited && text(response, ['type']) === 'Queue' && !isObject(fieldAt(response, 'queuing'))) {
      const detail = 'must not be empty if limited.limitResponse.type is Limited'
      return [fieldErrors.required('spec.limited.limitResponse.queuing', detail)]
    }
    return []
  },
}
