import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { ageOf } from '../../src/machinery/human-duration.ts'
import { qualifiedName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { count, nameOf, text } from './cells.ts'

/** What each field of a core Event is called in events.k8s.io. */
const renamed = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const

const toNew: ReadonlyMap<string, string> = new Map(renamed)
const toCore: ReadonlyMap<string, string> = new Map(renamed.map(([core, current]) => [current, core]))

/** An event of one group in the form of the other. They differ in names, and in which empty fields Go writes. */
function rename(event: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const fields: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(event)) fields[names.get(field) ?? field] = value
  return { ...fields, apiVersion, kind: 'Event', metadata: event.metadata }
}

/** An events.k8s.io Event as it is stored. Core events always have their object, and name their reporter. */
function toCoreEvent(event: KubeObject): KubeObject {
  const core = rename(event, toCore, 'v1')
  return {
    ...core,
    involvedObject: core['involvedObject'] ?? {},
    source: core['source'] ?? {},
    firstTimestamp: core['firstTimestamp'] ?? null,
    lastTimestamp: core['lastTimestamp'] ?? null,
    eventTime: core['eventTime'] ?? null,
    reportingComponent: core['reportingComponent'] ?? '',
    reportingInstance: core['reportingInstance'] ?? '',
  }
}

/** A stored Event as events.k8s.io shows it, without the empty names that only core events write. */
function fromCoreEvent(event: KubeObject): KubeObject {
  const shown = rename(event, toNew, 'events.k8s.io/v1')
  const kept = Object.entries(shown).filter(
    ([field, value]) =>
      !(value === '' && (field === 'reportingController' || field === 'reportingInstance')) &&
      !(field === 'regarding' && isObject(value) && Object.keys(value).length === 0),
  )
  return { ...Object.fromEntries(kept), apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: event.metadata }
}

function cells(event: KubeObject, now: number): readonly unknown[] {
  const since = (...path: readonly string[]) => ageOf(fieldAt(event, ...path), now)
  const first = fieldAt(event, 'firstTimestamp') ? since('firstTimestamp') : since('eventTime')
  const last = fieldAt(event, 'lastTimestamp') ? since('lastTimestamp') : first
  const series = isObject(event['series'])
  const kind = text(event, ['involvedObject', 'kind']).toLowerCase()
  const name = text(event, ['involvedObject', 'name'])
  return [
    series ? since('series', 'lastObservedTime') : last,
    text(event, ['type']),
    text(event, ['reason']),
    name === '' ? kind : `${kind}/${name}`,
    text(event, ['involvedObject', 'fieldPath']),
    sourceOf(event),
    text(event, ['message']).trim(),
    first,
    series ? count(event, 'series', 'count') : count(event, 'count') || 1,
    nameOf(event),
  ]
}

function sourceOf(event: KubeObject): string {
  const component = text(event, ['source', 'component'], text(event, ['reportingComponent']))
  const host = text(event, ['source', 'host'], text(event, ['reportingInstance']))
  return host === '' ? component : `${component}, ${host}`
}

const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const

/** A core Event. One with an eventTime says more of itself than those of before. */
function validate(event: KubeObject): readonly FieldError[] {
  const namespace = event.metadata.namespace ?? ''
  const object = text(event, ['involvedObject', 'namespace'])
  const mismatch = fieldErrors.invalid('involvedObject.namespace', object, 'does not match event.namespace')
  if (!event['eventTime']) {
    if (object === '') return namespace === '' || namespace === 'default' ? [] : [mismatch]
    return object === namespace ? [] : [mismatch]
  }
  const errors: FieldError[] = []
  if (object === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch)
  const reporter = text(event, ['reportingComponent'])
  if (reporter === '') errors.push(fieldErrors.required('reportingComponent'))
  for (const complaint of qualifiedName(reporter)) {
    errors.push(fieldErrors.invalid('reportingComponent', reporter, complaint))
  }
  for (const [field, limit] of Object.entries(limits)) {
    const value = text(event, [field])
    if (value === '' && field !== 'message') errors.push(fieldErrors.required(field))
    if (Buffer.byteLength(value) > limit) {
      errors.push(fieldErrors.invalid(field, '', `can have at most ${limit} characters`))
    }
  }
  return errors
}

/** Core events, as they are stored. */
export const coreEvents: Behaviour = {
  cells,
  validate,
  selectableFields: {
    source: (event) => text(event, ['source', 'component'], text(event, ['reportingComponent'])),
  },
}

function validateNew(event: KubeObject): readonly FieldError[] {
  const core = toCoreEvent(event)
  const errors = validate(core).map((error) =>
    error.field === 'reportingComponent' ? { ...error, field: 'reportingController' } : error,
  )
  if (!event['eventTime']) errors.push(fieldErrors.required('eventTime'))
  const type = text(event, ['type'])
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(fieldErrors.invalid('type', '', `has invalid value: ${type}`))
  }
  for (const field of ['firstTimestamp', 'lastTimestamp'] as const) {
    if (core[field]) errors.push(fieldErrors.invalid(field, '', 'needs to be unset'))
  }
  if (count(core, 'count') !== 0) errors.push(fieldErrors.invalid('count', '', 'needs to be unset'))
  if (text(core, ['source', 'component']) !== '' || text(core, ['source', 'host']) !== '') {
    errors.push(fieldErrors.invalid('source', '', 'needs to be unset'))
  }
  const series = event['series']
  if (isObject(series)) {
    if (count(series, 'count') < 2) errors.push(fieldErrors.invalid('series.count', '', 'should be at least 2'))
    if (!series['lastObservedTime']) errors.push(fieldErrors.required('series.lastObservedTime'))
  }
  return errors
}

const frozen = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
]

/** What an update through events.k8s.io may change: the series. The rules for new events hold for new events only. */
function validateNewUpdate(event: KubeObject, old: KubeObject): readonly FieldError[] {
  const [now, before] = [toCoreEvent(event), toCoreEvent(old)]
  return frozen.flatMap((field) => {
    if (equalJson(now[field] ?? null, before[field] ?? null)) return []
    const name = field === 'reportingComponent' ? 'reportingController' : field
    return [fieldErrors.invalid(name, now[field] ?? null, 'field is immutable')]
  })
}

/** Events of events.k8s.io: the same objects under other names. */
export const newEvents: Behaviour = {
  cells: (event, now) => cells(toCoreEvent(event), now),
  validate: (event) =>
    event.metadata.resourceVersion === undefined
      ? validateNew(event)
      : validateNew(event).filter(({ field }) => field.startsWith('series')),
  validateUpdate: validateNewUpdate,
  storedAs: {
    group: '',
    version: 'v1',
    resource: 'events',
    kind: 'Event',
    toStored: toCoreEvent,
    fromStored: fromCoreEvent,
  },
}
