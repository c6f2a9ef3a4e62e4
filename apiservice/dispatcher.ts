import { randomUUID } from 'node:crypto'
import type { Clock } from '../src/machinery/clock.ts'
import type { Logger } from '../src/machinery/log.ts'
import { StatusError } from '../src/machinery/status-error.ts'
import { StoreUnavailable } from '../storage/store.ts'
import type { Discovery } from './discovery/discovery.ts'
import { type Exchange, headerOf, type Reply } from './exchange.ts'
import { authorize } from './filters/authorize.ts'
import { beforeDeadline, deadlineOf } from './filters/deadline.ts'
import { type InFlight, isLongRunning } from './filters/limits.ts'
import { parseRequestInfo, type RequestInfo } from './filters/request-info.ts'
import type { ApiRequest, Identity } from './handlers/handler.ts'
import { handlerFor } from './handlers/routes.ts'
import type { UserInfo } from './registry/context.ts'
import type { Registry } from './registry/registry.ts'
import { compress, encodeObject, warningHeaders } from './wire/encode.ts'
import { contentType, negotiateStatus } from './wire/negotiate.ts'

/** What the dispatcher needs of the rest of the hub. */
export interface DispatcherOptions {
  readonly registry: Registry
  readonly discovery: Discovery
  readonly identity: Identity
  readonly inFlight: InFlight
  readonly clock: Clock
  readonly log: Logger
  /** Everything that is no API path: health, metrics, pages. */
  readonly web: (exchange: Exchange, user: UserInfo) => Promise<Reply>
  /** Called with each finished request, for metrics; what is not served is left out of it. */
  readonly observe?: (info: RequestInfo, code: number, seconds: number) => void
}

const pageNotFound: Reply = {
  code: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: Buffer.from('404 page not found\n'),
}

/**
 * The filter chain, in the order in which a request meets it, then the handler of its verb. Never rejects: every failure is a reply, a
 * Status where it is one and a logged 500 where it is a bug.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  async dispatch(exchange: Exchange): Promise<Reply> {
    const { log, observe } = this.#options
    const started = performance.now()
    const auditId = auditIdOf(exchange)
    const warnings: string[] = []
    let info: RequestInfo | undefined
    let reply: Reply
    try {
      info = parseRequestInfo(exchange.method, exchange.url)
      reply = await this.#answer(exchange, info, warnings)
    } catch (error) {
      reply = this.#failure(error, exchange, auditId)
    }
    if (info) observe?.(this.#measured(info), reply.code, (performance.now() - started) / 1000)
    log.debug({ method: exchange.method, url: exchange.url, code: reply.code, auditId }, 'answered a request')
    return {
      ...reply,
      headers: {
        'cache-control': 'no-cache, private',
        'audit-id': auditId,
        ...(warnings.length === 0 ? {} : { warning: warningHeaders(warnings) }),
        ...reply.headers,
      },
    }
  }

  async #answer(exchange: Exchange, info: RequestInfo, warnings: string[]): Promise<Reply> {
    const { identity, inFlight } = this.#options
    const user = await identity.authenticator.authenticate(exchange)
    await authorize(identity.authorizer, user, info)
    if (isLongRunning(info)) return this.#handle(exchange, info, user, warnings)
    const deadlineMs = deadlineOf(info)
    const leave = inFlight.enter(info)
    const answering = this.#handle(exchange, info, user, warnings)
    const reply = await beforeDeadline(answering, deadlineMs).catch((error: unknown) => {
      leave()
      throw error
    })
    // A list is made while it is read, so it keeps its place until it has been.
    if (isStream(reply.body)) return { ...reply, body: untilRead(reply.body, leave) }
    leave()
    if (!info.isResourceRequest) return reply
    return compress(reply, { verb: info.verb, acceptEncoding: headerOf(exchange, 'accept-encoding') })
  }

  async #handle(exchange: Exchange, info: RequestInfo, user: UserInfo, warnings: string[]): Promise<Reply> {
    if (!info.isResourceRequest) return this.#answerPath(exchange, info, user)
    const request = this.#address(exchange, info, user, warnings)
    // For rules HEAD is a get; no kind serves it.
    if (exchange.method === 'HEAD') throw StatusError.methodNotAllowed()
    return handlerFor(request)(request)
  }

  async #answerPath(exchange: Exchange, info: RequestInfo, user: UserInfo): Promise<Reply> {
    const discovered = await this.#options.discovery.reply(info.path, exchange.headers, info.query)
    if (discovered) return discovered
    if (info.path.startsWith('/apis/') && !this.#options.registry.hasGroup(info.path.split('/')[2] ?? ''))
      return pageNotFound
    if (info.path.startsWith('/api/') || info.path.startsWith('/apis/')) throw StatusError.noSuchResource()
    return this.#options.web(exchange, user)
  }

  #address(exchange: Exchange, info: RequestInfo, user: UserInfo, warnings: string[]): ApiRequest {
    const { registry, clock, identity } = this.#options
    const resource = registry.find(info)
    if (!resource) {
      if (!registry.hasGroup(info.group)) throw new UnknownGroup()
      throw StatusError.noSuchResource()
    }
    // A namespace in the path of a cluster-scoped kind addresses nothing.
    if (!resource.definition.namespaced && info.namespace !== '') throw StatusError.noSuchResource()
    return { info, exchange, user, resource, registry, clock, identity, warnings }
  }

  /** What is measured of a request: of what nobody serves only that it was asked, because there is no end to what may be asked. */
  #measured(info: RequestInfo): RequestInfo {
    const definition = this.#options.registry.find(info)?.definition
    const { subresource } = info
    const known = subresource === '' || definition?.subresources.some(({ name }) => name === subresource)
    if (definition && known) return info
    return { ...info, group: '', version: '', resource: '', subresource: '', namespace: '', name: '' }
  }

  #failure(error: unknown, exchange: Exchange, auditId: string): Reply {
    if (error instanceof UnknownGroup) return pageNotFound
    const status = this.#statusOf(error, exchange, auditId)
    const retryAfter = status.details?.retryAfterSeconds
    const userAgent = headerOf(exchange, 'user-agent')
    const form = negotiateStatus(headerOf(exchange, 'accept'), userAgent === undefined ? {} : { userAgent })
    return {
      code: status.code,
      headers: {
        'content-type': contentType(form, false),
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      },
      body: encodeObject(status.toStatus(), form),
    }
  }

  #statusOf(error: unknown, exchange: Exchange, auditId: string): StatusError {
    if (error instanceof StatusError) return error
    const { log } = this.#options
    if (error instanceof StoreUnavailable) {
      log.error({ err: error, auditId }, 'the store could not serve a request')
      return StatusError.unavailable(error.message, error)
    }
    log.error({ err: error, method: exchange.method, path: exchange.url.split('?')[0], auditId }, 'a request met a bug')
    return StatusError.internal(error)
  }
}

/** An API group that nobody serves is answered in plain text, as kube-apiserver does. */
class UnknownGroup extends Error {}

function auditIdOf(exchange: Exchange): string {
  const sent = headerOf(exchange, 'audit-id')
  return sent !== undefined && /^[\x21-\x7e]{1,64}$/.test(sent) ? sent : randomUUID()
}

function isStream(body: Reply['body']): body is AsyncIterable<Buffer> {
  return body !== undefined && !Buffer.isBuffer(body)
}

async function* untilRead(body: AsyncIterable<Buffer>, done: () => void): AsyncGenerator<Buffer> {
  try {
    yield* body
  } finally {
    done()
  }
}
