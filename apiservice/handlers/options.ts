import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { DeleteOptions, FieldValidation } from '../registry/context.ts'

/** What every write may ask for in its query (Kubernetes API reference, `CreateOptions`, `UpdateOptions`, `PatchOptions`). */
export interface WriteOptions {
  readonly dryRun: boolean
  /** `''` when the request names none. */
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  /** Only of apply; undefined when the request does not say. */
  readonly force: boolean | undefined
}

const validations = ['', 'Ignore', 'Strict', 'Warn'] as const
const maxManagerBytes = 128

const optionsKind = (kind: string) => ({ group: 'meta.k8s.io', kind })

/** Parses the options of a create, update or patch. Throws Invalid on `kind`, with every mistake at once. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const force = query.has('force') ? parseBoolean(query.get('force') ?? '') : undefined
  const errors: FieldError[] = []
  if (kind === 'PatchOptions') {
    if (!apply && force !== undefined)
      errors.push(fieldErrors.forbidden('force', 'may not be specified for non-apply patch'))
    if (apply && fieldManager === '') errors.push(fieldErrors.required('fieldManager', 'is required for apply patch'))
  }
  errors.push(...dryRunErrors(query), ...managerErrors(fieldManager))
  if (!isValidation(fieldValidation))
    errors.push(fieldErrors.notSupported('fieldValidation', fieldValidation, validations))
  if (errors.length > 0) throw StatusError.invalid(optionsKind(kind), '', errors)
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    force,
  }
}

function isValidation(value: string): boolean {
  return (validations as readonly string[]).includes(value)
}

function dryRunErrors(query: URLSearchParams): readonly FieldError[] {
  const values = query.getAll('dryRun')
  if (values.length === 0 || values.every((value) => value === 'All')) return []
  return [fieldErrors.notSupported('dryRun', values, ['All'])]
}

function managerErrors(manager: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (Buffer.byteLength(manager) > maxManagerBytes) errors.push(fieldErrors.tooLong('fieldManager', maxManagerBytes))
  let position = 0
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      errors.push(fieldErrors.invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`))
    }
    position++
  }
  return errors
}

/** The field manager of a write that names none: the program in the User-Agent (`managerOrUserAgent`). */
export function managerFromUserAgent(userAgent: string | undefined): string {
  const program = (userAgent ?? '').split('/')[0] ?? ''
  return Array.from(program)
    .filter((character) => /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character))
    .join('')
    .slice(0, maxManagerBytes)
}

/** What a list, watch or deletecollection asks for; numbers are parsed, selectors and tokens are not. */
export interface ListOptions {
  readonly labelSelector: string
  readonly fieldSelector: string
  /** 0: no limit. */
  readonly limit: number
  readonly continueToken: string
  readonly resourceVersion: string
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
  readonly timeoutSeconds: number | undefined
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
}

/** Parses the query of a list or watch. Throws BadRequest for what is no number, Invalid on `ListOptions` for combinations. */
export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? ''
  const options = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: parseInteger(query.get('limit')) ?? 0,
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    timeoutSeconds: parseInteger(query.get('timeoutSeconds')),
    allowWatchBookmarks: parseBoolean(query.get('allowWatchBookmarks') ?? 'false'),
    sendInitialEvents: query.has('sendInitialEvents') ? parseBoolean(query.get('sendInitialEvents') ?? '') : undefined,
  }
  const errors = watch ? watchErrors(match, options.sendInitialEvents) : listErrors(match, options)
  if (errors.length > 0) throw StatusError.invalid(optionsKind('ListOptions'), '', errors)
  return { ...options, resourceVersionMatch: match as ListOptions['resourceVersionMatch'] }
}

/** `ValidateListOptions` of kube-apiserver. */
function listErrors(
  match: string,
  options: {
    readonly continueToken: string
    readonly resourceVersion: string
    readonly sendInitialEvents: boolean | undefined
  },
): readonly FieldError[] {
  const field = 'resourceVersionMatch'
  const errors: FieldError[] = []
  if (match !== '') {
    if (options.resourceVersion === '') {
      errors.push(fieldErrors.forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    }
    if (options.continueToken !== '') {
      errors.push(fieldErrors.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'))
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(fieldErrors.notSupported(field, match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(fieldErrors.forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(fieldErrors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  return errors
}

function watchErrors(match: string, sendInitialEvents: boolean | undefined): readonly FieldError[] {
  const field = 'resourceVersionMatch'
  if (sendInitialEvents !== undefined) {
    if (match === 'NotOlderThan') return []
    return [fieldErrors.forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]
  }
  if (match === '') return []
  const errors = [
    fieldErrors.forbidden(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
  ]
  if (match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(field, match, ['NotOlderThan']))
  return errors
}

/**
 * Parses DeleteOptions: the body where there is one, else the query. Throws BadRequest and Invalid as kube-apiserver does; `dryRun` counts
 * from either place.
 */
export function parseDeleteOptions(
  body: Readonly<Record<string, unknown>> | undefined,
  query: URLSearchParams,
): { readonly options: DeleteOptions; readonly dryRun: boolean } {
  const raw = body ?? queryOptions(query)
  const dryRun = Array.isArray(raw['dryRun']) ? raw['dryRun'] : []
  const propagationPolicy = raw['propagationPolicy']
  const orphanDependents = raw['orphanDependents']
  const preconditions = raw['preconditions'] as DeleteOptions['preconditions'] | null | undefined
  const grace = raw['gracePeriodSeconds']
  const errors: FieldError[] = []
  if (typeof propagationPolicy === 'string' && typeof orphanDependents === 'boolean') {
    errors.push(
      fieldErrors.invalid(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    )
  }
  if (typeof propagationPolicy === 'string' && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    errors.push(
      fieldErrors.notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']),
    )
  }
  if (dryRun.some((value) => value !== 'All')) errors.push(fieldErrors.notSupported('dryRun', dryRun, ['All']))
  if (errors.length > 0) throw StatusError.invalid(optionsKind('DeleteOptions'), '', errors)
  return {
    dryRun: dryRun.length > 0,
    options: {
      ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
      ...(typeof propagationPolicy === 'string'
        ? { propagationPolicy: propagationPolicy as 'Orphan' | 'Background' | 'Foreground' }
        : {}),
      ...(typeof orphanDependents === 'boolean' ? { orphanDependents } : {}),
      ...(preconditions ? { preconditions } : {}),
    },
  }
}

function queryOptions(query: URLSearchParams): Readonly<Record<string, unknown>> {
  const grace = parseInteger(query.get('gracePeriodSeconds'))
  const policy = query.get('propagationPolicy')
  const orphan = query.get('orphanDependents')
  return {
    ...(query.has('dryRun') ? { dryRun: query.getAll('dryRun') } : {}),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: parseBoolean(orphan) }),
  }
}

/** A query number as Go parses it; undefined when absent or empty. */
function parseInteger(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) {
    throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  }
  return value
}

/** A query boolean as the API reads it: everything but `false` and `0` is true. */
function parseBoolean(text: string): boolean {
  return text.toLowerCase() !== 'false' && text !== '0'
}
