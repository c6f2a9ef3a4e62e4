import { isObject, type Json } from '../../src/machinery/object.ts'

/** Computes a default from the object that the field belongs to; undefined leaves the field alone. */
export type ComputedDefault = (parent: Readonly<Record<string, unknown>>) => unknown

/**
 * Defaults as data: path → value. In a path, `a.b` creates a missing `a`, as Go does with embedded structs; `a?.b` leaves a missing `a`
 * alone, as with pointers; `a[].b` means every element of a list and `a{}.b` every value of a map. A default fills a field that is absent
 * or null; one whose name ends in `!` also fills `''` and 0, for the fields that Go writes even when nobody set them. Rows of one object
 * apply in the order of the table, before those of the objects in it.
 */
export type DefaultTable = Readonly<Record<string, Json | ComputedDefault>>

/** The same defaults at another place: every path prefixed. `under('spec', { replicas: 1 })` is `{ 'spec.replicas': 1 }`. */
export function under(path: string, table: DefaultTable): DefaultTable {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [`${path}.${key}`, value]))
}

/** A table ready to be applied. It is compiled when it is first used: a hub that never sees a kind does not prepare its defaults. */
export function defaultsOf(table: DefaultTable): (draft: Record<string, unknown>) => void {
  let root: Node | undefined
  return (draft) => {
    root ??= compile(table)
    apply(root, draft)
  }
}

/** What to do at one place of an object: fields to fill, then places below. */
interface Node {
  readonly fills: Fill[]
  readonly children: Map<string, Child>
}

interface Fill {
  readonly field: string
  readonly value: Json | ComputedDefault
  readonly overZero: boolean
}

interface Child {
  readonly field: string
  /** How the field is entered: as an object that is created, one that must exist, all elements of a list, all values of a map. */
  readonly by: 'create' | 'present' | 'elements' | 'values'
  readonly node: Node
}

const emptyNode = (): Node => ({ fills: [], children: new Map() })

function compile(table: DefaultTable): Node {
  const root = emptyNode()
  for (const [path, value] of Object.entries(table)) {
    const steps = path.split('.')
    const field = steps.pop() ?? ''
    let node = root
    for (const step of steps) node = enter(node, step)
    const overZero = field.endsWith('!')
    node.fills.push({ field: overZero ? field.slice(0, -1) : field, value, overZero })
  }
  return root
}

const suffixes = { '?': 'present', '[]': 'elements', '{}': 'values' } as const

function enter(node: Node, step: string): Node {
  const known = node.children.get(step)
  if (known) return known.node
  let child: Child = { field: step, by: 'create', node: emptyNode() }
  for (const [suffix, by] of Object.entries(suffixes)) {
    if (step.endsWith(suffix)) child = { field: step.slice(0, -suffix.length), by, node: child.node }
  }
  node.children.set(step, child)
  return child.node
}

function apply(node: Node, object: Record<string, unknown>): void {
  for (const { field, value, overZero } of node.fills) {
    const present = object[field]
    if (present !== undefined && present !== null && !(overZero && (present === '' || present === 0))) continue
    const filled = typeof value === 'function' ? value(object) : structuredCopy(value)
    if (filled !== undefined) object[field] = filled
  }
  for (const { field, by, node: below } of node.children.values()) descend(object, field, by, below)
}

function descend(object: Record<string, unknown>, field: string, by: Child['by'], below: Node): void {
  const value = object[field]
  if (by === 'elements') {
    if (Array.isArray(value)) for (const element of value) if (isObject(element)) apply(below, element)
  } else if (by === 'values') {
    if (isObject(value)) for (const each of Object.values(value)) if (isObject(each)) apply(below, each)
  } else if (isObject(value)) apply(below, value)
  else if (by === 'create' && (value === undefined || value === null)) {
    const created = {}
    apply(below, created)
    if (Object.keys(created).length > 0) object[field] = created
  }
}

/** Tables are shared by every object, so that lists and maps in them are copied into each. */
const structuredCopy = (value: Json): unknown => (typeof value === 'object' ? structuredClone(value) : value)
