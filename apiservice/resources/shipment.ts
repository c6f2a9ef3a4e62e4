import { type FieldError, fieldErrors, fieldPath } from '../../src/machinery/field-error.ts'
import { firstComplaint, subdomainName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import { age, text as textAt } from './cells.ts'
import { integer, kind, object, statusVerbs, storedVerbs, text, time } from './structure.ts'

/** What a shipment can be (architecture, section 5). */
const states = ['Pending', 'Shipped', 'Healthy', 'Conflict', 'Refused', 'Unreachable', 'Retiring']

const schema = kind(
  {
    spec: object(
      {
        application: text(),
        component: text(),
        cluster: text(),
        object: object({ apiVersion: text(), kind: text(), resource: text(), namespace: text(), name: text() }, [
          'apiVersion',
          'kind',
          'name',
          'resource',
        ]),
        source: object({ cluster: text(), namespace: text(), name: text() }),
      },
      ['application', 'cluster', 'component', 'object'],
    ),
    status: object({
      state: text(...states),
      hash: text(),
      resourceVersion: text(),
      message: text(),
      lastShippedTime: time,
      lastTransitionTime: time,
      observedGeneration: integer,
    }),
  },
  ['spec'],
)

const column = (name: string, description: string, priority = 0) => ({
  name,
  type: 'string',
  format: '',
  description,
  priority,
})

const stateOf = (shipment: KubeObject): string => textAt(shipment, ['status', 'state'], 'Pending')

/**
 * `shipments.shipments.entrepot.dev`: one row per (object, cluster), written by the engine alone. Lives beside its Application, and
 * outlives it as long as a copy has to be taken back.
 */
export const shipments: ResourceDefinition = {
  group: 'shipments.entrepot.dev',
  version: 'v1alpha1',
  resource: 'shipments',
  singular: 'shipment',
  kind: 'Shipment',
  listKind: 'ShipmentList',
  namespaced: true,
  verbs: storedVerbs,
  shortNames: ['ship'],
  categories: [],
  subresources: [{ name: 'status', verbs: statusVerbs }],
  schema,
  columns: [
    // Names are hashes; what they stand for is in the next columns.
    { ...column('Name', 'Name of the shipment', 1), format: 'name' },
    column('Application', 'Application that asked for the copy'),
    column('Object', 'Kind, namespace and name of the copy'),
    column('Cluster', 'Cluster that the copy is for'),
    column('State', 'State of the copy'),
    column('Message', 'What the cluster, or its absence, says', 1),
    { ...column('Age', 'Time since the shipment was opened'), type: 'date' },
  ],
  row: (shipment, now) => ({
    cells: [
      shipment.metadata.name ?? '',
      textAt(shipment, ['spec', 'application']),
      printObject(shipment),
      textAt(shipment, ['spec', 'cluster']),
      stateOf(shipment),
      textAt(shipment, ['status', 'message']),
      age(shipment, now),
    ],
  }),
  selectableFields: {
    'spec.application': (shipment) => textAt(shipment, ['spec', 'application']),
    'spec.component': (shipment) => textAt(shipment, ['spec', 'component']),
    'spec.cluster': (shipment) => textAt(shipment, ['spec', 'cluster']),
    'status.state': stateOf,
  },
  selectsNamespace: true,
  fieldLabelRefusal: 'field label not supported: LABEL',
  hasGeneration: true,
  createOnUpdate: false,
  unconditionalUpdate: false,
  returnsDeleted: false,
  defaultPropagation: 'Background',
  validateName: firstComplaint(subdomainName),
  custom: true,
  strategy: { validate, validateUpdate },
}

/** `Secret examples/a`. */
function printObject(shipment: KubeObject): string {
  const at = (field: string) => textAt(shipment, ['spec', 'object', field])
  return `${at('kind')} ${at('namespace') === '' ? '' : `${at('namespace')}/`}${at('name')}`
}

function validate(shipment: KubeObject): readonly FieldError[] {
  const required = [
    ['spec', 'application'],
    ['spec', 'component'],
    ['spec', 'cluster'],
    ['spec', 'object', 'apiVersion'],
    ['spec', 'object', 'kind'],
    ['spec', 'object', 'resource'],
    ['spec', 'object', 'name'],
  ]
  const state = fieldAt(shipment, 'status', 'state')
  return [
    ...required.filter((path) => textAt(shipment, path) === '').map((path) => fieldErrors.required(fieldPath(...path))),
    ...(state === undefined || states.includes(String(state))
      ? []
      : [fieldErrors.notSupported('status.state', state, states)]),
  ]
}

/** Another target would be another shipment: a row that is turned to it would lose the copy that it stands for. */
function validateUpdate(shipment: KubeObject, old: KubeObject): readonly FieldError[] {
  const fixed = [
    ['spec', 'application'],
    ['spec', 'cluster'],
    ['spec', 'object', 'kind'],
    ['spec', 'object', 'resource'],
    ['spec', 'object', 'namespace'],
    ['spec', 'object', 'name'],
  ]
  return fixed
    .filter((path) => !equalJson(fieldAt(shipment, ...path), fieldAt(old, ...path)))
    .map((path) => fieldErrors.invalid(fieldPath(...path), fieldAt(shipment, ...path), 'field is immutable'))
}
