import { contentType } from '../wire/negotiate.ts'
import { representationOf } from './answer.ts'
import type { Handler } from './handler.ts'
import { listBody } from './list-body.ts'
import { parseListOptions } from './options.ts'
import { openPage } from './page.ts'

/** GET of a collection: one consistent page, streamed. */
export const listObjects: Handler = async (request) => {
  const representation = representationOf(request, 'list')
  const options = parseListOptions(request.info.query, false)
  const page = await openPage(request, options)
  return {
    code: 200,
    headers: { 'content-type': contentType(representation, false) },
    body: listBody(request, representation, page),
  }
}
