import { StatusError } from '../../src/machinery/status-error.ts'
import type { UserInfo } from '../registry/context.ts'
import { isProbe } from './probes.ts'
import type { RequestInfo } from './request-info.ts'

/** Whether a user may do something. Anything but `true` is a refusal. */
export type Authorizer = (user: UserInfo, attributes: Omit<RequestInfo, 'query' | 'rest'>) => boolean | Promise<boolean>

/** `system:masters` may do everything, everybody may ask for health, nobody else may do anything. */
export const mastersOnly: Authorizer = (user, attributes) =>
  user.groups.includes('system:masters') || isProbe(attributes)

/** Throws Forbidden unless the authorizer allows the request. Before this, nothing may tell whether an object exists. */
export async function authorize(authorizer: Authorizer, user: UserInfo, info: RequestInfo): Promise<void> {
  if ((await authorizer(user, info)) === true) return
  if (!info.isResourceRequest) throw StatusError.unauthorizedPath(user.name, info.verb, info.path)
  throw StatusError.unauthorizedVerb({ user: user.name, ...info })
}
