import { isObject } from '../object.ts'
import { hasReason, StatusError } from '../status-error.ts'
import { jsonKind } from './go-text.ts'
import { copyJson, type Draft, own, put } from './values.ts'

const maxOperations = 10_000
/** How many bytes of JSON all `copy` operations of one patch may add: the same as a request body. */
const copyBudgetBytes = 3 * 1024 * 1024

interface Operation {
  readonly op: string | undefined
  readonly path: string | undefined
  readonly from: string | undefined
  /** Undefined when the operation has no value, which counts as null. */
  readonly value: unknown
}

/**
 * The document after a JSON patch (RFC 6902); the inputs are left alone. Where kube-apiserver 1.36 departs from the RFC, so does this:
 * `replace` of a field that is absent adds it, `copy` of one copies null, `test` for null passes on one, a missing value is null, indexes
 * may be negative, what stands before the first slash of a path is ignored, and only `replace` and `test` reach the root.
 * Throws BadRequest for a malformed patch, RequestEntityTooLarge past 10,000 operations, and 422 for an operation that does not apply or
 * copies past 3 MiB; the cause of the last says which one.
 */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const parsed = parseOperations(operations)
  const root = { document: copyJson(document) }
  const budget = { bytes: copyBudgetBytes }
  for (const [index, operation] of parsed.entries()) {
    try {
      perform(root, operation, budget)
    } catch (error) {
      if (!hasReason(error, 'Invalid')) throw error
      throw StatusError.unprocessable(undefined, new Error(`operation ${index} ${print(operation)} does not apply`))
    }
  }
  return root.document
}

/** `(replace /spec/replicas)`; never its value, which may be a secret. */
function print({ op = 'without an op', path }: Operation): string {
  return `(${op}${path === undefined ? ' without a path' : path === '' ? ' the root' : ` ${path}`})`
}

function parseOperations(operations: unknown): readonly Operation[] {
  if (operations === null) return []
  if (!Array.isArray(operations)) throw undecodable(operations, 'value of type []handlers.jsonPatchOp')
  const parsed = operations.map(parseOperation)
  if (parsed.length > maxOperations) {
    throw StatusError.tooLarge(
      `Request entity too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${parsed.length}`,
    )
  }
  return parsed
}

function parseOperation(operation: unknown): Operation {
  if (operation === null) return { op: undefined, path: undefined, from: undefined, value: undefined }
  if (!isObject(operation)) throw undecodable(operation, 'value of type handlers.jsonPatchOp')
  return {
    op: textField(operation, 'op'),
    path: textField(operation, 'path'),
    from: textField(operation, 'from'),
    value: own(operation, 'value'),
  }
}

function textField(operation: Record<string, unknown>, field: string): string | undefined {
  const value = own(operation, field)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw undecodable(value, `struct field jsonPatchOp.${field} of type string`)
  return value
}

function undecodable(value: unknown, into: string): StatusError {
  return StatusError.badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go ${into}`)
}

function perform(root: { document: unknown }, operation: Operation, budget: { bytes: number }): void {
  const { op, path } = operation
  if (path === undefined) throw StatusError.unprocessable()
  if (path === '' && op === 'replace') {
    if (typeof operation.value !== 'object' || operation.value === null) throw StatusError.unprocessable()
    root.document = copyJson(operation.value)
    return
  }
  if (path === '' && op === 'test') {
    if (!same(root.document, operation.value)) throw StatusError.unprocessable()
    return
  }
  const step = op === undefined ? undefined : steps.get(op)
  if (step === undefined) throw StatusError.unprocessable()
  step(root.document, { ...operation, path }, budget)
}

type Step = (document: unknown, operation: Operation & { readonly path: string }, budget: { bytes: number }) => void

const steps: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['add', (document, { path, value }) => add(locate(document, path), copyJson(value ?? null))],
  ['remove', (document, { path }) => remove(locate(document, path))],
  ['replace', (document, { path, value }) => replace(locate(document, path), copyJson(value ?? null))],
  [
    'test',
    (document, { path, value }) => {
      if (!same(read(locate(document, path)) ?? null, value ?? null)) throw StatusError.unprocessable()
    },
  ],
  [
    'move',
    (document, { from, path }) => {
      const source = locate(document, from)
      const value = read(source)
      remove(source)
      add(locate(document, path), value ?? null)
    },
  ],
  [
    'copy',
    (document, { from, path }, budget) => {
      const value = read(locate(document, from)) ?? null
      const target = locate(document, path)
      if (value !== null) budget.bytes -= Buffer.byteLength(JSON.stringify(value))
      if (budget.bytes < 0) throw StatusError.unprocessable()
      add(target, copyJson(value))
    },
  ],
])

/** A place in the document: an object or list that exists, and the last step of the path. */
interface Place {
  readonly parent: Draft | unknown[]
  readonly key: string
}

function locate(document: unknown, path: string | undefined): Place {
  const steps = path?.split('/') ?? []
  const last = steps.pop()
  if (last === undefined || steps.length === 0) throw StatusError.unprocessable()
  let parent = document
  for (const step of steps.slice(1)) {
    if (!isContainer(parent)) throw StatusError.unprocessable()
    parent = read({ parent, key: unescapeStep(step) })
  }
  if (!isContainer(parent)) throw StatusError.unprocessable()
  return { parent, key: unescapeStep(last) }
}

function isContainer(value: unknown): value is Draft | unknown[] {
  return Array.isArray(value) || isObject(value)
}

function unescapeStep(step: string): string {
  return step.includes('~') ? step.replaceAll('~1', '/').replaceAll('~0', '~') : step
}

/** The index that a step names, counted from the end when negative. `length` is that of the list in which the index will lie. */
function indexIn(key: string, length: number): number {
  if (!/^[+-]?\d+$/.test(key)) throw StatusError.unprocessable()
  const index = Number(key)
  const position = index < 0 ? index + length : index
  if (position < 0 || position >= length) throw StatusError.unprocessable()
  return position
}

function read({ parent, key }: Place): unknown {
  return Array.isArray(parent) ? parent[indexIn(key, parent.length)] : own(parent, key)
}

function add({ parent, key }: Place, value: unknown): void {
  if (!Array.isArray(parent)) put(parent, key, value)
  else if (key === '-') parent.push(value)
  else parent.splice(indexIn(key, parent.length + 1), 0, value)
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) {
    parent.splice(indexIn(key, parent.length), 1)
    return
  }
  if (!Object.hasOwn(parent, key)) throw StatusError.unprocessable()
  delete parent[key]
}

function replace({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent[indexIn(key, parent.length)] = value
  else put(parent, key, value)
}

/** Equality for `test`: unlike between stored objects, a field that is null differs from one that is absent. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const fields = Object.keys(a)
  return (
    fields.length === Object.keys(b).length &&
    fields.every((field) => Object.hasOwn(b, field) && same(a[field], b[field]))
  )
}
