import { keyOf, type Parameter, printParameters } from './parameters.ts'
import type { OpenApiObject } from './published.ts'

type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch'

/** One operation before it is written down. */
export interface Operation {
  readonly method: Method
  readonly tag: string
  readonly id: string
  /** `x-kubernetes-action`; discovery has none. */
  readonly action?: string
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
  readonly parameters?: readonly Parameter[]
  readonly body?: { readonly types: readonly string[]; readonly schema: OpenApiObject; readonly required: boolean }
  readonly answer: { readonly types: readonly string[]; readonly schema: OpenApiObject }
  /** Success codes besides 200. */
  readonly codes?: readonly number[]
}

const codeTexts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

/** The operations of one path as OpenAPI v3 path item. Parameters that all of them have are said once, for the path. */
export function pathItem(operations: readonly Operation[]): OpenApiObject {
  const shared = sharedParameters(operations)
  const sharedKeys = new Set(shared.map(keyOf))
  return {
    ...Object.fromEntries(
      operations.map((operation) => {
        const own = (operation.parameters ?? []).filter((parameter) => !sharedKeys.has(keyOf(parameter)))
        return [operation.method, printOperation(operation, own)]
      }),
    ),
    ...(shared.length === 0 ? {} : { parameters: printParameters(shared) }),
  }
}

function sharedParameters(operations: readonly Operation[]): readonly Parameter[] {
  const [first, ...others] = operations
  return (first?.parameters ?? []).filter((parameter) =>
    others.every(({ parameters }) => parameters?.some((other) => keyOf(other) === keyOf(parameter))),
  )
}

function printOperation(operation: Operation, parameters: readonly Parameter[]): OpenApiObject {
  const { tag, id, body, answer, codes = [], action, kind } = operation
  const responses = [200, ...codes].map((code) => [
    code,
    { description: codeTexts[code] ?? '', content: content(answer.types, answer.schema) },
  ])
  return {
    tags: [tag],
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: printParameters(parameters) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(body.types, body.schema),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: { ...Object.fromEntries(responses), 401: { description: 'Unauthorized' } },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined
      ? {}
      : { 'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind } }),
  }
}

function content(types: readonly string[], schema: OpenApiObject): OpenApiObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}
