import { readFile } from 'node:fs/promises'

/** What people say about a type and its fields. */
export interface TypeDescription {
  readonly text: string
  field(name: string): string | undefined
}

/**
 * Where descriptions come from: the typings of `@kubernetes/client-node`, which carry those of the Kubernetes API reference as comments.
 * They are read when a document is made and never become part of this project. Without the package there are no descriptions.
 */
export class Descriptions {
  readonly #folder: URL | undefined = modelsFolder()
  /** Of the few types that every document has; of all others a description is soon bytes of a document. */
  readonly #shared = new Map<string, Promise<TypeDescription | undefined>>()

  /** The description of a type by its OpenAPI name; undefined where the package has none. */
  of(name: string): Promise<TypeDescription | undefined> {
    if (!name.startsWith('io.k8s.apimachinery.')) return this.#read(name)
    const known = this.#shared.get(name)
    if (known !== undefined) return known
    const read = this.#read(name)
    this.#shared.set(name, read)
    return read
  }

  async #read(name: string): Promise<TypeDescription | undefined> {
    if (this.#folder === undefined) return undefined
    for (const model of modelNames(name)) {
      const source = await readOrUndefined(new URL(`${model}.d.ts`, this.#folder))
      if (source !== undefined) return parseTypings(source)
    }
    return undefined
  }
}

function modelsFolder(): URL | undefined {
  try {
    return new URL('gen/models/', import.meta.resolve('@kubernetes/client-node'))
  } catch {
    return undefined
  }
}

async function readOrUndefined(file: URL): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The classes that may describe `io.k8s.api.core.v1.EndpointPort`: `CoreV1EndpointPort`, where the name alone would be ambiguous, else
 * `V1EndpointPort`.
 */
function modelNames(name: string): readonly string[] {
  const match = /(?:^|\.)([a-z]+)\.(?:(v\d+(?:(?:alpha|beta)\d+)?)\.)?([A-Za-z0-9]+)$/.exec(name)
  if (match === null) return []
  const [, group = '', version, kind = ''] = match
  if (version === undefined) return [`${capitalized(group)}${kind}`]
  return [`${capitalized(group)}${capitalized(version)}${kind}`, `${capitalized(version)}${kind}`]
}

const capitalized = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** Reads the comments of a class declaration; each stands right before what it describes. */
function parseTypings(source: string): TypeDescription {
  const fields = new Map<string, string>()
  let text = ''
  let comment: string[] | undefined
  let finished = ''
  for (const line of source.split('\n')) {
    const trimmed = line.trim()
    if (comment !== undefined) {
      if (trimmed === '*/') {
        finished = unescapeComment(comment.join('\n').trim())
        comment = undefined
      } else comment.push(trimmed.replace(/^\* ?/, ''))
    } else if (trimmed === '/**') comment = []
    else {
      const property = /^'([^']+)'\??:/.exec(trimmed)?.[1]
      if (property !== undefined && finished !== '') fields.set(property, finished)
      else if (trimmed.startsWith('export declare class')) text = finished
      else if (trimmed.startsWith('static')) break
      finished = ''
    }
  }
  return {
    text,
    field: (name) =>
      propertyNames(name)
        .map((one) => fields.get(one))
        .find((one) => one !== undefined),
  }
}

function unescapeComment(text: string): string {
  return text.replaceAll('*_/', '*/').replace(/\\(["'\\])/g, '$1')
}

/** How the generator of the typings writes a field name: reserved words with a line before, `$` left out, dashes as lines. */
function propertyNames(field: string): readonly string[] {
  return [field, `_${field}`, field.replace(/^\$/, ''), field.replaceAll('-', '_')]
}
