import { fieldErrors } from '../../src/machinery/field-error.ts'
import { type JsonNotes, parseJson } from '../../src/machinery/json.ts'
import { isObject } from '../../src/machinery/object.ts'
import { apiVersionOf, type GroupVersionKind, parseApiVersion } from '../../src/machinery/resource.ts'
import { conform } from '../../src/machinery/schema/conform.ts'
import { schemaOfKind } from '../../src/machinery/schema/facts.ts'
import { decodeRaw, openEnvelope } from '../../src/machinery/schema/protobuf.ts'
import { maxObjectDepth } from '../../src/machinery/schema/read-message.ts'
import type { Schema } from '../../src/machinery/schema/schema.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import { parseYaml } from '../../src/machinery/yaml.ts'
import type { FieldValidation } from '../registry/context.ts'

/** How to read a body. */
export interface DecodeOptions {
  /** The Content-Type header. */
  readonly contentType: string | undefined
  /** What the URL says the body is. */
  readonly expected: GroupVersionKind
  /** Other kinds that are read by the same schema. */
  readonly alsoAccepts?: readonly GroupVersionKind[]
  readonly schema: Schema
  readonly custom: boolean
  readonly fieldValidation: FieldValidation
  /** Schemas of other served kinds; without it the built-in ones are known. Only the text of a refusal depends on it. */
  readonly schemaOf?: (kind: GroupVersionKind) => Schema | undefined
}

/** A body that has been read. */
export interface DecodedObject {
  /** Pruned, canonical, with the apiVersion and kind of the body, or of the URL where it has none. The caller's to change. */
  readonly object: Record<string, unknown>
  readonly kind: GroupVersionKind
  /** Texts for Warning headers. */
  readonly warnings: readonly string[]
}

const acceptedTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
type BodyFormat = 'json' | 'yaml' | 'protobuf'
const formatOfType: ReadonlyMap<string, BodyFormat> = new Map<string, BodyFormat>([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
])

/** Reports beyond this are not made: a body of junk must not become an answer of the same size. */
const maxReports = 100

/** Where kube-apiserver keeps its kinds, as its refusals say. */
const schemeName = 'pkg/runtime/scheme.go:111'

/**
 * Reads the object in a create or update body as kube-apiserver does: media type, syntax, kind, fields, types, in this order. Throws
 * UnsupportedMediaType, BadRequest, or Invalid (a custom resource of another kind), with its texts.
 */
export function decodeObject(bytes: Buffer, options: DecodeOptions): DecodedObject {
  const format = formatOf(options.contentType, options.custom)
  if (format === 'protobuf') return decodeProtobufBody(bytes, options)
  const { expected, custom, fieldValidation } = options
  const parsed = parsing(bytes, expected, () => (format === 'yaml' ? fromYaml(bytes) : fromJson(bytes, custom)))
  const body = readTypeMeta(parsed.value, bytes, options)
  const { kind } = body
  let conformed: { readonly object: Record<string, unknown>; readonly unknown: readonly string[] }
  try {
    conformed = conform(body.object, { schema: options.schema, custom, notes: parsed.notes })
  } catch (error) {
    throw error instanceof StatusError ? cannotBeHandled(kind, expected, error) : error
  }
  const reports = fieldValidation === 'Ignore' ? [] : reportsOf(parsed, conformed.unknown, custom)
  if (fieldValidation === 'Strict' && reports.length > 0) {
    const texts = reports.map(({ strict }) => strict).join(', ')
    throw cannotBeHandled(kind, expected, StatusError.badRequest(`strict decoding error: ${texts}`))
  }
  return {
    object: custom ? conformed.object : withKind(conformed.object, kind),
    kind,
    warnings: reports.map(({ warning }) => warning),
  }
}

/** The object with the kind that it was read as, in front where it had none. */
function withKind(
  object: Record<string, unknown>,
  { group, version, kind }: GroupVersionKind,
): Record<string, unknown> {
  const apiVersion = apiVersionOf({ group, version })
  if (object['kind'] === kind && object['apiVersion'] === apiVersion) return object
  return Object.assign({ kind, apiVersion }, object, { kind, apiVersion })
}

/**
 * A patch, an apply configuration or another body without a kind of its own: any JSON value. YAML where the media type says so, JSON
 * otherwise. Throws BadRequest.
 */
export function decodeDocument(bytes: Buffer, contentType: string | undefined): unknown {
  const media = mediaTypeOf(contentType)
  const text = bytes.toString('utf8')
  if (media?.endsWith('yaml')) return parseYaml(text).value
  const { value, depth } = parseJson(text)
  // What is nested deeper than any object may be is no part of one, and whoever applies it may recurse.
  if (depth > maxObjectDepth) throw StatusError.badRequest('exceeded max depth')
  return value
}

