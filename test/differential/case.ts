import type { Sent } from '../fixtures/send.ts'

/**
 * One case: the same requests, in order, to the hub and to a real kube-apiserver. `NS` in a path or body stands for a namespace of the case's
 * own; `RV` and `UID` for the resourceVersion and uid of the last object that was answered.
 */
export interface Case {
  readonly section: string
  readonly name: string
  readonly requests: readonly Sent[]
}

/** `section('deletes', { 'a name': [requests] })`: the shape in which cases are written. */
export function section(name: string, cases: Readonly<Record<string, readonly Sent[]>>): readonly Case[] {
  return Object.entries(cases).map(([caseName, requests]) => ({ section: name, name: caseName, requests }))
}

export const get = (path: string, headers?: Readonly<Record<string, string>>): Sent => ({
  method: 'GET',
  path,
  ...(headers ? { headers } : {}),
})
export const post = (path: string, body: unknown, headers?: Readonly<Record<string, string>>): Sent => ({
  method: 'POST',
  path,
  body,
  ...(headers ? { headers } : {}),
})
export const put = (path: string, body: unknown): Sent => ({ method: 'PUT', path, body })
export const remove = (path: string, body?: unknown): Sent => ({
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body }),
})

const patchMedia = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export const patch = (type: keyof typeof patchMedia, path: string, body: unknown): Sent => ({
  method: 'PATCH',
  path,
  body,
  headers: { 'content-type': patchMedia[type] },
})

/** The Accept header of `kubectl get`. */
export const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
/** The Accept header of a metadata informer. */
export const asMetadata = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' }
export const asMetadataList = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
