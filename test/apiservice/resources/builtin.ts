import { readFileSync } from 'node:fs'
import type { ResourceDefinition, StrategyContext } from '../../../apiservice/registry/definition.ts'
import { withoutStatus } from '../../../apiservice/registry/rules.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import { isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { parseApiVersion } from '../../../src/machinery/resource.ts'
import { conform } from '../../../src/machinery/schema/conform.ts'

/** A creation on a real kube-apiserver; `test/fixtures/defaults/README.md` says what was left out. */
export interface Pair {
  readonly name: string
  readonly path: string
  readonly request: Record<string, unknown>
  readonly stored: Record<string, unknown>
  readonly warnings?: readonly string[]
}

export const pairs = JSON.parse(
  readFileSync(new URL('../../fixtures/defaults/pairs.json', import.meta.url), 'utf8'),
) as readonly Pair[]

const definitions = builtinDefinitions()

/** The definition of a kind by apiVersion and kind. */
export function definitionFor(apiVersion: unknown, kind: unknown): ResourceDefinition {
  const gv = parseApiVersion(String(apiVersion))
  const found = definitions.find(
    (one) =>
      one.group === gv?.group && one.version === gv.version && one.kind === kind && one.listKind === `${kind}List`,
  )
  if (!found) throw new Error(`no built-in kind ${kind} in ${apiVersion}`)
  return found
}

export const context: StrategyContext = {
  now: Date.parse('2030-01-02T03:04:05Z'),
  user: {
    name: 'admin',
    uid: '',
    groups: ['system:masters', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=SHA256'] },
  },
  dryRun: false,
  subresource: '',
}

/** A body as the hub reads it: in Go's shape, with the defaults of its kind. */
export function decoded(body: Readonly<Record<string, unknown>>): KubeObject {
  const definition = definitionFor(body['apiVersion'], body['kind'])
  const { object } = conform(structuredClone(body), { schema: definition.schema, custom: false })
  if (!isObject(object['metadata'])) object['metadata'] = {}
  definition.strategy.defaults?.(object)
  return object as KubeObject
}

/** A new object as the hub stores it, but for what every kind gets (uid, times, generation) and what admission gives. */
export function created(body: Readonly<Record<string, unknown>>, namespace: string | undefined): KubeObject {
  const definition = definitionFor(body['apiVersion'], body['kind'])
  const object = decoded(body)
  const named: KubeObject = {
    ...object,
    metadata: {
      ...object.metadata,
      ...(namespace !== undefined && definition.namespaced ? { namespace } : {}),
      uid: 'UID',
      name: object.metadata.name ?? `${object.metadata.generateName}RANDOM`,
    },
  }
  const bare = withoutStatus(definition, named)
  return definition.strategy.prepareForCreate?.(bare, context) ?? bare
}
