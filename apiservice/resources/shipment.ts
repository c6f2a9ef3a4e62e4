import { type FieldError, fieldErrors, fieldPath } from '../../src/machinery/field-error.ts'
import { equalJson, fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { ResourceDefinition } from '../registry/definition.ts'
import { age, text as textAt } from './cells.ts'
import { integer, kind, object, ownKind, statusVerbs, storedVerbs, text, time, told } from './structure.ts'

/** What a shipment can be (architecture, section 5). */
const states = ['Pending', 'Shipped', 'Healthy', 'Conflict', 'Refused', 'Unreachable', 'Retiring']

const stateMeanings = [
  'Where the copy stands.',
  'Pending: wanted, and its cluster has not answered yet.',
  'Shipped: taken, and not healthy yet.',
  'Healthy: taken, and its cluster says that it works.',
  'Refused: not taken, for the reason in the message.',
  'Conflict: it met a change that somebody else made at the same moment.',
  'Unreachable: its cluster does not answer.',
  'Retiring: no longer wanted, and being taken back.',
].join(' ')

const target = object({ apiVersion: text(), kind: text(), resource: text(), namespace: text(), name: text() }, [
  'apiVersion',
  'kind',
  'name',
  'resource',
])

const schema = told(
  'One object in one cluster: what an Application has sent there, and what became of it. Written by the hub.',
  kind(
    {
      spec: told(
        'What goes where.',
        object(
          {
            application: told('The Application in the same namespace that asked for the copy.', text()),
            component: told('The component that it comes from.', text()),
            cluster: told('The cluster that it is for.', text()),
            object: told('The copy, as its cluster knows it.', target),
            source: told(
              'The object that is copied, and the cluster that it is read from.',
              object({ cluster: text(), namespace: text(), name: text() }),
            ),
          },
          ['application', 'cluster', 'component', 'object'],
        ),
      ),
      status: told(
        'What became of it.',
        object({
          state: told(stateMeanings, text(...states)),
          hash: told('Stands for the content that the cluster took last, and gives nothing of it away.', text()),
          resourceVersion: told('What the cluster calls that content.', text()),
          message: told('What the cluster, or its absence, says.', text()),
          lastShippedTime: told('When the cluster took it last.', time),
          lastTransitionTime: told('When the state changed last.', time),
          observedGeneration: integer,
        }),
      ),
    },
    ['spec'],
  ),
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
  ...ownKind,
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
