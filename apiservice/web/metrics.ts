import { Router } from 'express'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricsRegistry } from 'prom-client'
import type { Store } from '../../storage/store.ts'
import type { InFlight } from '../filters/limits.ts'
import type { RequestInfo } from '../filters/request-info.ts'

/** What kube-apiserver calls each verb. A label has only values that are known beforehand: whoever may ask could make up any other. */
const upperVerbs: ReadonlyMap<string, string> = new Map([
  ['create', 'POST'],
  ['update', 'PUT'],
  ['delete', 'DELETE'],
  ['deletecollection', 'DELETECOLLECTION'],
  ...['get', 'list', 'watch', 'patch', 'post', 'put', 'head', 'options'].map(
    (verb) => [verb, verb.toUpperCase()] as const,
  ),
])

/** The buckets of kube-apiserver, so that its dashboards fit. */
const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

/** Counts requests under the names and labels of kube-apiserver, and serves `/metrics`. */
export class Metrics {
  readonly #registry = new MetricsRegistry()
  readonly #requests: Counter
  readonly #durations: Histogram

  constructor(options: { readonly store: Store; readonly inFlight: InFlight }) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Requests answered, by verb, resource and code.',
      labelNames: ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'code'],
      registers,
    })
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Seconds from a request to its reply, watches left out.',
      labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'scope'],
      buckets: durationBuckets,
      registers,
    })
    new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests under way.',
      labelNames: ['request_kind'],
      registers,
      collect() {
        this.set({ request_kind: 'readOnly' }, options.inFlight.current.reading)
        this.set({ request_kind: 'mutating' }, options.inFlight.current.writing)
      },
    })
    new Gauge({
      name: 'entrepot_store_revision',
      help: 'The newest committed revision.',
      registers,
      collect() {
        this.set(options.store.revision)
      },
    })
    new Gauge({
      name: 'apiserver_registered_watchers',
      help: 'Open watches, those of the hub itself included.',
      registers,
      collect() {
        this.set(options.store.stats().followers)
      },
    })
  }

  /** Called with every answered request, whose `info` names nothing that is not served. */
  observe(info: RequestInfo, code: number, seconds: number): void {
    const verb = upperVerbs.get(info.verb) ?? 'OTHER'
    const { group, version, resource, subresource } = info
    const scope = info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster'
    const labels = { verb, group, version, resource, subresource, scope }
    this.#requests.inc({ ...labels, dry_run: info.query.get('dryRun') === 'All' ? 'All' : '', code: String(code) })
    if (info.verb !== 'watch') this.#durations.observe(labels, seconds)
  }

  routes(): Router {
    const router = Router()
    router.get('/metrics', async (_request, response) => {
      response.set('content-type', this.#registry.contentType).send(await this.#registry.metrics())
    })
    return router
  }
}
