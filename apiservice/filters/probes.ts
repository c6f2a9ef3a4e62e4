import type { RequestInfo } from './request-info.ts'

/** Where anybody may ask for the hub's health, each with a path below it for every check. */
export const probePaths = ['/healthz', '/livez', '/readyz'] as const

/** Whether a request asks for the hub's health. */
export function isProbe({ isResourceRequest, path }: Pick<RequestInfo, 'isResourceRequest' | 'path'>): boolean {
  return !isResourceRequest && probePaths.some((probe) => path === probe || path.startsWith(`${probe}/`))
}
