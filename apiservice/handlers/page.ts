import type { KubeObject } from '../../src/machinery/object.ts'
import { printRevision, type Revision } from '../../src/machinery/revision.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { Compacted, type Key, type RangeOptions, type RangeResult } from '../../storage/store.ts'
import { type ContinueToken, parseContinueToken, printContinueToken } from '../registry/continue-token.ts'
import { badResourceVersionDetail, readResourceVersion, untilRevision } from '../registry/read-revision.ts'
import { parseSelection, type Selection } from '../registry/selection.ts'
import type { ApiRequest } from './handler.ts'
import type { ListOptions } from './options.ts'

const listTooOld = 'The resourceVersion for the provided list is too old.'
const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** One selected object of a page: its bytes in the store's form, parsed only where a rule had to look inside. */
export interface ListItem {
  readonly bytes: Buffer
  readonly parsed: KubeObject | undefined
}

/** A page as it is read: the items come as they are wanted, what follows them is known when they have ended. */
export interface Page {
  readonly revision: Revision
  readonly items: AsyncIterable<readonly ListItem[]>
  /** `metadata` of the list; complete once `items` has ended. */
  readonly meta: () => ListMeta
  /** Whether `meta` is already complete: nothing limits the page. */
  readonly whole: boolean
}

/** `metadata` of a list (Kubernetes API reference, `ListMeta`). */
export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** Reads a collection by the resourceVersion × resourceVersionMatch × limit × continue rules of Kubernetes. */
export async function openPage(request: ApiRequest, options: ListOptions): Promise<Page> {
  const { info, resource } = request
  const selection = parseSelection(resource.definition, options)
  const token = options.continueToken === '' ? undefined : parseContinueToken(options.continueToken)
  const at = token ? revisionOfToken(token, options) : await revisionOfOptions(request, options)
  const where = resource.within(info.namespace, selection.name)
  const range: RangeOptions = {
    ...(at === undefined ? {} : { at }),
    ...(token === undefined ? {} : { after: token.after }),
    // One more than asked for tells whether the list goes on; with a selector nobody knows how many must be looked at.
    ...(options.limit > 0 && selection.everything ? { limit: options.limit + 1 } : {}),
  }
  const result = await readRange(request, where, range, token)
  const total = options.limit > 0 && selection.everything ? await resource.count(where.namespace) : undefined
  return pageOf(request, result, selection, options.limit, total, token?.seen ?? 0)
}

function revisionOfToken(token: ContinueToken, options: ListOptions): Revision | undefined {
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw StatusError.badRequest('specifying resource version is not allowed when using continue')
  }
  return token.revision === -1 ? undefined : (token.revision as Revision)
}

/** The exact revision to read at, or undefined for the newest. */
async function revisionOfOptions(request: ApiRequest, options: ListOptions): Promise<Revision | undefined> {
  const wanted = readResourceVersion(options.resourceVersion)
  if (wanted === undefined) {
    throw StatusError.badRequest(`invalid resource version: ${badResourceVersionDetail(options.resourceVersion)}`)
  }
  if (wanted === 0) return undefined
  const { store } = request.registry
  if (wanted > store.revision) await untilRevision(store, wanted, request.exchange.signal)
  const exact = options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && options.limit > 0)
  return exact ? wanted : undefined
}

async function readRange(
  request: ApiRequest,
  where: { readonly namespace?: string; readonly name?: string },
  range: RangeOptions,
  token: ContinueToken | undefined,
): Promise<RangeResult> {
  try {
    return await request.resource.range(where, range)
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    if (token === undefined) throw StatusError.expired(listTooOld)
    throw StatusError.expired(continueTooOld, printContinueToken({ ...token, revision: -1 }))
  }
}

function pageOf(
  request: ApiRequest,
  result: RangeResult,
  selection: Selection,
  limit: number,
  total: number | undefined,
  seenBefore: number,
): Page {
  const { resource } = request
  let returned = 0
  let last: Key | undefined
  let more = false
  async function* items(): AsyncGenerator<readonly ListItem[]> {
    for await (const chunk of result.chunks) {
      const selected: ListItem[] = []
      for (const { key, bytes } of chunk) {
        const parsed = selection.everything ? undefined : resource.parse(bytes)
        if (parsed && !selection.matches(parsed)) continue
        if (limit > 0 && returned === limit) {
          more = true
          break
        }
        selected.push({ bytes, parsed })
        last = key
        returned++
      }
      if (selected.length > 0) yield selected
      if (more) return
    }
  }
  const meta = (): ListMeta => {
    const base = { resourceVersion: printRevision(result.revision) }
    if (!more || last === undefined) return resource.definition.custom ? { ...base, continue: '' } : base
    const seen = seenBefore + returned
    const token = printContinueToken({ revision: result.revision, after: last, seen })
    const remaining = total === undefined ? undefined : Math.max(1, total - seen)
    return { ...base, continue: token, ...(remaining === undefined ? {} : { remainingItemCount: remaining }) }
  }
  return { revision: result.revision, items: items(), meta, whole: limit === 0 }
}
