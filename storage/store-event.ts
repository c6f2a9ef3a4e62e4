import type { Revision } from '../src/machinery/revision.ts'
import type { Key, StoreEvent } from './store.ts'

/** A StoreEvent whose memo exists once somebody asks for it: most events of a busy store have no reader who does. */
export class CommittedEvent implements StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: Key
  readonly revision: Revision
  readonly bytes: Buffer
  readonly previous: { readonly revision: Revision; readonly bytes: Buffer } | undefined
  #memo: Map<string, unknown> | undefined

  constructor(
    type: 'put' | 'delete',
    value: { readonly key: Key; readonly revision: Revision; readonly bytes: Buffer },
    previous: { readonly revision: Revision; readonly bytes: Buffer } | undefined,
  ) {
    this.type = type
    this.key = value.key
    this.revision = value.revision
    this.bytes = value.bytes
    this.previous = previous
  }

  get memo(): Map<string, unknown> {
    this.#memo ??= new Map()
    return this.#memo
  }
}
