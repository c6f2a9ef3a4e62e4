import { isObject } from '../object.ts'
import { goType, printGo, printGoSyntax } from '../patch/go-text.ts'
import type { Schema } from '../schema/schema.ts'
import { FieldSet } from './field-set.ts'
import { fieldElement, type PathElement, printElement } from './path-element.ts'
import {
  elementOf,
  elementProblem,
  type ListStructure,
  type MapStructure,
  type Structure,
  schemaOf,
  shapeOf,
  structureOf,
} from './structure.ts'

interface Problem {
  readonly path: string
  readonly message: string
}

/** How many problems are told. A configuration can have as many as it has values, each with the whole path to it. */
const maxProblems = 20

/**
 * What keeps a configuration from being applied under its schema: undeclared fields, values of the wrong type, duplicate elements.
 * The text is that of kube-apiserver, cut after twenty problems; undefined when there is nothing to say.
 */
export function problemsOf(value: unknown, schema: Schema): string | undefined {
  const problems = check(value, schema)
  if (problems.length === 0) return undefined
  const texts = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  return texts.length === 1 ? texts[0] : `errors:\n${texts.map((text) => `  ${text}`).join('\n')}`
}

function check(value: unknown, schema: Schema): readonly Problem[] {
  const structure = structureOf(schema)
  switch (shapeOf(structure, value)) {
    case 'map':
      return structure.map ? checkMap(value, structure.map) : []
    case 'list':
      return structure.list ? checkList(value, structure.list) : []
    default:
      return checkScalar(value, structure)
  }
}

const problem = (message: string): readonly Problem[] => [{ path: '', message }]

/** Problems below a prefix, which is only spelt out where there are any. */
function within(prefix: () => string, problems: readonly Problem[]): readonly Problem[] {
  if (problems.length === 0) return problems
  const text = prefix()
  return problems.map(({ path, message }) => ({ path: text + path, message }))
}

function checkMap(value: unknown, map: MapStructure): readonly Problem[] {
  if (value === null) return []
  if (!isObject(value)) return problem(`expected map, got &{${printGo(value)}}`)
  const problems: Problem[] = []
  for (const field of Object.keys(value).sort()) {
    if (value[field] === undefined) continue
    const schema = map.fields?.get(field) ?? map.values
    if (schema === undefined) {
      problems.push({ path: `.${field}`, message: 'field not declared in schema' })
      break // the real server looks no further either
    }
    problems.push(...within(() => `.${field}`, check(value[field], schema)))
    if (problems.length >= maxProblems) break
  }
  return problems.slice(0, maxProblems)
}

function checkList(value: unknown, list: ListStructure): readonly Problem[] {
  if (value === null) return []
  if (!Array.isArray(value)) return problem(`expected list, got &{${printGo(value)}}`)
  const problems: Problem[] = []
  const seen = new Set<PathElement>()
  for (const [index, item] of value.entries()) {
    let prefix = () => `[${index}]`
    if (!list.atomic) {
      const element = elementOf(list, item)
      if (element === undefined) {
        problems.push(...problem(`element ${index}: ${elementProblem(list, item)}`))
        break
      }
      prefix = () => printElement(element)
      if (seen.has(element)) problems.push(...problem(`duplicate entries for key ${prefix()}`))
      seen.add(element)
    }
    problems.push(...within(prefix, check(item, list.items)))
    if (problems.length >= maxProblems) break
  }
  return problems.slice(0, maxProblems)
}

function checkScalar(value: unknown, { scalar }: Structure): readonly Problem[] {
  const type = typeof value
  if (value === null) return []
  if (scalar === 'string' && type !== 'string') {
    return problem(`expected string, got &value.valueUnstructured{Value:${printGoSyntax(value)}}`)
  }
  if (scalar === 'numeric' && type !== 'number') {
    return problem(`expected numeric (int or float), got ${goType(value)}`)
  }
  if (scalar === 'boolean' && type !== 'boolean') return problem(`expected boolean, got &{${printGo(value)}}`)
  if (scalar === 'untyped' && type === 'object') return problem(`expected any scalar, got &{${printGo(value)}}`)
  return []
}

