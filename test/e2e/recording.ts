import { connect } from 'node:http2'
import { fieldAt, isObject } from '../../src/machinery/object.ts'
import type { Endpoint } from '../fixtures/control-plane.ts'
import { read } from '../fixtures/members.ts'

/** One event of a watch. */
export interface Recorded {
  readonly type: string
  readonly name: string
  readonly object: Readonly<Record<string, unknown>>
}

/** Every write to a collection since the recording began, as the server that holds it tells. */
export interface Recording {
  readonly events: readonly Recorded[]
  /** `ADDED` and the like of one object, in order. */
  of(name: string): readonly string[]
  stop(): void
}

/** Watches a collection from its state of now. Resolves when the server has accepted the watch. */
export async function record(place: Endpoint, path: string): Promise<Recording> {
  const revision = fieldAt(await read(place, `${path}?limit=1`), 'metadata', 'resourceVersion')
  const session = connect(place.url, { ca: place.ca, cert: place.cert, key: place.key })
  const events: Recorded[] = []
  const stream = session.request({ ':path': `${path}?watch=1&resourceVersion=${revision}`, accept: 'application/json' })
  let rest = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) events.push(parse(line))
  })
  await new Promise<void>((resolve, reject) => {
    session.once('error', reject)
    stream.once('error', reject)
    stream.once('response', () => resolve())
  })
  // What ends the recording later shows in what it lacks.
  session.on('error', () => undefined)
  stream.on('error', () => undefined)
  return {
    events,
    of: (name) => events.filter((event) => event.name === name).map(({ type }) => type),
    stop: () => session.destroy(),
  }
}

function parse(line: string): Recorded {
  const event: unknown = JSON.parse(line)
  const object = fieldAt(event, 'object')
  if (!isObject(object)) throw new Error(`no event: ${line}`)
  return { type: String(fieldAt(event, 'type')), name: String(fieldAt(object, 'metadata', 'name')), object }
}
