import { type FieldError, printFieldErrors } from './field-error.ts'
import { qualified, qualifiedKind } from './resource.ts'

/** One entry of `details.causes`. */
export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

/** `details` of a Status. `kind` holds the resource in NotFound, AlreadyExists and Conflict, the Kind in Invalid. */
export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** The Kubernetes `Status` object, as answered for every failure and for some deletes. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string }
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code: number
}

type GroupResource = { readonly group: string; readonly resource: string }
type GroupKind = { readonly group: string; readonly kind: string }

const named = (gr: GroupResource, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(gr.group === '' ? {} : { group: gr.group }),
  kind: gr.resource,
})

const htmlEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * A failure that a Kubernetes client understands. One named constructor per reason; the texts are those of kube-apiserver 1.36.
 * Anything else that is thrown is a bug and becomes a 500.
 */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  /** A continue token that goes on inconsistently, for an expired list. */
  readonly continueToken: string | undefined

  constructor(
    code: number,
    reason: string,
    message: string,
    more: { readonly details?: StatusDetails; readonly cause?: unknown; readonly continueToken?: string } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'StatusError'
    this.code = code
    this.reason = reason
    this.details = more.details
    this.continueToken = more.continueToken
  }

  /** The Status object that is sent for this error. */
  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }

  /** The error that a server sent: how remote clients bring a Status back into the family. */
  static from(status: Partial<Status>, code: number): StatusError {
    return new StatusError(status.code ?? code, status.reason ?? '', status.message ?? `the server answered ${code}`, {
      ...(status.details === undefined ? {} : { details: status.details }),
    })
  }

  static badRequest(message: string, cause?: unknown): StatusError {
    return new StatusError(400, 'BadRequest', message, { cause })
  }

  static unauthorized(): StatusError {
    return new StatusError(401, 'Unauthorized', 'Unauthorized')
  }

  /** Refused by an admission rule: `configmaps "a" is forbidden: DETAIL`. */
  static forbidden(gr: GroupResource, name: string, detail: string, causes?: readonly StatusCause[]): StatusError {
    const subject = name === '' ? qualified(gr) : `${qualified(gr)} ${JSON.stringify(name)}`
    return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${detail}`, {
      details: { ...named(gr, name), ...(causes ? { causes } : {}) },
    })
  }

  /** Refused by the authorizer for a resource request. */
  static unauthorizedVerb(attributes: {
    readonly user: string
    readonly verb: string
    readonly group: string
    readonly resource: string
    readonly subresource: string
    readonly namespace: string
    readonly name: string
    readonly reason?: string
  }): StatusError {
    const user = attributes.user.replace(/[&<>]/g, (character) => htmlEscapes[character] ?? character)
    const target =
      attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`
    const scope = attributes.namespace === '' ? 'at the cluster scope' : `in the namespace "${attributes.namespace}"`
    const detail = `User "${user}" cannot ${attributes.verb} resource "${target}" in API group "${attributes.group}" ${scope}`
    return StatusError.forbidden(
      attributes,
      attributes.name,
      attributes.reason ? `${detail}: ${attributes.reason}` : detail,
    )
  }

  /** Refused by the authorizer for a path that is no resource. */
  static unauthorizedPath(user: string, verb: string, path: string): StatusError {
    const escaped = user.replace(/[&<>]/g, (character) => htmlEscapes[character] ?? character)
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: User "${escaped}" cannot ${verb} path ${JSON.stringify(path)}`,
      {
        details: {},
      },
    )
  }

  static notFound(gr: GroupResource, name: string): StatusError {
    return new StatusError(404, 'NotFound', `${qualified(gr)} ${JSON.stringify(name)} not found`, {
      details: named(gr, name),
    })
  }

  /** The path names nothing that is served. */
  static noSuchResource(): StatusError {
    return new StatusError(404, 'NotFound', 'the server could not find the requested resource', { details: {} })
  }

  static methodNotAllowed(): StatusError {
    return new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {
      details: {},
    })
  }

  /** The verb exists, but this kind does not have it. */
  static verbNotSupported(gr: GroupResource, verb: string): StatusError {
    return new StatusError(
      405,
      'MethodNotAllowed',
      `${verb} is not supported on resources of kind "${qualified(gr)}"`,
      {
        details: named(gr, ''),
      },
    )
  }

  static notAcceptable(message: string): StatusError {
    return new StatusError(406, 'NotAcceptable', message)
  }

  static alreadyExists(gr: GroupResource, name: string, terminating = false): StatusError {
    const text = `${qualified(gr)} ${JSON.stringify(name)} already exists`
    return new StatusError(409, 'AlreadyExists', terminating ? `object is being deleted: ${text}` : text, {
      details: named(gr, name),
    })
  }

  /** `generateName` found no free name. */
  static nameExhausted(gr: GroupResource, name: string): StatusError {
    return new StatusError(
      409,
      'AlreadyExists',
      `${qualified(gr)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`,
      { details: { ...named(gr, name), retryAfterSeconds: 1 } },
    )
  }

  /** A stale resourceVersion, unless `detail` says otherwise. */
  static conflict(
    gr: GroupResource,
    name: string,
    detail = 'the object has been modified; please apply your changes to the latest version and try again',
  ): StatusError {
    return new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(gr)} ${JSON.stringify(name)}: ${detail}`,
      { details: named(gr, name) },
    )
  }

  /** Server-side apply met fields of others. */
  static applyConflict(message: string, causes: readonly StatusCause[]): StatusError {
    return new StatusError(409, 'Conflict', message, { details: { causes } })
  }

  /** `message` is complete; the usual texts are `The resourceVersion for the provided list is too old.` and its kin. */
  static expired(message: string, continueToken?: string): StatusError {
    return new StatusError(410, 'Expired', message, continueToken === undefined ? {} : { continueToken })
  }

  static tooLarge(message: string): StatusError {
    return new StatusError(413, 'RequestEntityTooLarge', message)
  }

  static unsupportedMediaType(message: string, details?: StatusDetails): StatusError {
    return new StatusError(415, 'UnsupportedMediaType', message, details === undefined ? {} : { details })
  }

  /** Validation failed: one cause per field error. */
  static invalid(gk: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
    return new StatusError(
      422,
      'Invalid',
      `${qualifiedKind(gk)} ${JSON.stringify(name)} is invalid: ${printFieldErrors(errors)}`,
      {
        details: {
          ...(name === '' ? {} : { name }),
          ...(gk.group === '' ? {} : { group: gk.group }),
          ...(gk.kind === '' ? {} : { kind: gk.kind }),
          causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
        },
      },
    )
  }

  /** A patch that cannot be carried out. */
  static unprocessable(
    message = 'the server rejected our request due to an error in our request',
    cause?: unknown,
  ): StatusError {
    return new StatusError(422, 'Invalid', message, { details: {}, ...(cause === undefined ? {} : { cause }) })
  }

  static tooManyRequests(message: string, retryAfterSeconds: number, more: StatusDetails = {}): StatusError {
    return new StatusError(429, 'TooManyRequests', message, { details: { ...more, retryAfterSeconds } })
  }

  static internal(cause: unknown): StatusError {
    const text = cause instanceof Error ? cause.message : String(cause)
    return new StatusError(500, 'InternalError', `Internal error occurred: ${text}`, {
      details: { causes: [{ message: text }] },
      cause,
    })
  }

  static unavailable(message: string, cause?: unknown): StatusError {
    return new StatusError(503, 'ServiceUnavailable', message, { cause })
  }

  /** The request took longer than it may. */
  static timeout(message: string): StatusError {
    return new StatusError(504, 'Timeout', message, { details: {} })
  }

  /** A resourceVersion that the hub has not reached. */
  static tooLargeRevision(wanted: number, current: number): StatusError {
    return new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    })
  }
}

/** Whether an error is a StatusError with one of these reasons. */
export function hasReason(error: unknown, ...reasons: readonly string[]): error is StatusError {
  return error instanceof StatusError && reasons.includes(error.reason)
}
