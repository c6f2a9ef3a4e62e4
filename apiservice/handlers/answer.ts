import type { KubeObject } from '../../src/machinery/object.ts'
import type { Reply } from '../exchange.ts'
import { encodeObject } from '../wire/encode.ts'
import { partialMetadata } from '../wire/metadata.ts'
import { contentType, negotiate, type Representation } from '../wire/negotiate.ts'
import { parseIncludeObject, tableOf } from '../wire/table.ts'
import { type ApiRequest, header } from './handler.ts'

const newline = Buffer.from('\n')

/** The form in which the client wants its answer. Throws NotAcceptable; ask before doing anything. */
export function representationOf(request: ApiRequest, shape: 'object' | 'list' | 'watch'): Representation {
  const userAgent = header(request, 'user-agent')
  const pretty = request.info.query.get('pretty')
  const { definition } = request.resource
  const representation = negotiate(header(request, 'accept'), {
    custom: definition.custom,
    kind: { group: definition.group, kind: shape === 'list' ? definition.listKind : definition.kind },
    shape,
    ...(pretty === null ? {} : { pretty }),
    ...(userAgent === undefined ? {} : { userAgent }),
  })
  if (representation.view === 'table') parseIncludeObject(request.info.query.get('includeObject'))
  return representation
}

/** One object of the requested kind. Where plain JSON is wanted the stored bytes go out as they are. */
export function answerObject(
  request: ApiRequest,
  representation: Representation,
  code: number,
  bytes: Buffer,
  parsed?: KubeObject,
): Reply {
  const headers = { 'content-type': contentType(representation, false) }
  if (representation.format === 'json' && representation.view === 'object' && !representation.pretty) {
    return { code, headers, body: Buffer.concat([bytes, newline]) }
  }
  const object = parsed ?? (JSON.parse(bytes.toString('utf8')) as KubeObject)
  return { code, headers, body: encodeObject(viewOf(request, representation, object), representation) }
}

function viewOf(request: ApiRequest, { view, metaVersion }: Representation, object: KubeObject) {
  if (view === 'metadata') return partialMetadata(object, metaVersion)
  if (view === 'object') return object
  const { resourceVersion } = object.metadata
  return tableOf(request.resource.definition, [object], {
    now: request.clock.now(),
    includeObject: parseIncludeObject(request.info.query.get('includeObject')),
    metaVersion,
    ...(resourceVersion === undefined ? {} : { listMeta: { resourceVersion } }),
  })
}

/** Something that is not an object of the requested kind: a Status, a Scale, a review. It has no Table form. */
export function answerOther(
  representation: Representation,
  code: number,
  value: Record<string, unknown> | KubeObject,
): Reply {
  const plain: Representation = { ...representation, view: 'object' }
  return { code, headers: { 'content-type': contentType(plain, false) }, body: encodeObject(value, plain) }
}

/** The success of a create that leaves no object to show. */
export function answerDone(representation: Representation): Reply {
  return answerOther(representation, 201, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code: 201,
  })
}
