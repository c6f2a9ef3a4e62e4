import type { JsonObject } from '../../src/machinery/object.ts'

/** Who sends a request, as the authenticator found out. */
export interface UserInfo {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** What a write must know of its request. One per request; nothing in it outlives the reply. */
export interface WriteContext {
  readonly user: UserInfo
  /** Milliseconds. */
  readonly now: number
  readonly dryRun: boolean
  /** Name under which managed fields are recorded. */
  readonly fieldManager: string
  /** Collects the texts of Warning headers. */
  readonly warn: (text: string) => void
}

/** How strictly unknown and duplicate fields of a body are taken (Kubernetes API concepts, “Field validation”). */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** DeleteOptions after parsing (Kubernetes API reference, `DeleteOptions`). */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly orphanDependents?: boolean
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** The user behind the hub's own controllers and its engine. */
export const hubUser: UserInfo = {
  name: 'system:entrepot',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
}

/** A user as reviews print it. */
export function printUser(user: UserInfo): JsonObject {
  return {
    username: user.name,
    ...(user.uid === '' ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  }
}
