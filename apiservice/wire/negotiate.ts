import { StatusError } from '../../src/machinery/status-error.ts'

/** The form in which an answer is written. */
export interface Representation {
  readonly format: 'json' | 'yaml' | 'protobuf'
  /** The object itself, its Table, or its metadata alone. */
  readonly view: 'object' | 'table' | 'metadata'
  /** The version of `meta.k8s.io` that Table and metadata views carry. */
  readonly metaVersion: 'v1' | 'v1beta1'
  readonly pretty: boolean
}

/** What bears on the answer besides Accept. */
export interface NegotiateOptions {
  /** Custom resources have no protobuf form but that of their metadata. */
  readonly custom: boolean
  readonly shape: 'object' | 'list' | 'watch'
  /** The query parameter `pretty`. */
  readonly pretty?: string
  readonly userAgent?: string
  /** The kind of the answer (`ConfigMapList` for a list), for one refusal that names it. */
  readonly kind?: { readonly group: string; readonly kind: string }
}

const formats = [
  { format: 'json', type: 'application', subtype: 'json' },
  { format: 'yaml', type: 'application', subtype: 'yaml' },
  { format: 'protobuf', type: 'application', subtype: 'vnd.kubernetes.protobuf' },
] as const

const mediaTypes: Readonly<Record<Representation['format'], string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

const objectTypes = Object.values(mediaTypes)
const streamTypes = [`${mediaTypes.json};stream=watch`, `${mediaTypes.protobuf};stream=watch`]

/** Clients that are not answered in pages of headers; more clauses than this are not read. */
const maxClauses = 64

const plainJson: Representation = { format: 'json', view: 'object', metaVersion: 'v1', pretty: false }

/**
 * The representation that Accept asks for (Kubernetes API concepts, “Alternate representations of resources”). Throws NotAcceptable with the text of kube-apiserver.
 */
export function negotiate(accept: string | undefined, options: NegotiateOptions): Representation {
  const pretty = wantsPretty(options)
  // Nearly every request of a client library asks for one of these.
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') {
    return pretty ? { ...plainJson, pretty } : plainJson
  }
  if (!options.custom && !namesServedType(accept, options.shape)) throw noRepresentation(options.shape)
  const found = firstAcceptable(accept, options)
  if (found === undefined) throw StatusError.notAcceptable(acceptedOnly(objectTypes))
  const { representation, transform } = found
  if (options.shape === 'watch' && representation.format === 'yaml') {
    throw StatusError.notAcceptable(acceptedOnly(streamTypes))
  }
  checkTransform(transform, options)
  return pretty && !representation.pretty ? { ...representation, pretty } : representation
}

/**
 * The representation of a Status, which has no other view. Never throws: what cannot be had is answered as pretty JSON, as by
 * kube-apiserver.
 */
export function negotiateStatus(
  accept: string | undefined,
  options: { readonly pretty?: string; readonly userAgent?: string } = {},
): Representation {
  const pretty = wantsPretty(options)
  for (const { type, subtype, parameters } of clausesOf(accept ?? '')) {
    const served = formats.find((format) => matches(type, subtype, format))
    if (served && !parameters.has('as') && !parameters.has('g') && !parameters.has('v') && !parameters.has('sv')) {
      return { ...plainJson, format: served.format, pretty: pretty || parameters.get('pretty') === '1' }
    }
  }
  return accept === undefined || accept === '' ? { ...plainJson, pretty } : { ...plainJson, pretty: true }
}

/** The Content-Type of an answer in this representation. */
export function contentType(representation: Representation, watch: boolean): string {
  const type = mediaTypes[representation.format]
  return watch && representation.format === 'protobuf' ? `${type};stream=watch` : type
}

function acceptedOnly(types: readonly string[]): string {
  return `only the following media types are accepted: ${types.join(', ')}`
}

/** Refused by the route, before anybody looks at weights. */
function noRepresentation(shape: NegotiateOptions['shape']): StatusError {
  const types = shape === 'object' ? objectTypes : [...objectTypes, ...streamTypes]
  const message = `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`
  return new StatusError(406, 'NotAcceptable', message, { details: {} })
}

/** Routes of built-in kinds compare the type letter by letter, and know no wildcard but the full one. */
function namesServedType(accept: string, shape: NegotiateOptions['shape']): boolean {
  const served = shape === 'object' ? objectTypes : [...objectTypes, ...streamTypes]
  return accept
    .split(',', maxClauses)
    .map((clause) => (clause.split(';', 1)[0] ?? '').trim())
    .some((type) => type === '*/*' || served.includes(type))
}

interface Clause {
  readonly type: string
  readonly subtype: string
  readonly weight: number
  readonly parameters: ReadonlyMap<string, string>
}

