import type { Clock } from '../../src/machinery/clock.ts'
import type { ObjectKey } from '../../src/machinery/object.ts'
import { type Exchange, headerOf, type Reply } from '../exchange.ts'
import type { Authenticator } from '../filters/authenticate.ts'
import type { Authorizer } from '../filters/authorize.ts'
import type { RequestInfo } from '../filters/request-info.ts'
import type { UserInfo, WriteContext } from '../registry/context.ts'
import type { Registry } from '../registry/registry.ts'
import type { ResourceStore } from '../registry/resource-store.ts'
import type { ServiceAccountTokens } from '../service-account-tokens.ts'
import { managerFromUserAgent } from './options.ts'

/** Who is who and who may what: for the kinds that answer such questions. */
export interface Identity {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly tokens: ServiceAccountTokens
}

/** A request that has passed the filters, at the kind that it addresses. */
export interface ApiRequest {
  readonly info: RequestInfo
  readonly exchange: Exchange
  readonly user: UserInfo
  readonly resource: ResourceStore
  readonly registry: Registry
  readonly clock: Clock
  readonly identity: Identity
  /** Texts of Warning headers so far; handlers add, the dispatcher sends them. */
  readonly warnings: string[]
}

/** One verb. It returns what is to be sent or throws a StatusError; it never writes. */
export type Handler = (request: ApiRequest) => Promise<Reply>

/** The largest request body, as kube-apiserver has it. */
export const bodyLimitBytes = 3 * 1024 * 1024

/** A single header. */
export function header(request: ApiRequest, name: string): string | undefined {
  return headerOf(request.exchange, name)
}

/** The object that the path names. */
export function keyIn({ info }: ApiRequest): ObjectKey {
  return { namespace: info.namespace, name: info.name }
}

/** The context of a write, from its request and its options. */
export function writeContext(
  request: ApiRequest,
  options: { readonly dryRun: boolean; readonly fieldManager: string },
): WriteContext {
  return {
    user: request.user,
    now: request.clock.now(),
    dryRun: options.dryRun,
    fieldManager: options.fieldManager || managerFromUserAgent(header(request, 'user-agent')),
    warn: (text) => request.warnings.push(text),
  }
}
