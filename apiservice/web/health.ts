import { Router } from 'express'

/** One thing that must be well. `failure` is why it is not; it is never shown to clients. */
export interface HealthCheck {
  readonly name: string
  readonly failure: () => Promise<string | undefined> | string | undefined
}

/** Which checks stand behind each of the three endpoints. */
export interface HealthChecks {
  readonly healthz: readonly HealthCheck[]
  readonly livez: readonly HealthCheck[]
  readonly readyz: readonly HealthCheck[]
}

/** `/healthz`, `/livez`, `/readyz` and one sub-path for each check, in the words of kube-apiserver, with `verbose` and `exclude`. */
export function healthRoutes(checks: HealthChecks): Router {
  const router = Router()
  for (const endpoint of ['healthz', 'livez', 'readyz'] as const) {
    router.get(`/${endpoint}`, async (request, response) => {
      const excluded = new Set(strings(request.query['exclude']))
      const report = await runChecks(checks[endpoint], excluded)
      response.set({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
      if (!report.healthy) response.status(500).send(`${report.lines.join('\n')}\n${endpoint} check failed\n`)
      else if (request.query['verbose'] === undefined) response.send('ok')
      else response.send(`${report.lines.join('\n')}\n${endpoint} check passed\n`)
    })
    router.get(`/${endpoint}/:name`, async (request, response, next) => {
      const check = checks[endpoint].find(({ name }) => name === request.params['name'])
      if (!check) return next()
      const failure = await check.failure()
      response.set({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
      if (failure === undefined) response.send('ok')
      else response.status(500).send('internal server error: reason withheld\n')
    })
  }
  return router
}

async function runChecks(
  checks: readonly HealthCheck[],
  excluded: ReadonlySet<string>,
): Promise<{ readonly healthy: boolean; readonly lines: readonly string[] }> {
  const lines: string[] = []
  let healthy = true
  const unknown = new Set(excluded)
  for (const { name, failure } of checks) {
    unknown.delete(name)
    if (excluded.has(name)) lines.push(`[+]${name} excluded: ok`)
    else if ((await failure()) === undefined) lines.push(`[+]${name} ok`)
    else {
      healthy = false
      lines.push(`[-]${name} failed: reason withheld`)
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].map((name) => JSON.stringify(name)).join(', ')
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`)
  }
  return { healthy, lines }
}

function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
