/** How long to wait after failures: `firstMs` after the first, doubled for each further one, never more than `maxMs`. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * The wait after this many failures in a row (1 or more), in milliseconds. Up to a half of it is taken away by `random` (0 to 1), so
 * that many clients that failed together do not come back together.
 */
export function backoffMs(backoff: Backoff, failures: number, random: () => number = Math.random): number {
  // 2 ** 30 times a millisecond is two weeks: a larger exponent would only overflow.
  const whole = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures - 1, 30))
  return whole - (whole / 2) * random()
}
