import { isObject } from '../machinery/object.ts'
import { type Status, type StatusDetails, StatusError } from '../machinery/status-error.ts'

// What the system, TLS and undici call a failure, in words for people.
const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'connection reset by peer',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved at present',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CLOSED: 'the client is closed',
  UND_ERR_DESTROYED: 'the client is closed',
  ERR_HTTP2_STREAM_ERROR: 'the server reset the request',
  ERR_HTTP2_SESSION_ERROR: 'the server ended the connection',
  ERR_HTTP2_GOAWAY_SESSION: 'the server ended the connection',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is signed by an unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is signed by an unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by an unknown authority',
  CERT_SIGNATURE_FAILURE: 'the certificate is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
  EPROTO: 'the TLS handshake failed',
}

/** A connection that could not be made or broke: `ServiceUnavailable`, whose message begins `dial SERVER: `. */
export function connectionFailure(server: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error
  return StatusError.unavailable(`dial ${server}: ${sentenceFor(error)}`, error)
}

function sentenceFor(error: unknown): string {
  for (const link of chain(error)) {
    const code = isObject(link) ? link['code'] : undefined
    if (typeof code !== 'string') continue
    if (sentences[code] !== undefined) return sentences[code]
    // Alerts of the peer, e.g. ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED or ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE.
    const alert = /^ERR_SSL_.*ALERT_(.+)$/.exec(code)?.[1]
    if (alert) return `the server refused the TLS handshake: ${alert.toLowerCase().replaceAll('_', ' ')}`
  }
  return error instanceof Error ? error.message : String(error)
}

/** The error, what it was caused by, and what it is made of (several addresses of one name); a few levels at most. */
function chain(error: unknown): readonly unknown[] {
  const links: unknown[] = []
  const visit = (link: unknown, depth: number): void => {
    if (link === undefined || link === null || depth > 4) return
    links.push(link)
    if (link instanceof AggregateError) for (const part of link.errors.slice(0, 8)) visit(part, depth + 1)
    if (link instanceof Error) visit(link.cause, depth + 1)
  }
  visit(error, 0)
  return links
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/**
 * The error that an HTTP answer stands for: the Status in its body, or, where a proxy or a broken server sent something else, the
 * reason of its code. A redirect is a failure: following it would carry our request where nobody allowed it (security rule 4).
 */
export function answerFailure(
  server: string,
  answer: { readonly status: number; readonly body: string; readonly retryAfterSeconds?: number },
): StatusError {
  const { status: code, retryAfterSeconds } = answer
  if (code >= 300 && code < 400) {
    return StatusError.unavailable(`${server} answered with a redirect (${code}), which is never followed`)
  }
  const status = parseStatus(answer.body)
  if (status !== undefined) return normalised(StatusError.from(status, code))
  const text = answer.body.trim().slice(0, 200)
  const message = `${server} answered ${code}${text === '' ? '' : `: ${text}`}`
  return new StatusError(code < 400 ? 503 : code, reasons[code] ?? (code >= 500 ? 'InternalError' : ''), message, {
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
  })
}

/** The error that an `ERROR` frame of a watch stands for. */
export function frameFailure(object: unknown): StatusError {
  const status = statusIn(object)
  if (status === undefined) return StatusError.unavailable('the watch sent an error that is no Status')
  return normalised(StatusError.from(status, 500))
}

/** Servers say `Gone` as well as `Expired` for a revision that is no longer held; we say one. */
function normalised(error: StatusError): StatusError {
  if (error.code === 410) return StatusError.expired(error.message, error.continueToken)
  return error
}

function parseStatus(body: string): Partial<Status> | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    return statusIn(JSON.parse(body))
  } catch {
    return undefined // cut off or no JSON at all: the code of the answer says enough
  }
}

/** The Status that a value is, with only those fields that have the right type: the sender may be anyone. */
function statusIn(value: unknown): Partial<Status> | undefined {
  if (!isObject(value) || value['kind'] !== 'Status') return undefined
  const { message, reason, details, code } = value
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(isObject(details) ? { details: details as StatusDetails } : {}),
    ...(Number.isInteger(code) ? { code: Number(code) } : {}),
  }
}
