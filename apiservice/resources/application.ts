import { type FieldError, fieldErrors, fieldPath } from '../../src/machinery/field-error.ts'
import { labelValueText } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import { age, objects, text as textAt } from './cells.ts'
import {
  bool,
  conditions,
  free,
  integer,
  kind,
  list,
  object,
  ownKind,
  statusVerbs,
  storedVerbs,
  text,
  textMap,
  told,
} from './structure.ts'

/** Who wrote the Application: stamped by the hub, never by a client. */
export const authorAnnotations = { user: 'app.oam.dev/username', groups: 'app.oam.dev/group' } as const

const trait = object({ type: text(), properties: free }, ['type'])
const input = object({ from: text(), parameterKey: text() }, ['from'])
const output = object({ name: text(), valueFrom: text() }, ['name', 'valueFrom'])

const component = object(
  {
    name: told('Names the component in this Application.', text()),
    type: told('What the component is; the hub knows ref-objects.', text()),
    properties: told('For ref-objects: objects, each with resource and name or labelSelector.', free),
    traits: told('Changes to the first object of the component, in this order.', list(trait)),
    dependsOn: list(text()),
    inputs: list(input),
    outputs: list(output),
    externalRevision: text(),
    scopes: textMap,
  },
  ['name', 'type'],
)

const stepFields = {
  name: text(),
  type: text(),
  meta: object({ alias: text() }),
  if: text(),
  timeout: text(),
  dependsOn: list(text()),
  inputs: list(input),
  outputs: list(output),
  properties: free,
}

const service = object({
  name: text(),
  namespace: text(),
  cluster: text(),
  env: text(),
  workloadDefinition: object({ apiVersion: text(), kind: text() }),
  healthy: bool,
  workloadHealthy: bool,
  details: textMap,
  message: text(),
  traits: list(object({ type: text(), healthy: bool, pending: bool, details: textMap, message: text() })),
  scopes: list(free),
})

const schema = kind({
  spec: object(
    {
      components: told('What to ship: each refers to objects that exist.', list(component)),
      policies: told(
        'Where to ship it: type topology, with clusters or clusterLabelSelector, and namespace for another one there.',
        list(object({ name: text(), type: text(), properties: free }, ['type'])),
      ),
      workflow: object({
        ref: text(),
        mode: object({ steps: text(), subSteps: text() }),
        steps: list(object({ ...stepFields, mode: text(), subSteps: list(object(stepFields, ['type'])) }, ['type'])),
      }),
    },
    ['components'],
  ),
  status: {
    ...object({ conditions, observedGeneration: integer, services: list(service), status: text() }),
    // KubeVela's tools write fields of their own here.
    preserveUnknown: true,
  },
})

const column = (name: string, type: string, description: string) => ({
  name,
  type,
  format: '',
  description,
  priority: 0,
})

/**
 * `applications.core.oam.dev` (KubeVela's API, application semantics section 1). The columns are KubeVela's; HEALTHY and STATUS speak of
 * all services where KubeVela shows the first: one bad cluster must not hide behind a good one.
 */
export const applications: ResourceDefinition = {
  group: 'core.oam.dev',
  version: 'v1beta1',
  resource: 'applications',
  singular: 'application',
  kind: 'Application',
  listKind: 'ApplicationList',
  namespaced: true,
  verbs: storedVerbs,
  shortNames: ['app', 'velaapp'],
  categories: ['oam'],
  subresources: [{ name: 'status', verbs: statusVerbs }],
  schema,
  columns: [
    { ...column('Name', 'string', 'Name of the application'), format: 'name' },
    column('Component', 'string', 'Name of the first component'),
    column('Type', 'string', 'Type of the first component'),
    column('Phase', 'string', 'Phase of the application'),
    column('Healthy', 'boolean', 'Whether every service is healthy'),
    column('Status', 'string', 'What the first unhealthy service says, or else the first'),
    column('Age', 'date', 'Time since creation'),
  ],
  row: (application, now) => ({ cells: cells(application, now) }),
  selectableFields: {},
  ...ownKind,
  strategy: {
    prepareForCreate: (application, { user }) => stamped(application, stampOf(user), [stampOf(user)]),
    prepareForUpdate: (application, old, { user }) => restamped(application, old, user),
    validate: validateApplication,
  },
}

function cells(application: KubeObject, now: number): readonly unknown[] {
  const [first] = objects(application, 'spec', 'components')
  const services = objects(application, 'status', 'services')
  const telling = services.find((service) => service['healthy'] !== true) ?? services[0]
  return [
    application.metadata.name ?? '',
    textAt(first, ['name']),
    textAt(first, ['type']),
    textAt(application, ['status', 'status']),
    services.length === 0 ? null : services.every((service) => service['healthy'] === true),
    textAt(telling, ['message']),
    age(application, now),
  ]
}

interface Author {
  readonly name: string
  readonly groups: readonly string[]
}

