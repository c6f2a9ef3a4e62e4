import type { KubeObject } from '../../src/machinery/object.ts'
import { printRevision } from '../../src/machinery/revision.ts'
import type { StoreEvent } from '../../storage/store.ts'
import type { ResourceStore } from './resource-store.ts'
import type { Selection } from './selection.ts'

/** What one store event means to a watch of a selection. `left`: the object is still there, but no longer selected. */
export interface Transition {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly left: boolean
}

const added: Transition = { type: 'ADDED', left: false }
const modified: Transition = { type: 'MODIFIED', left: false }
const deleted: Transition = { type: 'DELETED', left: false }
const left: Transition = { type: 'DELETED', left: true }

/** Undefined where the event does not concern the selection at all. An object enters and leaves as its fields change. */
export function transitionOf(resource: ResourceStore, selection: Selection, event: StoreEvent): Transition | undefined {
  if (selection.everything) {
    if (event.type === 'delete') return deleted
    return event.previous === undefined ? added : modified
  }
  const matched = event.previous !== undefined && selection.matches(previousObject(resource, event))
  if (event.type === 'delete') return matched ? deleted : undefined
  if (selection.matches(currentObject(resource, event))) return matched ? modified : added
  return matched ? left : undefined
}

/** The object that a watch shows for a transition: as it is, or, where it left, as it last was with the revision at which it left. */
export function shownObject(resource: ResourceStore, event: StoreEvent, { left }: Transition): KubeObject {
  if (!left) return currentObject(resource, event)
  const before = previousObject(resource, event)
  return { ...before, metadata: { ...before.metadata, resourceVersion: printRevision(event.revision) } }
}

/** Parsed once for all watchers of an event. */
function currentObject(resource: ResourceStore, event: StoreEvent): KubeObject {
  return memoised(resource, event, 'current', event.bytes)
}

function previousObject(resource: ResourceStore, event: StoreEvent): KubeObject {
  return memoised(resource, event, 'previous', event.previous?.bytes ?? event.bytes)
}

function memoised(resource: ResourceStore, event: StoreEvent, which: string, bytes: Buffer): KubeObject {
  const { group, version } = resource.definition
  const key = `${group}/${version}/${which}`
  const known = event.memo.get(key) as KubeObject | undefined
  if (known !== undefined) return known
  const object = resource.parse(bytes)
  event.memo.set(key, object)
  return object
}
