import { LoadClient, perSecond } from './client.ts'
import { type Bench, type BenchResult, cost, type Row, rate } from './report.ts'
import { type BenchServer, startHubProcess, startRealProcess } from './servers.ts'

const kilobyte = 'x'.repeat(900)
const namespace = '/api/v1/namespaces/default/configmaps'

function configMap(name: string, more: Record<string, string> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { filler: kilobyte, ...more } }),
  )
}

/** One way of loading a server; resolves with operations per second. */
type Load = (client: LoadClient, seconds: number, writers: number) => Promise<number>

let serial = 0

const creates: Load = (client, seconds, writers) =>
  perSecond(writers, seconds, () => {
    const name = `c-${serial++}`
    return client.request('POST', namespace, configMap(name))
  })

const updates: Load = async (client, seconds, writers) => {
  const versions = new Map<number, string>()
  for (let loop = 0; loop < writers; loop++) {
    await client.request('DELETE', `${namespace}/u-${loop}`).catch(() => {})
    const { body } = await client.request('POST', namespace, configMap(`u-${loop}`))
    versions.set(loop, versionOf(body))
  }
  client.errors = 0
  return perSecond(writers, seconds, async (loop) => {
    const name = `u-${loop}`
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, resourceVersion: versions.get(loop) },
      data: { filler: kilobyte, n: String(serial++) },
    }
    const { body } = await client.request('PUT', `${namespace}/${name}`, Buffer.from(JSON.stringify(object)))
    versions.set(loop, versionOf(body))
  })
}

const patches: Load = async (client, seconds, writers) => {
  for (let loop = 0; loop < writers; loop++)
    await client.request('POST', namespace, configMap(`p-${loop}`)).catch(() => {})
  client.errors = 0
  const headers = { 'content-type': 'application/merge-patch+json' }
  return perSecond(writers, seconds, (loop) =>
    client.request(
      'PATCH',
      `${namespace}/p-${loop}`,
      Buffer.from(JSON.stringify({ data: { n: String(serial++) } })),
      headers,
    ),
  )
}

const gets: Load = async (client, seconds, readers) => {
  await client.request('POST', namespace, configMap('g')).catch(() => {})
  client.errors = 0
  return perSecond(readers, seconds, () => client.request('GET', `${namespace}/g`))
}

function versionOf(body: Buffer): string {
  return /"resourceVersion":"(\d+)"/.exec(body.toString('latin1'))?.[1] ?? ''
}

const loads: readonly {
  readonly label: string
  readonly load: Load
  readonly clients: number
  readonly wanted: string
}[] = [
  ...[1, 16, 64].map((clients) => ({ label: `create, ${clients} writers`, load: creates, clients, wanted: '≥ 2×' })),
  ...[1, 16, 64].map((clients) => ({ label: `update, ${clients} writers`, load: updates, clients, wanted: '≥ 2×' })),
  ...[16, 64].map((clients) => ({ label: `merge patch, ${clients} writers`, load: patches, clients, wanted: '≥ 2×' })),
  ...[1, 16, 64].map((clients) => ({ label: `get, ${clients} readers`, load: gets, clients, wanted: '≥ 2×' })),
]

/** Creates, updates, patches, gets and lists on both servers in turn, with one client. */
export const api: Bench = async ({ quick }): Promise<BenchResult> => {
  const rounds = quick ? 1 : 3
  const seconds = quick ? 1 : 3
  const servers = await Promise.all([startHubProcess(), startRealProcess()])
  const clients = new Map<BenchServer, LoadClient>()
  for (const server of servers) clients.set(server, await LoadClient.open(server))
  const rows: Row[] = []
  let errors = 0
  try {
    for (const { label, load, clients: count, wanted } of loads) {
      const rates: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
      const cpu: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
      for (let round = 0; round < rounds; round++) {
        for (const server of servers) {
          const client = clients.get(server)
          if (!client) continue
          const before = await server.cpuSeconds()
          const started = performance.now()
          const perSec = await load(client, seconds, count)
          const operations = (perSec * (performance.now() - started)) / 1000
          rates[server.name].push(perSec)
          cpu[server.name].push((((await server.cpuSeconds()) - before) / operations) * 1000)
          errors += client.errors
          client.errors = 0
        }
      }
      rows.push(rate(label, rates.hub, rates.real, 'op/s', wanted), cost(`  CPU of each`, cpu.hub, cpu.real, 'ms', ''))
    }
    rows.push(...(await lists(servers, clients, quick)))
  } finally {
    for (const client of clients.values()) client.close()
    for (const server of servers) await server.dispose()
  }
  return { name: 'api', rows, errors }
}

async function lists(
  servers: readonly BenchServer[],
  clients: ReadonlyMap<BenchServer, LoadClient>,
  quick: boolean,
): Promise<readonly Row[]> {
  const count = quick ? 1000 : 10_000
  const collection = '/api/v1/namespaces/lists/configmaps'
  for (const server of servers) {
    const client = clients.get(server)
    await client?.request('POST', '/api/v1/namespaces', Buffer.from(JSON.stringify({ metadata: { name: 'lists' } })))
    let next = 0
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (next < count) await client?.request('POST', collection, configMap(`l-${next++}`))
      }),
    )
  }
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const kinds = [
    { label: 'full', run: (client: LoadClient) => client.request('GET', collection) },
    {
      label: 'resourceVersion=0',
      run: (client: LoadClient) => client.request('GET', `${collection}?resourceVersion=0`),
    },
    { label: 'pages of 500', run: pages(collection) },
    { label: 'table', run: (client: LoadClient) => client.request('GET', collection, undefined, table) },
  ]
  const rows: Row[] = []
  for (const { label, run } of kinds) {
    const times: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
    for (let round = 0; round < (quick ? 2 : 7); round++) {
      for (const server of servers) {
        const client = clients.get(server)
        if (!client) continue
        const started = performance.now()
        await run(client)
        times[server.name].push(performance.now() - started)
      }
    }
    rows.push(cost(`list ${count}, ${label}`, times.hub, times.real, 'ms', '≥ 2×'))
  }
  return rows
}

function pages(collection: string) {
  return async (client: LoadClient): Promise<void> => {
    let token = ''
    do {
      const { body } = await client.request('GET', `${collection}?limit=500${token === '' ? '' : `&continue=${token}`}`)
      token = /"continue":"([^"]+)"/.exec(body.toString('latin1'))?.[1] ?? ''
    } while (token !== '')
  }
}