type Annotations = Readonly<Record<string, string>>

const authorKeys: readonly string[] = Object.values(authorAnnotations)

/** The author as annotations. A group whose name holds a comma cannot be written down, and is left out: fewer rights, never more. */
function stampOf({ name, groups }: Author): Annotations {
  return {
    [authorAnnotations.user]: name,
    [authorAnnotations.groups]: groups.filter((group) => !group.includes(',')).join(','),
  }
}

/** The application with its author. Throws Invalid when a client claims another one than those allowed. */
function stamped(application: KubeObject, stamp: Annotations, allowed: readonly Annotations[]): KubeObject {
  const annotations = application.metadata.annotations ?? {}
  const forged = authorKeys.filter(
    (key) => annotations[key] !== undefined && !allowed.some((one) => one[key] === annotations[key]),
  )
  if (forged.length > 0) {
    const errors = forged.map((key) =>
      fieldErrors.forbidden(fieldPath('metadata', 'annotations', { key }), 'the author is written by the server'),
    )
    throw StatusError.invalid(applications, application.metadata.name ?? '', errors)
  }
  return { ...application, metadata: { ...application.metadata, annotations: { ...annotations, ...stamp } } }
}

/** Who changes what is shipped becomes the author; who does not leaves the responsibility where it was. */
function restamped(application: KubeObject, old: KubeObject, user: Author): KubeObject {
  const before = old.metadata.annotations ?? {}
  const own = stampOf(user)
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => authorKeys.includes(key)))
  return stamped(application, asksTheSame(application, old) ? kept : own, [before, own])
}

/** Whether an update leaves alone everything that decides what is shipped. */
function asksTheSame(application: KubeObject, old: KubeObject): boolean {
  const others = ({ metadata }: KubeObject) =>
    Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !authorKeys.includes(key)))
  return (
    equalJson(application['spec'], old['spec']) &&
    equalJson(application.metadata.labels ?? {}, old.metadata.labels ?? {}) &&
    equalJson(others(application), others(old))
  )
}

function validateApplication(application: KubeObject): readonly FieldError[] {
  const name = application.metadata.name ?? ''
  const spec = application['spec']
  return [
    // The name becomes the value of a label on every copy.
    ...(name.length > 63 ? [fieldErrors.tooLong('metadata.name', 63)] : []),
    ...validateComponents(isObject(spec) ? spec['components'] : undefined),
    ...validatePolicies(fieldAt(spec, 'policies')),
    ...validateWorkflow(fieldAt(spec, 'workflow')),
  ]
}

function validateComponents(components: unknown): readonly FieldError[] {
  if (components === undefined || components === null) return [fieldErrors.required('spec.components')]
  if (!Array.isArray(components)) return [fieldErrors.typeInvalid('spec.components', components, 'must be a list')]
  const seen = new Set<string>()
  return components.flatMap((component, index) => {
    const path = (...steps: (string | number)[]) => fieldPath('spec', 'components', index, ...steps)
    const errors: FieldError[] = [
      ...requireText(component, 'name', path('name')),
      ...requireText(component, 'type', path('type')),
    ]
    const name = textAt(component, ['name'])
    if (seen.has(name)) errors.push(fieldErrors.duplicate(path('name'), name))
    seen.add(name)
    // The name becomes the value of a label too.
    for (const complaint of labelValueText(name)) errors.push(fieldErrors.invalid(path('name'), name, complaint))
    const traits = fieldAt(component, 'traits')
    for (const [at, one] of Array.isArray(traits) ? traits.entries() : []) {
      errors.push(...requireText(one, 'type', path('traits', at, 'type')))
    }
    return errors
  })
}

function validatePolicies(policies: unknown): readonly FieldError[] {
  if (!Array.isArray(policies)) return []
  const seen = new Set<string>()
  return policies.flatMap((policy, index) => {
    const errors: FieldError[] = [...requireText(policy, 'type', fieldPath('spec', 'policies', index, 'type'))]
    const name = textAt(policy, ['name'])
    if (name !== '' && seen.has(name))
      errors.push(fieldErrors.duplicate(fieldPath('spec', 'policies', index, 'name'), name))
    seen.add(name)
    return errors
  })
}

function validateWorkflow(workflow: unknown): readonly FieldError[] {
  const steps = fieldAt(workflow, 'steps')
  if (!Array.isArray(steps) || steps.length === 0 || textAt(workflow, ['ref']) === '') return []
  return [fieldErrors.forbidden('spec.workflow.steps', 'may not be set together with spec.workflow.ref')]
}

function requireText(owner: unknown, field: string, path: string): readonly FieldError[] {
  const value = fieldAt(owner, field)
  if (value === undefined || value === null || value === '') return [fieldErrors.required(path)]
  return typeof value === 'string' ? [] : [fieldErrors.typeInvalid(path, value, 'must be a string')]
}
