import { Discovery } from '../../../apiservice/discovery/discovery.ts'
import { versionInfo } from '../../../apiservice/discovery/version.ts'
import type { Reply } from '../../../apiservice/exchange.ts'
import type { ResourceDefinition } from '../../../apiservice/registry/definition.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import { kind, list, object, text } from '../../../apiservice/resources/structure.ts'
import { resourceFacts } from '../../../src/machinery/schema/facts.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'

/** The time at which these servers live. */
export const now = Date.parse('2030-01-02T03:04:05Z')

export const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Discovery of the built-in kinds, or of others. */
export function discoveryOf(definitions: () => readonly ResourceDefinition[] = builtinDefinitions): Discovery {
  return new Discovery({
    definitions,
    version: versionInfo(),
    serverAddress: () => '127.0.0.1:16443',
    groupPriorities: resourceFacts().apiServices,
    clock: { now: () => now },
  })
}

/** Asks it as a client does; `undefined` where nothing is served. */
export async function ask(
  discovery: Discovery,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<(Omit<Reply, 'body'> & { readonly text: string; readonly body: Buffer }) | undefined> {
  const [bare = '', query = ''] = path.split('?')
  const reply = await discovery.reply(bare, headers, new URLSearchParams(query))
  if (reply === undefined) return undefined
  const body = reply.body instanceof Buffer ? reply.body : Buffer.alloc(0)
  return { ...reply, body, text: body.toString('utf8') }
}

const widgetSchema: Schema = kind(
  {
    spec: object(
      {
        size: { type: 'integer', format: 'int32', default: 3 },
        color: { ...text('red', 'blue'), nullable: true },
        parts: list(object({ name: text() }, ['name']), 'name'),
        port: { type: 'int-or-string' },
        free: { type: 'object', preserveUnknown: true },
        labels: { type: 'object', values: text(), mapType: 'atomic' },
      },
      ['size'],
    ),
  },
  ['spec'],
)

/** A custom kind, made of a built-in one. */
export function widgets(changes: Partial<ResourceDefinition> = {}): ResourceDefinition {
  const [base] = builtinDefinitions()
  if (base === undefined) throw new Error('there are no built-in kinds')
  const { storageVersionHash: _hash, ...rest } = base
  return {
    ...rest,
    group: 'example.com',
    version: 'v1',
    resource: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
    namespaced: true,
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    shortNames: ['wd'],
    categories: ['all'],
    subresources: [
      { name: 'status', verbs: ['get', 'patch', 'update'] },
      {
        name: 'scale',
        verbs: ['get', 'patch', 'update'],
        kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      },
    ],
    schema: widgetSchema,
    selectableFields: { 'spec.color': () => '' },
    custom: true,
    ...changes,
  }
}