function clausesOf(accept: string): readonly Clause[] {
  const clauses: Clause[] = []
  for (const text of accept.split(',', maxClauses)) {
    const [media = '', ...rest] = text.split(';')
    const [type = '', subtype = '', more] = media.trim().split('/')
    if (more !== undefined || type === '') continue
    const parameters = new Map<string, string>()
    let weight = 1
    for (const parameter of rest) {
      const at = parameter.indexOf('=')
      if (at === -1) continue
      const name = parameter.slice(0, at).trim()
      const value = parameter.slice(at + 1).trim()
      if (name === 'q') weight = Number.parseFloat(value) || 0
      else parameters.set(name, value)
    }
    clauses.push({ type, subtype: subtype === '' && type === '*' ? '*' : subtype, weight, parameters })
  }
  return inOrder(clauses)
}

/**
 * Sorted as kube-apiserver does: by insertion, with a comparison that puts a named type before a wildcard whatever the weights are. It is no
 * order, so the algorithm is part of the answer: of a wildcard and a later type of less weight, the type wins.
 */
function inOrder(clauses: readonly Clause[]): readonly Clause[] {
  const sorted: Clause[] = []
  for (const clause of clauses) {
    let at = sorted.length
    while (at > 0 && goesBefore(clause, sorted[at - 1])) at--
    sorted.splice(at, 0, clause)
  }
  return sorted
}

function goesBefore(clause: Clause, other: Clause | undefined): boolean {
  if (other === undefined) return false
  if (clause.weight > other.weight) return true
  if (clause.type !== '*' && other.type === '*') return true
  return clause.subtype !== '*' && other.subtype === '*'
}

function matches(type: string, subtype: string, served: { readonly type: string; readonly subtype: string }): boolean {
  if (type === '*') return subtype === '*'
  return type === served.type && (subtype === '*' || subtype === served.subtype)
}

interface Acceptable {
  readonly representation: Representation
  /** The `as` of the clause. */
  readonly transform: string | undefined
}

function firstAcceptable(accept: string, options: NegotiateOptions): Acceptable | undefined {
  for (const { type, subtype, parameters } of clausesOf(accept)) {
    for (const served of formats) {
      if (!matches(type, subtype, served)) continue
      const found = representationOf(served.format, parameters, options)
      if (found) return found
    }
  }
  return undefined
}

function representationOf(
  format: Representation['format'],
  parameters: ReadonlyMap<string, string>,
  { custom }: NegotiateOptions,
): Acceptable | undefined {
  const stream = parameters.get('stream') ?? ''
  if (stream !== '' && (stream !== 'watch' || format === 'yaml')) return undefined
  const streamVersion = parameters.get('sv') ?? ''
  if (streamVersion !== '' && streamVersion !== 'v1') return undefined
  const pretty = parameters.get('pretty') === '1'
  const transform = parameters.get('as')
  const version = parameters.get('v')
  const group = parameters.get('g')
  if (transform === undefined && version === undefined && group === undefined) {
    if (format === 'protobuf' && custom) return undefined
    return { representation: { format, view: 'object', metaVersion: 'v1', pretty }, transform }
  }
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  if (transform === 'Table') {
    if (format === 'protobuf') return undefined
    return { representation: { format, view: 'table', metaVersion: version, pretty }, transform }
  }
  if (transform === 'PartialObjectMetadata' || transform === 'PartialObjectMetadataList') {
    return { representation: { format, view: 'metadata', metaVersion: version, pretty }, transform }
  }
  return undefined
}

/** The metadata of one object and of a list are asked for by different names. */
function checkTransform(transform: string | undefined, { shape, kind, custom }: NegotiateOptions): void {
  const type = kind === undefined ? '' : ` (*${goTypeOf(kind, custom, shape)})`
  if (transform === 'PartialObjectMetadata' && shape === 'list') {
    throw StatusError.notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list${type}`)
  }
  if (transform === 'PartialObjectMetadataList' && shape !== 'list') {
    throw StatusError.notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list${type}`,
    )
  }
}

function goTypeOf(kind: { readonly group: string; readonly kind: string }, custom: boolean, shape: string): string {
  if (custom) return shape === 'list' ? 'unstructured.UnstructuredList' : 'unstructured.Unstructured'
  return `${kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? '')}.${kind.kind}`
}

/** People at a terminal or a browser get indented bodies, and so does everyone who asks. */
function wantsPretty({ pretty, userAgent }: { readonly pretty?: string; readonly userAgent?: string }): boolean {
  if (pretty !== undefined && pretty !== '') return /^(?:1|t|T|true|TRUE|True)$/.test(pretty)
  return userAgent !== undefined && /^(?:curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}
