import express, { type Express } from 'express'
import { type HealthChecks, healthRoutes } from './health.ts'
import type { Metrics } from './metrics.ts'

/** Everything that is no Kubernetes API: health and metrics. The only Express application of the hub. */
export function webApp(options: { readonly health: HealthChecks; readonly metrics: Metrics }): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(healthRoutes(options.health))
  app.use(options.metrics.routes())
  return app
}
