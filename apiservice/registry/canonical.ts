import type { KubeObject } from '../../src/machinery/object.ts'
import { apiVersionOf } from '../../src/machinery/resource.ts'
import type { Draft } from '../../storage/store.ts'

/**
 * The bytes in which objects of one kind are stored and sent. Every object begins with the same text,
 * `{"kind":K,"apiVersion":V,"metadata":{"resourceVersion":"`, so that the place of the resourceVersion is known before there is one,
 * and a list item without its kind is a slice of the same buffer.
 */
export class CanonicalForm {
  readonly #head: string
  readonly #splice: number
  /** Bytes before `"metadata"`, but for the opening brace: what a list item of a built-in kind leaves out. */
  readonly kindLength: number

  constructor(kind: { readonly group: string; readonly version: string; readonly kind: string }) {
    const names = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},`
    this.kindLength = Buffer.byteLength(names) - 1
    this.#head = `${names}"metadata":{"resourceVersion":"`
    this.#splice = Buffer.byteLength(this.#head)
  }

  /** The object's bytes with a gap where the store writes the new revision. */
  draft(object: KubeObject): Draft {
    return { bytes: Buffer.from(this.#text(object, '')), splice: this.#splice }
  }

  /** The object's bytes with the resourceVersion that it carries; `''` where it has none. */
  bytes(object: KubeObject): Buffer {
    return Buffer.from(this.#text(object, object.metadata.resourceVersion ?? ''))
  }

  /** The bytes as a list item without kind and apiVersion, as built-in kinds have it: two pieces, no copy. */
  item(bytes: Buffer): readonly [Buffer, Buffer] {
    return [openBrace, bytes.subarray(this.kindLength + 1)]
  }

  #text(object: KubeObject, resourceVersion: string): string {
    const { apiVersion: _apiVersion, kind: _kind, metadata, ...fields } = object
    const { resourceVersion: _resourceVersion, ...meta } = metadata
    const metaText = JSON.stringify(meta)
    const fieldsText = JSON.stringify(fields)
    const metaTail = metaText === '{}' ? '"}' : `",${metaText.slice(1)}`
    return `${this.#head}${resourceVersion}${metaTail}${fieldsText === '{}' ? '}' : `,${fieldsText.slice(1)}`}`
  }
}

const openBrace = Buffer.from('{')

/** The object in stored bytes. Bytes of the store are JSON that this hub wrote: anything else is a bug or a broken disk, and throws. */
export function parseStored(bytes: Buffer): KubeObject {
  return JSON.parse(bytes.toString('utf8')) as KubeObject
}
