/**
 * Where a part of the process writes what happened. Messages are constant sentences; what varies goes into `fields`, so that a reader
 * can count and filter. Fields never hold credentials or values of Secrets.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const drop = (): void => undefined

/** Drops every line: the default of whoever may be used without a log. */
export const silentLogger: Logger = { debug: drop, info: drop, warn: drop, error: drop }

/** The log, with these fields in every line: who of many is speaking. */
export function withFields(log: Logger, own: object): Logger {
  return {
    debug: (fields, message) => log.debug({ ...own, ...fields }, message),
    info: (fields, message) => log.info({ ...own, ...fields }, message),
    warn: (fields, message) => log.warn({ ...own, ...fields }, message),
    error: (fields, message) => log.error({ ...own, ...fields }, message),
  }
}
