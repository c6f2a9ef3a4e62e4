import { StatusError } from '../../src/machinery/status-error.ts'
import { letGo, type Reply } from '../exchange.ts'
import type { RequestInfo } from './request-info.ts'

/** No request that is not a stream lasts longer, whatever it asks for. */
const maxTimeoutMs = 60_000

/**
 * How long a request may take, in milliseconds: its `timeout` query where that is shorter than a minute. Throws BadRequest for a `timeout`
 * that is no Go duration. Nothing may be started before this is known: a refusal would leave it running.
 */
export function deadlineOf(info: RequestInfo): number {
  const asked = parseDuration(info.query.get('timeout') ?? '')
  return asked <= 0 ? maxTimeoutMs : Math.min(asked, maxTimeoutMs)
}

/** The reply, or Timeout when it takes longer than `ms`. What was started may still finish; what it then answers is let go. */
export async function beforeDeadline(reply: Promise<Reply>, ms: number): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // A failure that comes too late has nobody to go to.
      reply.then(letGo).catch(() => undefined)
      const text =
        'the server was unable to return a response in the time allotted, but may still be processing the request'
      reject(StatusError.timeout(`Timeout: request did not complete within the allotted timeout: ${text}`))
    }, ms)
  })
  try {
    return await Promise.race([reply, deadline])
  } finally {
    clearTimeout(timer)
  }
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
/** Go counts nanoseconds in 63 bits. */
const maxDurationMs = 2 ** 63 / 1e6

/** A Go duration (`34s`, `1m30s`, `-.5h`) in milliseconds; 0 for `''`. Throws BadRequest with the text of Go's `time.ParseDuration`. */
function parseDuration(text: string): number {
  const bad = (problem: string) =>
    StatusError.badRequest(`invalid timeout specified in the request URL - time: ${problem} ${JSON.stringify(text)}`)
  let rest = text.replace(/^[+-]/, '')
  if (text === '' || rest === '0') return 0
  if (rest === '') throw bad('invalid duration')
  let ms = 0
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) throw bad('invalid duration')
    rest = rest.slice(number.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    rest = rest.slice(unit.length)
    if (unit === '') throw bad('missing unit in duration')
    const factor = unitMs.get(unit)
    if (factor === undefined) throw bad(`unknown unit ${JSON.stringify(unit)} in duration`)
    ms += Number(number) * factor
    if (ms >= maxDurationMs) throw bad('invalid duration')
  }
  return text.startsWith('-') ? -ms : ms
}
