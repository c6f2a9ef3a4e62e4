import type { KubeObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import { decodeMessage } from './decode-message.ts'
import { messageOfKind } from './messages.ts'
import { BackwardWriter, Reader, wireType } from './protobuf-bytes.ts'
import { writeMessage } from './write-message.ts'

/** `k8s` and a zero byte: what every whole object begins with. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00])

/** An object of whose fields this file needs only what names its kind. */
interface Typed {
  readonly apiVersion: string
  readonly kind: string
}

/**
 * A whole object, list or Status as `application/vnd.kubernetes.protobuf`: magic, envelope, message. Byte for byte what Kubernetes writes for
 * the same object. Throws NotAcceptable for a kind without a protobuf form.
 */
export function encodeProtobuf(object: Typed | KubeObject): Buffer {
  const writer = new BackwardWriter()
  writeWhole(writer, object)
  return writer.finish()
}

/** Written back to front, like everything: the magic comes last. */
function writeWhole(writer: BackwardWriter, object: Typed): void {
  const message = messageOfKind(object.apiVersion, object.kind)
  if (message === undefined) {
    throw StatusError.notAcceptable(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    )
  }
  emptyText(writer, 4) // contentType
  emptyText(writer, 3) // contentEncoding
  const end = writer.length
  writeMessage(writer, message, { ...object })
  writer.unsigned(writer.length - end)
  writer.tag(2, wireType.bytes)
  const before = writer.length
  text(writer, 2, object.kind)
  text(writer, 1, object.apiVersion)
  writer.unsigned(writer.length - before)
  writer.tag(1, wireType.bytes)
  writer.bytes(magic)
}

function text(writer: BackwardWriter, number: number, value: string): void {
  const before = writer.length
  writer.text(value)
  writer.unsigned(writer.length - before)
  writer.tag(number, wireType.bytes)
}

function emptyText(writer: BackwardWriter, number: number): void {
  text(writer, number, '')
}

/**
 * One event of a protobuf watch: four bytes of length, then a WatchEvent around the whole object. `type` is `ADDED`, `MODIFIED`, `DELETED`,
 * `BOOKMARK` or `ERROR` (with a Status). Throws like `encodeProtobuf`.
 */
export function encodeWatchFrame(type: string, object: Typed | KubeObject): Buffer {
  const writer = new BackwardWriter()
  writeWhole(writer, object)
  writer.unsigned(writer.length)
  writer.tag(1, wireType.bytes) // RawExtension.raw
  writer.unsigned(writer.length)
  writer.tag(2, wireType.bytes) // WatchEvent.object
  text(writer, 1, type)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(writer.length)
  writer.bytes(length)
  return writer.finish()
}

/** What stands around an object on the wire. */
export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The object's message; JSON text when `contentType` says so. */
  readonly raw: Buffer
  readonly contentType: string
}

/** Opens the envelope of a whole object. Throws BadRequest for anything else. */
export function openEnvelope(bytes: Buffer): Envelope {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw StatusError.badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const reader = new Reader(bytes, magic.length)
  let meta = { apiVersion: '', kind: '' }
  let raw = bytes.subarray(0, 0)
  let contentType = ''
  while (!reader.atEnd) {
    const { number, type } = reader.tag('Unknown')
    if (type !== wireType.bytes) reader.skip(type)
    else if (number === 1) meta = typeMetaOf(reader.message())
    else if (number === 2) raw = reader.bytes()
    else if (number === 4) contentType = reader.text()
    else reader.skip(type)
  }
  return { ...meta, raw, contentType }
}

function typeMetaOf(reader: Reader): { apiVersion: string; kind: string } {
  const meta = { apiVersion: '', kind: '' }
  while (!reader.atEnd) {
    const { number, type } = reader.tag('TypeMeta')
    if (type === wireType.bytes && number === 1) meta.apiVersion = reader.text()
    else if (type === wireType.bytes && number === 2) meta.kind = reader.text()
    else reader.skip(type)
  }
  return meta
}

/** The object of a message by the name of its kind, in the JSON that Go writes. Undefined when the kind has no protobuf form. */
export function decodeRaw(apiVersion: string, kind: string, raw: Buffer): Record<string, unknown> | undefined {
  const message = messageOfKind(apiVersion, kind)
  if (message === undefined) return undefined
  return { kind, apiVersion, ...decodeMessage(message, new Reader(raw)) }
}

/** The inverse of `encodeProtobuf`. Throws BadRequest for bytes that are no object, or one of a kind that is not known. */
export function decodeProtobuf(bytes: Buffer): {
  readonly apiVersion: string
  readonly kind: string
  readonly object: Record<string, unknown>
} {
  const { apiVersion, kind, raw } = openEnvelope(bytes)
  const object = decodeRaw(apiVersion, kind, raw)
  if (object === undefined) {
    throw StatusError.badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    )
  }
  return { apiVersion, kind, object }
}
