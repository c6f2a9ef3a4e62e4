import { styleText } from 'node:util'
import { destination, type Level, pino, stdSerializers } from 'pino'
import type { Logger } from './machinery/log.ts'

/** The levels of a log, the chattiest first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
/** How a line is written: one JSON object, a sentence for people, or `auto`, which is text on a terminal and JSON elsewhere. */
export const logFormats = ['auto', 'json', 'text'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFormat = (typeof logFormats)[number]

/** Where lines go: each `write` gets one whole line with its newline. */
export interface LogSink {
  readonly isTTY?: boolean
  write(line: string): void
}

/**
 * A log that writes to `sink`, standard error by default, so that standard output stays free for what a command prints. Each line reaches
 * the system before the call returns: the last words of a process that dies are not lost.
 */
export function openLog(level: LogLevel, format: LogFormat, sink?: LogSink): Logger {
  const terminal = sink ? sink.isTTY === true : process.stderr.isTTY === true
  const out = sink ?? destination({ fd: process.stderr.fd, sync: true })
  const asText = format === 'text' || (format === 'auto' && terminal)
  const colours = terminal && process.env['NO_COLOR'] === undefined
  const stream = asText ? { write: (line: string) => void out.write(textLine(line, colours)) } : out
  return pino(
    {
      level,
      base: null,
      // RFC 3339 like every other time that a reader of Kubernetes logs sees.
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
      messageKey: 'message',
    },
    stream,
  )
}

const paint: Readonly<Record<Exclude<Level, 'trace' | 'fatal'>, Parameters<typeof styleText>[0]>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
}

/** `12:30:45 WARN  a cluster cannot be reached  cluster=b reason="connection refused"`, and the stack of an error below it. */
function textLine(json: string, colours: boolean): string {
  const { time, level, message, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text
  const isLevel = (value: unknown): value is keyof typeof paint => typeof value === 'string' && value in paint
  const name = String(level).toUpperCase().padEnd(5)
  const error = typeof err === 'object' && err !== null ? (err as { message?: unknown; stack?: unknown }) : undefined
  const pairs = Object.entries(error ? { ...fields, error: error.message } : fields)
  const told = pairs.map(([key, value]) => style('gray', `${key}=${fieldText(value)}`)).join(' ')
  const stack = level === 'error' && typeof error?.stack === 'string' ? `${withoutControls(error.stack)}\n` : ''
  const head = `${style('gray', String(time).slice(11, 19))} ${isLevel(level) ? style(paint[level], name) : name}`
  return `${head} ${withoutControls(String(message))}${told === '' ? '' : `  ${told}`}\n${stack}`
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(withoutControls(text))
}

/** What others wrote must not steer a terminal (Kubernetes CVE-2021-25743). Newlines stay: a stack has lines. */
function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
}
