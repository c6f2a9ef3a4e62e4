/** One field of a schedule: what its numbers may be, and which names stand for them. */
interface Field {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

/**
 * What is wrong with a cron schedule (five fields, or `@hourly` and the like), or undefined. Understands what the CronJob controller does:
 * lists, ranges, steps, names of months and days, `?` as `*`.
 */
export function scheduleComplaint(schedule: string): string | undefined {
  const zoned = /^(?:CRON_)?TZ=\S* (.*)$/.exec(schedule)
  const text = zoned?.[1]?.trim() ?? schedule
  if (text.startsWith('@')) return descriptorComplaint(text)
  const parts = text.split(/\s+/).filter((part) => part !== '')
  if (parts.length !== fields.length) {
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  }
  for (const [index, field] of fields.entries()) {
    for (const range of (parts[index] ?? '').split(',').filter((one) => one !== '')) {
      const complaint = rangeComplaint(range, field)
      if (complaint !== undefined) return complaint
    }
  }
  return undefined
}

function descriptorComplaint(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`
  const duration = text.slice('@every '.length)
  if (/^(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined
  return `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`
}

function rangeComplaint(range: string, field: Field): string | undefined {
  const [span = '', stepText, ...more] = range.split('/')
  const [lowText = '', highText, ...hyphens] = span.split('-')
  const any = lowText === '*' || lowText === '?'
  const low = any ? field.min : numberFrom(lowText, field)
  if (typeof low === 'string') return low
  if (!any && hyphens.length > 0) return `too many hyphens: ${range}`
  let high = any ? field.max : highText === undefined ? low : numberFrom(highText, field)
  if (typeof high === 'string') return high
  if (more.length > 0) return `too many slashes: ${range}`
  let step: number | string = 1
  if (stepText !== undefined) {
    step = integer(stepText)
    if (typeof step === 'string') return step
    // `3/5` counts from 3 to the end.
    if (highText === undefined) high = field.max
  }
  if (low < field.min) return `beginning of range (${low}) below minimum (${field.min}): ${range}`
  if (high > field.max) return `end of range (${high}) above maximum (${field.max}): ${range}`
  if (low > high) return `beginning of range (${low}) beyond end of range (${high}): ${range}`
  return step === 0 ? `step of range should be a positive number: ${range}` : undefined
}

/** The number that a text stands for, or why it stands for none. */
function numberFrom(text: string, field: Field): number | string {
  const index = field.names?.indexOf(text.toLowerCase()) ?? -1
  return index >= 0 ? index + field.min : integer(text)
}

function integer(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
  }
  const number = Number(text)
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number
}
