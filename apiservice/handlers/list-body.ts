import type { KubeObject } from '../../src/machinery/object.ts'
import { apiVersionOf } from '../../src/machinery/resource.ts'
import { encodeObject } from '../wire/encode.ts'
import { partialMetadata } from '../wire/metadata.ts'
import type { Representation } from '../wire/negotiate.ts'
import { parseIncludeObject, tableHead, tableOf, tableRow } from '../wire/table.ts'
import type { ApiRequest } from './handler.ts'
import type { ListItem, Page } from './page.ts'

const chunkBytes = 64 * 1024
const comma = Buffer.from(',')

/**
 * The body of a list, in chunks of about 64 KiB as the client takes them: no list is ever in memory as a whole, but for YAML, protobuf
 * and pretty ones, whose encoders need it.
 */
export function listBody(request: ApiRequest, representation: Representation, page: Page): AsyncIterable<Buffer> {
  const streams = representation.format === 'json' && !representation.pretty
  if (!streams) return wholeBody(request, representation, page)
  if (representation.view === 'table') return tableBody(request, representation, page)
  const { definition, form } = request.resource
  if (representation.view === 'metadata') {
    const head = listHead(`meta.k8s.io/${representation.metaVersion}`, 'PartialObjectMetadataList')
    return streamed(page, head, (first) =>
      texts(page, first, ({ bytes, parsed }) =>
        JSON.stringify(partialMetadata(parsed ?? request.resource.parse(bytes), representation.metaVersion)),
      ),
    )
  }
  return streamed(page, listHead(apiVersionOf(definition), definition.listKind), (first) =>
    chunked(page, Buffer.from(first), ({ bytes }) => {
      const own = request.resource.present(bytes)
      return definition.custom ? [own] : form.item(own)
    }),
  )
}

function listHead(apiVersion: string, kind: string): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`
}

/** `metadata` stands first where it is known, and last where only the end of the page tells whether the list goes on. */
async function* streamed(
  page: Page,
  head: string,
  items: (first: string) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  const first = page.whole ? `${head}"metadata":${JSON.stringify(page.meta())},"items":[` : `${head}"items":[`
  yield* items(first)
  yield Buffer.from(page.whole ? ']}\n' : `],"metadata":${JSON.stringify(page.meta())}}\n`)
}

async function* chunked(
  page: Page,
  head: Buffer,
  pieces: (item: ListItem) => readonly Buffer[],
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [head]
  let size = head.length
  let separator = false
  for await (const items of page.items) {
    for (const item of items) {
      if (separator) waiting.push(comma)
      separator = true
      for (const piece of pieces(item)) {
        waiting.push(piece)
        size += piece.length
      }
      if (size >= chunkBytes) {
        yield Buffer.concat(waiting)
        waiting = []
        size = 0
      }
    }
  }
  if (waiting.length > 0) yield Buffer.concat(waiting)
}

/** Items that are made as text: those that were read together become bytes together, which takes half the time of one by one. */
async function* texts(page: Page, head: string, text: (item: ListItem) => string): AsyncGenerator<Buffer> {
  let waiting = head
  let separator = ''
  for await (const items of page.items) {
    for (const item of items) {
      waiting += separator + text(item)
      separator = ','
      if (waiting.length < chunkBytes) continue
      yield Buffer.from(waiting)
      waiting = ''
    }
  }
  if (waiting !== '') yield Buffer.from(waiting)
}

async function* tableBody(request: ApiRequest, { metaVersion }: Representation, page: Page): AsyncGenerator<Buffer> {
  const { definition } = request.resource
  const now = request.clock.now()
  const includeObject = parseIncludeObject(request.info.query.get('includeObject'))
  const head = `${tableHead(definition, metaVersion)},"rows":[`
  const options = { now, includeObject, metaVersion }
  yield* texts(page, head, ({ bytes, parsed }) =>
    tableRow(definition, parsed ?? request.resource.parse(bytes), options),
  )
  yield Buffer.from(`],"metadata":${JSON.stringify(page.meta())}}\n`)
}

async function* wholeBody(request: ApiRequest, representation: Representation, page: Page): AsyncGenerator<Buffer> {
  const { definition } = request.resource
  const { view, metaVersion } = representation
  // Only of a Table: elsewhere the parameter may be anything.
  const includeObject = view === 'table' ? parseIncludeObject(request.info.query.get('includeObject')) : undefined
  const objects: KubeObject[] = []
  for await (const chunk of page.items) {
    for (const { bytes, parsed } of chunk) objects.push(parsed ?? request.resource.parse(bytes))
  }
  const metadata = page.meta()
  if (includeObject !== undefined) {
    const options = { now: request.clock.now(), includeObject, metaVersion, listMeta: metadata }
    yield encodeObject(tableOf(definition, objects, options), representation)
  } else if (view === 'metadata') {
    const items = objects.map((object) => partialMetadata(object, metaVersion))
    const apiVersion = `meta.k8s.io/${metaVersion}`
    yield encodeObject({ kind: 'PartialObjectMetadataList', apiVersion, metadata, items }, representation)
  } else {
    const items = definition.custom ? objects : objects.map(withoutKind)
    const { listKind: kind } = definition
    yield encodeObject({ kind, apiVersion: apiVersionOf(definition), metadata, items }, representation)
  }
}

function withoutKind({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): Record<string, unknown> {
  return rest
}
