import { FieldSet } from '../../../src/machinery/apply/field-set.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { schemaOfKind, schemaOfType } from '../../../src/machinery/schema/facts.ts'
import type { Schema } from '../../../src/machinery/schema/schema.ts'

/** A kind on both sides of a comparison with a real server. */
export interface Kind {
  readonly root: string
  readonly resource: string
  readonly apiVersion: string
  readonly kind: string
  readonly schema: () => Schema
  /** Per subresource; `''` is the object itself. */
  readonly resets?: Readonly<Record<string, FieldSet>>
  /** Takes back what admission and the strategy added to a created object: managers do not come to own that. */
  readonly asDecoded?: (object: KubeObject) => KubeObject
}

const builtIn = (root: string, resource: string, kind: string, more: Partial<Kind> = {}): Kind => {
  const [, , group = '', version = ''] = root.startsWith('/api/') ? ['', '', '', root.slice(5)] : root.split('/')
  return {
    root,
    resource,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    schema: () => schemaOfKind(group, version, kind) ?? { type: 'object' },
    ...more,
  }
}

const status = FieldSet.ofFields(['status'])
const withoutSpec = (object: KubeObject, ...fields: string[]): KubeObject => {
  const spec = isObject(object['spec']) ? { ...object['spec'] } : {}
  for (const field of fields) delete spec[field]
  return { ...object, spec }
}

export const configMap = builtIn('/api/v1', 'configmaps', 'ConfigMap')
export const secret = builtIn('/api/v1', 'secrets', 'Secret')
export const serviceAccount = builtIn('/api/v1', 'serviceaccounts', 'ServiceAccount')
export const role = builtIn('/apis/rbac.authorization.k8s.io/v1', 'roles', 'Role')
export const ingress = builtIn('/apis/networking.k8s.io/v1', 'ingresses', 'Ingress', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
})
export const service = builtIn('/api/v1', 'services', 'Service', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
  asDecoded: (object) => withoutSpec(object, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'),
})
export const deployment = builtIn('/apis/apps/v1', 'deployments', 'Deployment', {
  resets: { '': status, status: FieldSet.ofFields(['spec'], ['metadata', 'labels']) },
})
export const job = builtIn('/apis/batch/v1', 'jobs', 'Job', {
  resets: { '': status, status: FieldSet.ofFields(['spec']) },
  asDecoded: (object) => {
    const { labels: _, ...metadata } = object.metadata
    const { selector: __, template, ...spec } = isObject(object['spec']) ? object['spec'] : {}
    const inner = isObject(template) ? { ...template, metadata: {} } : {}
    return { ...object, metadata, spec: { ...spec, template: inner } }
  },
})
export const pod = builtIn('/api/v1', 'pods', 'Pod', {
  resets: {
    '': status,
    status: FieldSet.ofFields(['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']),
  },
  asDecoded: (object) =>
    withoutSpec(object, 'priority', 'preemptionPolicy', 'serviceAccountName', 'serviceAccount', 'tolerations'),
})

const string: Schema = { type: 'string' }
const object = (properties: Readonly<Record<string, Schema>>, more: Partial<Schema> = {}): Schema => ({
  type: 'object',
  properties: new Map(Object.entries(properties)),
  ...more,
})
const customSpec: Schema = object({
  map: { type: 'object', values: string },
  struct: object({ a: string, b: string }),
  set: { type: 'array', listType: 'set', items: string },
  list: { type: 'array', items: string },
  any: { type: 'any', preserveUnknown: true },
  open: object({ known: string }, { preserveUnknown: true }),
  atomic: object({ a: string, b: string }, { mapType: 'atomic' }),
  keyed: {
    type: 'array',
    listType: 'map',
    listMapKeys: ['x', 'y'],
    items: object({ x: { type: 'integer' }, y: { type: 'string', default: 'd' }, z: string }),
  },
  either: { type: 'int-or-string' },
})
/** A kind with every type of list and map; `customDefinition` makes it known to the server. */
export const custom: Kind = {
  root: '/apis/judge.example.com/v1',
  resource: 'samples',
  apiVersion: 'judge.example.com/v1',
  kind: 'Sample',
  schema: () =>
    object({
      apiVersion: string,
      kind: string,
      metadata: schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      spec: customSpec,
    }),
}

/** What the definition of the custom kind defaults. */
export function defaultKeys(draft: Record<string, unknown>): void {
  const keyed = fieldAt(draft, 'spec', 'keyed')
  for (const element of Array.isArray(keyed) ? keyed : []) if (isObject(element)) element['y'] ??= 'd'
}

export const customDefinition = {
  metadata: { name: 'samples.judge.example.com' },
  spec: {
    group: 'judge.example.com',
    names: { plural: 'samples', singular: 'sample', kind: 'Sample' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  map: { type: 'object', additionalProperties: { type: 'string' } },
                  struct: {
                    type: 'object',
                    nullable: true,
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                  },
                  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                  list: { type: 'array', items: { type: 'string' } },
                  any: { 'x-kubernetes-preserve-unknown-fields': true },
                  open: {
                    type: 'object',
                    'x-kubernetes-preserve-unknown-fields': true,
                    properties: { known: { type: 'string' } },
                  },
                  atomic: {
                    type: 'object',
                    'x-kubernetes-map-type': 'atomic',
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                  },
                  keyed: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['x', 'y'],
                    items: {
                      type: 'object',
                      required: ['x'],
                      properties: {
                        x: { type: 'integer' },
                        y: { type: 'string', default: 'd' },
                        z: { type: 'string' },
                      },
                    },
                  },
                  either: { 'x-kubernetes-int-or-string': true },
                },
              },
            },
          },
        },
      },
    ],
  },
}