/** The media type without its parameters, in lower case; undefined where it is malformed. */
function mediaTypeOf(contentType: string | undefined): string | undefined {
  const [type = '', ...parameters] = (contentType ?? '').split(';')
  if (parameters.some((parameter) => !/^\s*[\w!#$%&'*+.^`|~-]+=(?:[^\s",;]+|"(?:[^"\\]|\\.)*")\s*$/.test(parameter))) {
    return parameters.length === 1 && parameters[0]?.trim() === '' ? type.trim().toLowerCase() : undefined
  }
  return type.trim().toLowerCase()
}

function formatOf(contentType: string | undefined, custom: boolean): BodyFormat {
  if (contentType === undefined || contentType === '' || contentType === 'application/json') return 'json'
  const format = formatOfType.get(mediaTypeOf(contentType) ?? '')
  if (format !== undefined && !(format === 'protobuf' && custom)) return format
  throw StatusError.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${acceptedTypes.join(', ')}`,
  )
}

interface Parsed {
  readonly value: unknown
  readonly notes?: JsonNotes | undefined
  /** Reports of the parser itself. */
  readonly reports: readonly Report[]
}

/** A finding about a field: as part of a refusal, and as a warning. */
interface Report {
  readonly strict: string
  readonly warning: string
}

function fromJson(bytes: Buffer, custom: boolean): Parsed {
  try {
    const { value, notes } = parseJson(bytes.toString('utf8'), { numbers: !custom, merge: !custom })
    return { value, notes, reports: [] }
  } catch (error) {
    // Kubernetes looks for the kind first, and that is where syntax fails.
    if (!(error instanceof StatusError) || error.message.startsWith('json: ')) throw error
    throw StatusError.badRequest(`couldn't get version/kind; json parse error: ${error.message}`, error)
  }
}

function fromYaml(bytes: Buffer): Parsed {
  const { value, duplicates } = parseYaml(bytes.toString('utf8'))
  const reports = duplicates.map((warning, index) => ({
    strict: index === 0 ? `yaml: unmarshal errors:\n  ${warning}` : warning,
    warning,
  }))
  return { value, reports }
}

/** Failures before the kind is known tell how the body begins. */
function parsing(bytes: Buffer, expected: GroupVersionKind, parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    throw error instanceof StatusError ? unrecognized(expected, error.message, bytes) : error
  }
}

function unrecognized(expected: GroupVersionKind, reason: string, bytes: Buffer): StatusError {
  return StatusError.badRequest(
    `the object provided is unrecognized (must be of type ${expected.kind}): ${reason} (${summaryOf(bytes)})`,
  )
}

const summaryBytes = 30

/** The first bytes of a body: as text where it looks like JSON, else in hexadecimal. */
function summaryOf(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>'
  const head = bytes.subarray(0, summaryBytes)
  const text = bytes[0] === 0x7b ? head.toString('utf8') : head.toString('hex')
  return bytes.length > summaryBytes ? `${text} ...` : text
}

function cannotBeHandled(kind: GroupVersionKind, expected: GroupVersionKind, error: StatusError): StatusError {
  return StatusError.badRequest(
    `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${expected.kind}: ${error.message}`,
    error,
  )
}

