import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import type { Logger } from '../../src/machinery/log.ts'
import { type HealthChecks, healthRoutes } from './health.ts'
import type { Metrics } from './metrics.ts'

/** Everything that is no Kubernetes API: health and metrics. The only Express application of the hub. */
export function webApp(options: {
  readonly health: HealthChecks
  readonly metrics: Metrics
  readonly log: Logger
}): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(healthRoutes(options.health))
  app.use(options.metrics.routes())
  app.use((_request, response) => {
    response
      .status(404)
      .set({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
      .send('404 page not found\n')
  })
  // Express knows a handler of errors by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    options.log.error({ err: error }, 'a page met a bug')
    response.status(500).set('content-type', 'text/plain; charset=utf-8').send('internal server error\n')
  })
  return app
}
