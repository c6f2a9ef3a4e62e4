import type { ColumnFact } from '../../src/machinery/schema/facts.ts'
import type { Column } from '../registry/definition.ts'

/** What a column shows, where its name alone would not tell a newcomer. One text serves every kind that has such a column. */
const descriptions: Readonly<Record<string, string>> = {
  Name: 'The name of the object, unique among objects of its kind in its namespace.',
  Age: 'How long ago the object was created.',
  'Created At': 'When the object was created.',
  Ready: 'How many of the wanted parts can serve.',
  Status: 'What the object is doing now.',
  Restarts: 'How often containers were started again, and when last.',
  Containers: 'Names of the containers in the pod template.',
  Images: 'Images of the containers in the pod template.',
  Selector: 'Labels by which pods are selected.',
  'Up-to-date': 'How many pods have the newest template.',
  Available: 'Whether, or how many parts of it, can be used.',
  Desired: 'How many pods are wanted.',
  Current: 'How many pods there are.',
  'Node Selector': 'Labels of the nodes on which pods run.',
  Completions: 'How many pods have succeeded, of how many that must.',
  Duration: 'From start to end, or until now.',
  Data: 'How many keys the object holds.',
  'Cluster-IP': 'Address inside the cluster.',
  'External-IP': 'Addresses outside the cluster.',
  'Port(s)': 'Port, node port and protocol of each port.',
  'Last Seen': 'How long ago the event was last observed.',
  'First Seen': 'How long ago the event was first observed.',
  Object: 'Kind and name of the object that the event is about.',
  Subobject: 'The part of the object that the event is about.',
  Count: 'How often the event was observed.',
  Targets: 'What is measured and what is aimed at, for each metric.',
  Reference: 'Kind and name of the object that is scaled.',
  Role: 'Kind and name of the role that is granted.',
  MissingPL: 'Whether the priority level that the schema names is missing.',
}

/** Columns from facts. A column that needs no explanation is described by its name. */
export function columnsFrom(facts: readonly ColumnFact[]): readonly Column[] {
  return facts.map(([name, type, format, priority]) => ({
    name,
    type,
    format,
    description: descriptions[name] ?? `${name} of the object.`,
    priority,
  }))
}