/** Finds out what the body is, and refuses what it may not be. */
function readTypeMeta(
  value: unknown,
  bytes: Buffer,
  options: DecodeOptions,
): { readonly object: Record<string, unknown>; readonly kind: GroupVersionKind } {
  const { expected, custom } = options
  if (value === null && !custom) return { object: {}, kind: expected }
  if (!isObject(value)) {
    if (value === null) throw kindMissing(expected, bytes)
    const into =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    throw unrecognized(
      expected,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKindOf(value)} into Go value of type ${into}`,
      bytes,
    )
  }
  const apiVersion = textField(value, 'apiVersion', expected, bytes)
  const kind = textField(value, 'kind', expected, bytes)
  if (custom) {
    if (kind === '') throw kindMissing(expected, bytes)
    checkCustomKind(apiVersion, kind, value, expected)
    return { object: value, kind: expected }
  }
  return { object: value, kind: checkKind(apiVersion, kind, bytes, options) }
}

function jsonKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function textField(object: Record<string, unknown>, field: string, expected: GroupVersionKind, bytes: Buffer): string {
  const value = object[field]
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  const problem = `json: cannot unmarshal ${jsonKindOf(value)} into Go struct field .${field} of type string`
  throw unrecognized(expected, `couldn't get version/kind; json parse error: ${problem}`, bytes)
}

function kindMissing(expected: GroupVersionKind, bytes: Buffer): StatusError {
  return unrecognized(expected, `Object 'Kind' is missing in '${bytes.toString('utf8', 0, 4096)}'`, bytes)
}

/** Kind and apiVersion of a built-in kind, each from the URL where the body has none. */
function checkKind(apiVersion: string, kind: string, bytes: Buffer, options: DecodeOptions): GroupVersionKind {
  const { expected, alsoAccepts = [], schemaOf } = options
  const parsed = apiVersion === '' ? expected : parseApiVersion(apiVersion)
  if (parsed === undefined) throw unrecognized(expected, `unexpected GroupVersion string: ${apiVersion}`, bytes)
  const found = { group: parsed.group, version: parsed.version, kind: kind === '' ? expected.kind : kind }
  if ([expected, ...alsoAccepts].some((accepted) => sameKind(accepted, found))) return found
  const known = schemaOf?.(found) ?? schemaOfKind(found.group, found.version, found.kind)
  const reason =
    known === undefined
      ? `no kind ${JSON.stringify(found.kind)} is registered for version ${JSON.stringify(apiVersionOf(found))} in scheme ${JSON.stringify(schemeName)}`
      : `converting (${found.version}.${found.kind}) to (${internalPackage(expected)}.${expected.kind}): unknown conversion`
  throw cannotBeHandled(found, expected, StatusError.badRequest(reason))
}

function sameKind(a: GroupVersionKind, b: GroupVersionKind): boolean {
  return a.kind === b.kind && a.version === b.version && a.group === b.group
}

function internalPackage({ group }: GroupVersionKind): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? group)
}

function checkCustomKind(
  apiVersion: string,
  kind: string,
  object: Record<string, unknown>,
  expected: GroupVersionKind,
): void {
  const wanted = apiVersionOf(expected)
  if (apiVersion !== wanted) {
    throw StatusError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    )
  }
  if (kind === expected.kind) return
  const metadata = object['metadata']
  const name = isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : ''
  throw StatusError.invalid({ group: expected.group, kind }, name, [
    fieldErrors.invalid('kind', kind, `must be ${expected.kind}`),
  ])
}

/**
 * Unknown and repeated fields in the order in which kube-apiserver reports them: as they stand in the document for built-in kinds, repeated
 * ones first for custom resources and YAML.
 */
function reportsOf(parsed: Parsed, unknown: readonly string[], custom: boolean): readonly Report[] {
  if (parsed.reports.length === 0 && parsed.notes === undefined && unknown.length === 0) return []
  const { notes } = parsed
  const duplicates = notes?.duplicates ?? []
  if (custom || notes === undefined) {
    const texts = [...duplicates.map(({ path }) => duplicateField(path)), ...unknown.map(unknownField)]
    return [...parsed.reports, ...different(texts)].slice(0, maxReports)
  }
  // Nobody looks into what is thrown away.
  const inside = (path: string) =>
    unknown.some((one) => path.startsWith(`${one}.`) || path.startsWith(`${one}[`) || path === one)
  const found = [
    ...unknown.map((path) => ({ at: notes.positions.get(path) ?? 0, text: unknownField(path) })),
    ...duplicates.filter(({ path }) => !inside(path)).map(({ path, at }) => ({ at, text: duplicateField(path) })),
  ]
  return different(found.sort((a, b) => a.at - b.at).map(({ text }) => text)).slice(0, maxReports)
}

function different(texts: readonly string[]): readonly Report[] {
  return [...new Set(texts)].map((text) => ({ strict: text, warning: text }))
}

const unknownField = (path: string) => `unknown field ${JSON.stringify(path)}`
const duplicateField = (path: string) => `duplicate field ${JSON.stringify(path)}`

/** A protobuf body has nothing to report: fields that are not known are passed over. */
function decodeProtobufBody(bytes: Buffer, options: DecodeOptions): DecodedObject {
  const { expected } = options
  let envelope: ReturnType<typeof openEnvelope>
  try {
    envelope = openEnvelope(bytes)
  } catch (error) {
    throw error instanceof StatusError ? unrecognized(expected, error.message, bytes) : error
  }
  const kind = checkKind(envelope.apiVersion, envelope.kind, bytes, options)
  if (envelope.contentType.startsWith('application/json')) {
    return decodeObject(envelope.raw, { ...options, contentType: 'application/json' })
  }
  const apiVersion = apiVersionOf(kind)
  try {
    const object = decodeRaw(apiVersion, kind.kind, envelope.raw)
    if (object !== undefined) return { object, kind, warnings: [] }
  } catch (error) {
    throw error instanceof StatusError ? cannotBeHandled(kind, expected, error) : error
  }
  throw StatusError.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${acceptedTypes.join(', ')}`,
  )
}
