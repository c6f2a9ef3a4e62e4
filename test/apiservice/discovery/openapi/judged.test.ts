import { describe, expect, test } from 'vitest'
import { encodeSwagger } from '../../../../apiservice/discovery/openapi/gnostic.ts'
import { isObject } from '../../../../src/machinery/object.ts'
import { documentFacts } from '../../../../src/machinery/schema/facts.ts'
import { Reader } from '../../../../src/machinery/schema/protobuf-bytes.ts'
import { askJudge, judgeKubeconfig, judgeTitle } from '../judge.ts'
import { ask, discoveryOf } from '../served.ts'

const discovery = discoveryOf()
const protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** A document without what may differ: descriptions, and whether a reference with nothing beside it is wrapped. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (!isObject(value)) return value
  const { allOf, ...rest } = value
  const [reference] = Array.isArray(allOf) ? allOf : []
  const merged = isObject(reference) ? { ...rest, ...reference } : value
  return Object.fromEntries(
    Object.entries(merged)
      .filter(([key, one]) => !(key === 'description' && typeof one === 'string'))
      .map(([key, one]) => [key, bare(one)]),
  )
}

const documents = Object.keys(documentFacts())

describe.skipIf(judgeKubeconfig === undefined)(judgeTitle, () => {
  test.each(documents)('%s has the same paths, parameters and schemas', async (path) => {
    const { body } = await askJudge(`/openapi/v3/${path}`, 'application/json')
    const theirs = JSON.parse(body.toString('utf8'))
    const ours = JSON.parse((await ask(discovery, `/openapi/v3/${path}`))?.text ?? '')
    // kube-apiserver answers the Namespace that it deletes, and publishes a Status.
    for (const { paths } of [ours, theirs]) delete paths['/api/v1/namespaces/{name}']?.delete
    expect(bare(ours)).toEqual(bare(theirs))
  })

  test('OpenAPI v2 has the same definitions of built-in types', async () => {
    const { body } = await askJudge('/openapi/v2', 'application/json')
    const theirs = definitionsOf(body)
    const ours = definitionsOf((await ask(discovery, '/openapi/v2'))?.body)
    expect(Object.keys(ours)).toEqual(Object.keys(theirs))
    for (const [name, definition] of Object.entries(ours)) {
      // These say of more group versions than are served that they belong to them.
      if (/\.(DeleteOptions|WatchEvent)$/.test(name)) continue
      expect(definition, name).toEqual(theirs[name])
    }
  })

  test('OpenAPI v2 as protobuf is what kube-apiserver writes of the same definitions', async () => {
    const { body } = await askJudge('/openapi/v2', 'application/json')
    const { definitions, ...rest } = JSON.parse(body.toString('utf8'))
    // Neighbours in both documents, so their bytes follow each other.
    const shown = Object.entries(definitions).filter(([name]) => name.startsWith('io.k8s.api.core.v1.'))
    const ours = definitionsIn(encodeSwagger({ ...rest, paths: {}, definitions: Object.fromEntries(shown) }))
    const theirs = definitionsIn((await askJudge('/openapi/v2', protobuf)).body)
    expect(ours.length).toBeGreaterThan(100_000)
    expect(theirs.includes(ours)).toBe(true)
  })
})

/** The bytes of all definitions of a document. */
function definitionsIn(document: Buffer): Buffer {
  const reader = new Reader(document)
  while (!reader.atEnd) {
    const { number, type } = reader.tag('Document')
    if (number === 9) return reader.bytes()
    reader.skip(type)
  }
  throw new Error('the document has no definitions')
}

function definitionsOf(body: Buffer | undefined): Record<string, unknown> {
  const { definitions } = JSON.parse(body?.toString('utf8') ?? '') as { definitions: Record<string, unknown> }
  const builtIn = Object.entries(definitions).filter(([name]) => name.startsWith('io.k8s'))
  return Object.fromEntries(builtIn.map(([name, definition]) => [name, bare(definition)]))
}
