import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { KubeObject } from '../../src/machinery/object.ts'
import { encodeProtobuf } from '../../src/machinery/schema/protobuf.ts'
import { type Status, StatusError } from '../../src/machinery/status-error.ts'
import { printYaml } from '../../src/machinery/yaml.ts'
import type { Reply } from '../exchange.ts'
import type { Representation } from './negotiate.ts'

const gzipped = promisify(gzip)

/** Bodies below this are sent plain. */
export const compressFromBytes = 128 * 1024

/** All warnings of an answer together, and each once that is passed, in characters (kube-apiserver's budget). */
const warningsBudget = 4096
const longWarning = 256

/**
 * The body of an answer: compact JSON with a newline behind it, pretty JSON without, YAML or protobuf. The view has been taken already: a
 * Table comes as a Table. Throws NotAcceptable for protobuf of a kind that has none.
 */
export function encodeObject(
  object: KubeObject | Status | Readonly<Record<string, unknown>>,
  representation: Pick<Representation, 'format' | 'pretty'>,
): Buffer {
  switch (representation.format) {
    case 'json':
      return Buffer.from(representation.pretty ? JSON.stringify(object, undefined, 2) : `${JSON.stringify(object)}\n`)
    case 'yaml':
      return Buffer.from(printYaml(object))
    case 'protobuf': {
      const { apiVersion, kind } = object
      if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
        throw StatusError.internal(new Error('an object without apiVersion and kind has no protobuf form'))
      }
      return encodeProtobuf({ ...object, apiVersion, kind })
    }
  }
}

/**
 * The reply with a compressed body where that is worth it: a get or list whose client takes gzip, and 128 KiB or more. A stream is
 * compressed by whoever writes it, a watch never. `acceptEncoding` is the request header.
 */
export async function compress(
  reply: Reply,
  request: { readonly verb: string; readonly acceptEncoding: string | undefined },
): Promise<Reply> {
  const { body } = reply
  if (!(body instanceof Buffer) || body.length < compressFromBytes) return reply
  if ((request.verb !== 'get' && request.verb !== 'list') || !takesGzip(request.acceptEncoding)) return reply
  const headers = { ...reply.headers, 'content-encoding': 'gzip', vary: varyWith(reply.headers['vary']) }
  return { ...reply, headers, body: await gzipped(body, { level: 1 }) }
}

/** Whether Accept-Encoding names gzip; weights are not read, as in kube-apiserver. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '').split(',').some((one) => one.trim() === 'gzip')
}

function varyWith(known: string | readonly string[] | undefined): readonly string[] {
  const list = known === undefined ? [] : typeof known === 'string' ? [known] : known
  return ['Accept-Encoding', ...list]
}

/**
 * The Warning headers of an answer, one for each different text (RFC 9111, code 299). Past 4,096 characters in all, each text is cut to 256;
 * what is still too much is left out.
 */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const cleaned = [...new Set(texts.map(printable))].filter((text) => text !== '')
  const total = cleaned.reduce((sum, text) => sum + text.length, 0)
  const headers: string[] = []
  let spent = 0
  for (const text of total > warningsBudget ? cleaned.map((one) => cut(one, longWarning)) : cleaned) {
    if (spent + text.length > warningsBudget) break
    spent += text.length
    headers.push(`299 - "${text.replace(/[\\"]/g, '\\$&')}"`)
  }
  return headers
}

/** Header values hold Latin-1 in Node; a warning about other text is sent as its UTF-8 bytes, which is what Go sends. */
function printable(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, ' ').trim()
  return /[^\u0000-\u007f]/.test(plain)
    ? Buffer.from(plain)
        .toString('latin1')
        .replace(/[\u007f-\u009f]/g, (byte) => byte)
    : plain
}

function cut(text: string, length: number): string {
  return text.length > length ? text.slice(0, length) : text
}
