import supertest from 'supertest'
import { describe, expect, test } from 'vitest'
import { InFlight } from '../../../apiservice/filters/limits.ts'
import { parseRequestInfo } from '../../../apiservice/filters/request-info.ts'
import { webApp } from '../../../apiservice/web/app.ts'
import type { HealthCheck } from '../../../apiservice/web/health.ts'
import { Metrics } from '../../../apiservice/web/metrics.ts'
import { silentLogger } from '../../../src/machinery/log.ts'
import { openMemoryStore } from '../../../storage/memory-store.ts'

const well: HealthCheck = { name: 'ping', failure: () => undefined }
const ill: HealthCheck = { name: 'etcd', failure: async () => 'the disk is full' }

function open(checks: readonly HealthCheck[]) {
  const metrics = new Metrics({ store: openMemoryStore(), inFlight: new InFlight() })
  return {
    metrics,
    client: supertest(
      webApp({ metrics, log: silentLogger, health: { healthz: checks, livez: checks, readyz: checks } }),
    ),
  }
}

describe('health', () => {
  test.each(['/healthz', '/livez', '/readyz'])('%s says ok when everything is well', async (path) => {
    const answer = await open([well]).client.get(path)
    expect(answer).toMatchObject({ status: 200, text: 'ok' })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
  })

  test('verbose lists every check', async () => {
    const { text } = await open([well, { ...well, name: 'log' }]).client.get('/readyz?verbose')
    expect(text).toBe('[+]ping ok\n[+]log ok\nreadyz check passed\n')
  })

  test('a failure is 500 and does not tell why', async () => {
    const { status, text } = await open([well, ill]).client.get('/livez')
    expect(status).toBe(500)
    expect(text).toBe('[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n')
  })

  test('an excluded check counts as well, an unknown one is named', async () => {
    const { status, text } = await open([well, ill]).client.get('/readyz?verbose&exclude=etcd&exclude=nope')
    expect(status).toBe(200)
    expect(text).toBe(
      '[+]ping ok\n[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for "nope"\nreadyz check passed\n',
    )
  })

  test('each check has a path of its own', async () => {
    const { client } = open([well, ill])
    expect((await client.get('/readyz/ping')).text).toBe('ok')
    expect((await client.get('/readyz/etcd')).status).toBe(500)
    expect((await client.get('/readyz/nope')).status).toBe(404)
  })
})

test('metrics count requests under the names of kube-apiserver', async () => {
  const { client, metrics } = open([well])
  metrics.observe(parseRequestInfo('POST', '/api/v1/namespaces/a/pods?dryRun=All'), 201, 0.003)
  metrics.observe(parseRequestInfo('GET', '/api/v1/pods?watch=1'), 200, 60)
  const { text } = await client.get('/metrics')
  expect(text).toMatch(
    /^apiserver_request_total\{verb="POST",group="",version="v1",resource="pods",.*scope="namespace",dry_run="All",code="201"\} 1$/m,
  )
  expect(text).toMatch(/^apiserver_request_duration_seconds_bucket\{le="0.005",verb="POST",.*\} 1$/m)
  expect(text).not.toMatch(/apiserver_request_duration_seconds_count\{verb="WATCH"/)
  expect(text).toMatch(/^entrepot_store_revision 0$/m)
})

test('an unknown path is a plain page, and a check that breaks is 500 without its reason', async () => {
  const broken: HealthCheck = { name: 'broken', failure: () => Promise.reject(new Error('a secret')) }
  const { client } = open([broken])
  expect(await client.get('/nope')).toMatchObject({ status: 404, text: '404 page not found\n' })
  expect(await client.get('/healthz')).toMatchObject({ status: 500, text: 'internal server error\n' })
})
