const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

/**
 * A length of time in milliseconds as `kubectl get` prints ages: two units at most, the second one only while it matters, all rounded
 * down (`duration.HumanDuration` of Kubernetes 1.36). Clocks differ a little, so up to two seconds into the future count as now.
 */
export function humanDuration(ms: number): string {
  if (ms <= -2 * second) return '<invalid>'
  if (ms < 0) return '0s'
  if (ms < 2 * minute) return `${Math.floor(ms / second)}s`
  if (ms < 10 * minute) return two(ms, minute, 'm', second, 's')
  if (ms < 3 * hour) return `${Math.floor(ms / minute)}m`
  if (ms < 8 * hour) return two(ms, hour, 'h', minute, 'm')
  if (ms < 2 * day) return `${Math.floor(ms / hour)}h`
  if (ms < 8 * day) return two(ms, day, 'd', hour, 'h')
  if (ms < 2 * year) return `${Math.floor(ms / day)}d`
  if (ms < 8 * year) return two(ms, year, 'y', day, 'd')
  return `${Math.floor(ms / year)}y`
}

function two(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)}${largeUnit}${rest === 0 ? '' : `${rest}${smallUnit}`}`
}

/** The age of a Kubernetes time at `now` (milliseconds); `<unknown>` when there is none. */
export function ageOf(time: unknown, now: number): string {
  if (typeof time !== 'string') return '<unknown>'
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? '<unknown>' : humanDuration(now - ms)
}
