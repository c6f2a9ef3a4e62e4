import type { KubeObject } from '../../src/machinery/object.ts'
import { apiVersionOf } from '../../src/machinery/resource.ts'
import { printRevision, type Revision } from '../../src/machinery/revision.ts'
import { encodeWatchFrame } from '../../src/machinery/schema/protobuf.ts'
import type { Status, StatusError } from '../../src/machinery/status-error.ts'
import type { Stored, StoreEvent } from '../../storage/store.ts'
import type { Selection } from '../registry/selection.ts'
import { shownObject, type Transition, transitionOf } from '../registry/watch-event.ts'
import { partialMetadata } from '../wire/metadata.ts'
import type { Representation } from '../wire/negotiate.ts'
import { parseIncludeObject, tableOf } from '../wire/table.ts'
import type { ApiRequest } from './handler.ts'

type FrameType = Transition['type']

const none = Buffer.alloc(0)
const frameEnd = Buffer.from('}\n')
const frameHeads: Readonly<Record<FrameType, Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
}

/**
 * The frames of one watch. A frame that does not depend on the watcher is made once per event and shared by all of them through the
 * event's memo, so a thousand watchers cost one encoding.
 */
export class WatchFrames {
  readonly #request: ApiRequest
  readonly #representation: Representation
  readonly #selection: Selection
  /** Where the event's memo has each frame: one text each, so that a watcher makes none. */
  readonly #memoKeys: Readonly<Record<FrameType | 'left', string>>
  #sentColumns = false

  constructor(request: ApiRequest, representation: Representation, selection: Selection) {
    this.#request = request
    this.#representation = representation
    this.#selection = selection
    const { group, version } = request.resource.definition
    const { format, view, metaVersion } = representation
    const keyOf = (frame: string) => `${group}/${version}/${format}/${view}/${metaVersion}/${frame}`
    this.#memoKeys = {
      ADDED: keyOf('ADDED'),
      MODIFIED: keyOf('MODIFIED'),
      DELETED: keyOf('DELETED'),
      left: keyOf('left'),
    }
  }

  /** ADDED frames of existing objects, as one buffer. */
  initial(stored: readonly Stored[]): Buffer {
    const { resource } = this.#request
    const frames: Buffer[] = []
    for (const { bytes } of stored) {
      if (!this.#selection.everything && !this.#selection.matches(resource.parse(bytes))) continue
      frames.push(this.#encode('ADDED', bytes))
    }
    return joined(frames)
  }

  /** The frames that these events mean for this watch, as one buffer. */
  events(events: readonly StoreEvent[]): Buffer {
    const [only, second] = events
    if (only && !second) return this.#frame(only)
    return joined(events.map((event) => this.#frame(event)))
  }

  /** A BOOKMARK: everything up to this revision has been delivered. `endsInitial` marks the end of the initial events. */
  bookmark(revision: Revision, endsInitial: boolean): Buffer {
    const { definition } = this.#request.resource
    const annotations = endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const object: KubeObject = {
      kind: definition.kind,
      apiVersion: apiVersionOf(definition),
      metadata: { resourceVersion: printRevision(revision), ...annotations },
    }
    return this.#write('BOOKMARK', this.#view(object))
  }

  /** An ERROR frame; the watch ends behind it. */
  error(error: StatusError): Buffer {
    return this.#write('ERROR', error.toStatus())
  }

  #frame(event: StoreEvent): Buffer {
    const transition = transitionOf(this.#request.resource, this.#selection, event)
    if (transition === undefined) return none
    // The first row of a Table watch carries the columns, so its frames belong to one watcher.
    if (this.#representation.view === 'table') return this.#make(event, transition)
    const key = this.#memoKeys[transition.left ? 'left' : transition.type]
    const known = event.memo.get(key)
    if (known instanceof Buffer) return known
    const made = this.#make(event, transition)
    event.memo.set(key, made)
    return made
  }

  #make(event: StoreEvent, transition: Transition): Buffer {
    if (!transition.left) return this.#encode(transition.type, event.bytes)
    return this.#write(transition.type, this.#view(shownObject(this.#request.resource, event, transition)))
  }

  #encode(type: FrameType, bytes: Buffer): Buffer {
    const { format, view } = this.#representation
    if (format === 'json' && view === 'object') {
      return Buffer.concat([frameHeads[type], this.#request.resource.present(bytes), frameEnd])
    }
    return this.#write(type, this.#view(this.#request.resource.parse(bytes)))
  }

  #view(object: KubeObject): Record<string, unknown> {
    const { view, metaVersion } = this.#representation
    if (view === 'metadata') return partialMetadata(object, metaVersion)
    if (view === 'object') return object
    const columns = !this.#sentColumns
    this.#sentColumns = true
    const { resourceVersion } = object.metadata
    return tableOf(this.#request.resource.definition, [object], {
      now: this.#request.clock.now(),
      includeObject: parseIncludeObject(this.#request.info.query.get('includeObject')),
      metaVersion,
      columns,
      ...(resourceVersion === undefined ? {} : { listMeta: { resourceVersion } }),
    })
  }

  #write(type: FrameType | 'BOOKMARK' | 'ERROR', object: Record<string, unknown> | KubeObject | Status): Buffer {
    if (this.#representation.format === 'protobuf') return encodeWatchFrame(type, object as KubeObject)
    return Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`)
  }
}

function joined(frames: readonly Buffer[]): Buffer {
  return frames.length === 1 ? (frames[0] ?? none) : Buffer.concat(frames)
}
