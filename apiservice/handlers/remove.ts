import { hasReason } from '../../src/machinery/status-error.ts'
import { contentType } from '../wire/negotiate.ts'
import { answerObject, answerOther, representationOf } from './answer.ts'
import { readDeleteOptions } from './body.ts'
import { type ApiRequest, type Handler, keyIn, writeContext } from './handler.ts'
import { listBody } from './list-body.ts'
import { parseListOptions } from './options.ts'
import { type ListItem, openPage } from './page.ts'

/** Deletes of one collection that run at the same time. */
const collectionParallelism = 32

/** DELETE of one object: it goes, or it is marked and stays for its finalizers. */
export const remove: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const { options, dryRun } = await readDeleteOptions(request)
  const context = writeContext(request, { dryRun, fieldManager: '' })
  const { object, removed } = await resource.remove(keyIn(request), options, context)
  const { definition } = resource
  if (!removed || definition.returnsDeleted) {
    return answerObject(request, representation, 200, Buffer.from(JSON.stringify(object)), object)
  }
  return answerOther(representation, 200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: info.name,
      ...(definition.group === '' ? {} : { group: definition.group }),
      kind: definition.resource,
      uid: object.metadata.uid,
    },
  })
}

/** DELETE of a collection: each selected object by itself, with the same options. Answers the list of what was there. */
export const removeCollection: Handler = async (request) => {
  const representation = representationOf(request, 'list')
  const { options, dryRun } = await readDeleteOptions(request)
  const context = writeContext(request, { dryRun, fieldManager: '' })
  const page = await openPage(request, parseListOptions(request.info.query, false))
  const deleted: ListItem[] = []
  for await (const items of page.items) {
    for (let from = 0; from < items.length; from += collectionParallelism) {
      const some = items.slice(from, from + collectionParallelism)
      const results = await Promise.all(some.map((item) => removeListed(request, item.bytes, options, context)))
      for (const result of results) if (result) deleted.push(result)
    }
  }
  return {
    code: 200,
    headers: { 'content-type': contentType(representation, false) },
    body: listBody(request, representation, { ...page, items: oneChunk(deleted) }),
  }
}

async function removeListed(
  { resource }: ApiRequest,
  bytes: Buffer,
  options: Parameters<typeof resource.remove>[1],
  context: Parameters<typeof resource.remove>[2],
): Promise<ListItem | undefined> {
  const listed = resource.parse(bytes)
  const { namespace = '', name = '' } = listed.metadata
  try {
    await resource.remove({ namespace, name }, options, context)
    return { bytes, parsed: listed }
  } catch (error) {
    // Gone meanwhile: that is what was asked for.
    if (hasReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function* oneChunk<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  if (items.length > 0) yield items
}
