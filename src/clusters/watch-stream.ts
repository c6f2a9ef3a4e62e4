import type { WatchEvent } from '../machinery/client.ts'
import { isObject, type KubeObject } from '../machinery/object.ts'
import { StatusError } from '../machinery/status-error.ts'
import { frameFailure } from './failure.ts'

const newline = 10

/** Splits bytes at newlines. A line over the limit, or bytes after the last newline, throw ServiceUnavailable. */
async function* lines(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end)
      start = end + 1
      if (bytes === 0) yield piece
      else yield Buffer.concat([...parts, piece])
      parts = []
      bytes = 0
    }
    if (start === chunk.length) continue
    parts.push(chunk.subarray(start))
    bytes += chunk.length - start
    if (bytes > limitBytes) throw StatusError.unavailable(`the watch sent an event of more than ${limitBytes} bytes`)
  }
  if (bytes > 0) throw StatusError.unavailable('the watch ended in the middle of an event')
}

/**
 * The events of a watch's body, one JSON document a line (Kubernetes API concepts, “Efficient detection of changes”). An `ERROR` frame
 * is thrown as the StatusError it holds, `Expired` for a revision that is no longer held.
 */
export async function* watchEvents(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<WatchEvent> {
  for await (const line of lines(chunks, limitBytes)) {
    if (line.length === 0) continue
    const frame = parse(line)
    const type = frame['type']
    const object = frame['object']
    if (type === 'ERROR') throw frameFailure(object)
    if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') throw unreadable()
    if (!isKubeObject(object)) throw unreadable()
    yield { type, object }
  }
}

/** Whether a value has the parts of an object that everyone relies on. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isObject(value['metadata'])
  )
}

function parse(line: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line.toString())
  } catch (error) {
    throw StatusError.unavailable('the watch sent a line that is no JSON', error)
  }
  if (!isObject(value)) throw unreadable()
  return value
}

function unreadable(): StatusError {
  return StatusError.unavailable('the watch sent a line that is no event')
}