/** Every path that a value sets: leaves, atomic values, elements of lists, entries of maps, and what is null or empty. */
export function fieldSetOf(value: unknown, schema: Schema): FieldSet {
  return nodeOf(value, schema).children ?? FieldSet.empty
}

interface Node {
  member: boolean
  children: FieldSet | undefined
}

function nodeOf(value: unknown, schema: Schema): Node {
  const structure = structureOf(schema)
  switch (shapeOf(structure, value)) {
    case 'map':
      if (structure.map?.atomic) break
      return { member: false, children: structure.map && isObject(value) ? fieldsIn(value, structure.map) : undefined }
    case 'list':
      if (structure.list?.atomic) break
      return {
        member: false,
        children: structure.list && Array.isArray(value) ? elementsIn(value, structure.list) : undefined,
      }
  }
  return { member: true, children: undefined }
}

function fieldsIn(value: Record<string, unknown>, map: MapStructure): FieldSet | undefined {
  const nodes = new Map<PathElement, Node>()
  for (const field of Object.keys(value)) {
    const item = value[field]
    if (item === undefined) continue
    const node = nodeOf(item, schemaOf(map, field))
    const empty = item === null || (isObject(item) && isEmptyObject(item))
    if (empty || !map.fields?.has(field)) node.member = true
    if (node.member || node.children) nodes.set(fieldElement(field), node)
  }
  return nodes.size === 0 ? undefined : FieldSet.fromNodes(nodes)
}

function elementsIn(value: readonly unknown[], list: ListStructure): FieldSet | undefined {
  const nodes = new Map<PathElement, Node>()
  for (const item of value) {
    const element = elementOf(list, item)
    if (element === undefined) continue
    // Elements that appear twice cannot be told apart, so that nothing below them can be owned.
    const node = nodes.has(element) ? { member: true, children: undefined } : nodeOf(item, list.items)
    node.member = true
    nodes.set(element, node)
  }
  return nodes.size === 0 ? undefined : FieldSet.fromNodes(nodes)
}

/** Whether an object has no field. */
export function isEmptyObject(value: Readonly<Record<string, unknown>>): boolean {
  for (const field in value) if (value[field] !== undefined) return false
  return true
}

/**
 * The same set with every declared field on the way to a member a member itself. Removal needs it: a map of which everything was owned
 * goes as a whole, and does not stay behind empty.
 */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  const { map, list } = structureOf(schema)
  return set.map((element, member, below) => {
    if (below === undefined) return { member, children: undefined }
    if (element.startsWith('f:')) {
      const field = element.slice(2)
      const declared = map?.fields?.has(field) ?? false
      const next = map === undefined ? undefined : (map.fields?.get(field) ?? map.values)
      return { member: member || declared, children: next === undefined ? below : withNamedFields(below, next) }
    }
    return { member, children: list === undefined ? below : withNamedFields(below, list.items) }
  })
}

/**
 * A set that was recorded under an older schema, for this one: where a map or list is owned as one now, owning something in it becomes
 * owning all of it.
 */
export function underSchema(set: FieldSet, schema: Schema): FieldSet {
  const { map, list } = structureOf(schema)
  return set.map((element, member, below) => {
    if (below === undefined) return { member, children: undefined }
    const next = element.startsWith('f:') ? map && (map.fields?.get(element.slice(2)) ?? map.values) : list?.items
    if (next === undefined) return { member, children: below }
    const structure = structureOf(next)
    const inMap = [...below.elements()].some((one) => one.startsWith('f:'))
    const part = inMap ? structure.map : structure.list
    if (part?.atomic) return { member: true, children: undefined }
    return { member, children: underSchema(below, next) }
  })
}
