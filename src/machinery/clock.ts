/** Where time comes from. Tests pass their own. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** A Kubernetes `Time`: RFC 3339, UTC, whole seconds. */
export function printTime(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

/** A Kubernetes `MicroTime`: RFC 3339, UTC, six digits of fraction. */
export function printMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}
