import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { ageOf } from '../../src/machinery/human-duration.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, containerCells, nameOf, objects, text } from './cells.ts'
import { scheduleComplaint } from './cron-schedule.ts'
import { defaultsOf, under } from './defaulting.ts'
import { nonNegative } from './field-checks.ts'
import { validateJobSpec } from './job.ts'
import { printLabelSelector } from './label-selector.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { podTemplateWarnings } from './pod-spec-warnings.ts'

/** A CronJob's name and an 11-character time make the name of a Job, which must fit in a label. */
const longestName = 52

function validateSpec(cronJob: KubeObject): readonly FieldError[] {
  const spec = fieldAt(cronJob, 'spec')
  const jobPath = 'spec.jobTemplate.spec'
  const job = fieldAt(spec, 'jobTemplate', 'spec')
  const errors = [
    ...validateSchedule(text(spec, ['schedule'])),
    ...nonNegative(spec, 'spec', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
    ...validateTimeZone(fieldAt(spec, 'timeZone')),
    ...validateJobSpec(job, jobPath),
  ]
  if (fieldAt(job, 'manualSelector') === true) {
    errors.push(fieldErrors.notSupported(`${jobPath}.manualSelector`, true, ['nil', 'false']))
  }
  if (fieldAt(job, 'selector') !== undefined) {
    const detail = '`selector` will be auto-generated'
    errors.push(fieldErrors.invalid(`${jobPath}.selector`, fieldAt(job, 'selector'), detail))
  }
  return errors
}

function validateSchedule(schedule: string): readonly FieldError[] {
  const path = 'spec.schedule'
  if (schedule === '') return [fieldErrors.required(path)]
  const errors: FieldError[] = []
  const complaint = scheduleComplaint(schedule)
  if (complaint !== undefined) errors.push(fieldErrors.invalid(path, schedule, complaint))
  if (schedule.includes('TZ')) {
    const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    errors.push(fieldErrors.invalid(path, schedule, detail))
  }
  return errors
}

function validateTimeZone(zone: unknown): readonly FieldError[] {
  if (typeof zone !== 'string') return []
  const path = 'spec.timeZone'
  if (zone === '') return [fieldErrors.invalid(path, zone, 'timeZone must be nil or non-empty string')]
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    return [fieldErrors.invalid(path, zone, detail)]
  }
  return isTimeZone(zone) ? [] : [fieldErrors.invalid(path, zone, `unknown time zone ${zone}`)]
}

function isTimeZone(zone: string): boolean {
  try {
    // Offsets such as +01:00 are no names of zones, though Intl takes them.
    return !/^[+-]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== ''
  } catch {
    return false // a RangeError is how Intl says that it knows no such zone
  }
}

function validate(cronJob: KubeObject): readonly FieldError[] {
  const name = nameOf(cronJob)
  const errors = [...validateSpec(cronJob)]
  if (cronJob.metadata.resourceVersion === undefined && name.length > longestName) {
    errors.push(fieldErrors.invalid('metadata.name', name, `must be no more than ${longestName} characters`))
  }
  return errors
}

const printBoolean = (value: unknown): string => (value === undefined ? '<unset>' : value === true ? 'True' : 'False')

/** CronJobs: Jobs by the clock. */
export const cronJobs: Behaviour = {
  cells: (cronJob, now) => [
    nameOf(cronJob),
    text(cronJob, ['spec', 'schedule']),
    text(cronJob, ['spec', 'timeZone'], '<none>'),
    printBoolean(fieldAt(cronJob, 'spec', 'suspend')),
    objects(cronJob, 'status', 'active').length,
    fieldAt(cronJob, 'status', 'lastScheduleTime')
      ? ageOf(fieldAt(cronJob, 'status', 'lastScheduleTime'), now)
      : '<none>',
    age(cronJob, now),
    ...containerCells(fieldAt(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec')),
    printLabelSelector(fieldAt(cronJob, 'spec', 'jobTemplate', 'spec', 'selector')),
  ],
  // The Job inside gets its own defaults when it is created, all but those of its pods.
  defaults: defaultsOf({
    'spec.concurrencyPolicy': 'Allow',
    'spec.suspend': false,
    'spec.successfulJobsHistoryLimit': 3,
    'spec.failedJobsHistoryLimit': 1,
    'spec.jobTemplate.spec.podFailurePolicy?.rules[].onPodConditions[].status!': 'True',
    ...under('spec.jobTemplate.spec.template', podTemplateDefaults),
  }),
  validate,
  strategy: {
    warnings: (cronJob) =>
      podTemplateWarnings(
        fieldAt(cronJob, 'spec', 'jobTemplate', 'spec', 'template'),
        'spec.jobTemplate.spec.template',
      ),
  },
}
