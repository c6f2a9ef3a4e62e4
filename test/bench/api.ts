import { type Answer, continueOf, LoadClient, repeatedly, textOf } from './client.ts'
import { type Bench, type BenchResult, cost, type Row, rate } from './report.ts'
import { type BenchServer, startHubProcess, startRealProcess } from './servers.ts'

const kilobyte = 'x'.repeat(900)
const namespace = '/api/v1/namespaces/default/configmaps'

function configMap(name: string, more: Record<string, string> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { filler: kilobyte, ...more } }),
  )
}

/** One way of loading a server: what has to be there first, then what each loop does over and over. */
type Load = (client: LoadClient, loops: number) => Promise<(loop: number) => Promise<unknown>>

let serial = 0

const creates: Load = async (client) => () => client.request('POST', namespace, configMap(`c-${serial++}`))

const updates: Load = async (client, loops) => {
  const versions = await Promise.all(
    Array.from({ length: loops }, async (_, loop) => {
      await client.prepare('POST', namespace, configMap(`u-${loop}`), [409])
      return versionOf(await client.prepare('GET', `${namespace}/u-${loop}`, undefined, []))
    }),
  )
  return async (loop) => {
    const name = `u-${loop}`
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, resourceVersion: versions[loop] },
      data: { filler: kilobyte, n: String(serial++) },
    }
    versions[loop] = versionOf(await client.request('PUT', `${namespace}/${name}`, Buffer.from(JSON.stringify(object))))
  }
}

const patches: Load = async (client, loops) => {
  for (let loop = 0; loop < loops; loop++) await client.prepare('POST', namespace, configMap(`p-${loop}`), [409])
  const headers = { 'content-type': 'application/merge-patch+json' }
  return (loop) =>
    client.request('PATCH', `${namespace}/p-${loop}`, Buffer.from(`{"data":{"n":"${serial++}"}}`), headers)
}

const gets: Load = async (client) => {
  await client.prepare('POST', namespace, configMap('g'), [409])
  return () => client.request('GET', `${namespace}/g`)
}

function versionOf(answer: Answer): string {
  return /"resourceVersion":"(\d+)"/.exec(textOf(answer))?.[1] ?? ''
}

const loads: readonly { readonly label: string; readonly load: Load; readonly loops: number }[] = [
  ...[1, 16, 64].map((loops) => ({ label: `create, ${loops} writers`, load: creates, loops })),
  ...[1, 16, 64].map((loops) => ({ label: `update, ${loops} writers`, load: updates, loops })),
  ...[16, 64].map((loops) => ({ label: `merge patch, ${loops} writers`, load: patches, loops })),
  ...[1, 16, 64].map((loops) => ({ label: `get, ${loops} readers`, load: gets, loops })),
]

/** Figures of both servers by name, in the order in which they were taken. */
type Figures = Record<BenchServer['name'], number[]>

/** Creates, updates, patches, gets and lists on both servers in turn, with one client. */
export const api: Bench = async ({ quick }): Promise<BenchResult> => {
  const rounds = quick ? 1 : 5
  const seconds = quick ? 1 : 2
  const servers = [await startHubProcess(), await startRealProcess()]
  const clients = new Map<BenchServer, LoadClient>()
  const rows: Row[] = []
  try {
    for (const server of servers) clients.set(server, await LoadClient.open(server))
    for (const { label, load, loops } of loads) {
      const rates: Figures = { hub: [], real: [] }
      const cpu: Figures = { hub: [], real: [] }
      // The first round of each only warms: a compiler that works while it is measured is measured too.
      for (let round = 0; round <= rounds; round++) {
        for (const [server, client] of clients) {
          const task = await load(client, loops)
          const before = await server.cpuSeconds()
          const measured = await repeatedly(loops, round === 0 ? seconds / 2 : seconds, task)
          if (round === 0) continue
          rates[server.name].push(measured.done / measured.seconds)
          cpu[server.name].push((((await server.cpuSeconds()) - before) / measured.done) * 1000)
        }
      }
      rows.push(rate(label, rates.hub, rates.real, 'op/s', '≥ 2×'), cost('  CPU of each', cpu.hub, cpu.real, 'ms', ''))
    }
    rows.push(...(await lists(clients, quick)))
    return { name: 'api', rows, errors: [...clients.values()].reduce((sum, { errors }) => sum + errors, 0) }
  } finally {
    for (const client of clients.values()) client.close()
    for (const server of servers) await server.dispose()
  }
}

const collection = '/api/v1/namespaces/lists/configmaps'
const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

/** Each way of reading the whole collection; resolves with the bytes of all answers. */
const readings: readonly { readonly label: string; readonly read: (client: LoadClient) => Promise<unknown> }[] = [
  { label: 'full', read: (client) => client.request('GET', collection) },
  { label: 'resourceVersion=0', read: (client) => client.request('GET', `${collection}?resourceVersion=0`) },
  { label: 'pages of 500', read: pages },
  { label: 'table', read: (client) => client.request('GET', collection, undefined, asTable) },
]

async function lists(clients: ReadonlyMap<BenchServer, LoadClient>, quick: boolean): Promise<readonly Row[]> {
  const count = quick ? 1000 : 10_000
  for (const client of clients.values()) {
    await client.prepare('POST', '/api/v1/namespaces', Buffer.from('{"metadata":{"name":"lists"}}'), [])
    let next = 0
    const writer = async () => {
      while (next < count) await client.prepare('POST', collection, configMap(`l-${next++}`), [])
    }
    await Promise.all(Array.from({ length: 64 }, writer))
  }
  const rows: Row[] = []
  for (const { label, read } of readings) {
    const times: Figures = { hub: [], real: [] }
    for (let round = 0; round <= (quick ? 3 : 11); round++) {
      for (const [server, client] of clients) {
        const started = performance.now()
        await read(client)
        if (round > 0) times[server.name].push(performance.now() - started)
      }
    }
    rows.push(cost(`list ${count}, ${label}`, times.hub, times.real, 'ms', '≥ 2×'))
  }
  return rows
}

async function pages(client: LoadClient): Promise<void> {
  let token = ''
  do {
    const answer = await client.request('GET', `${collection}?limit=500${token === '' ? '' : `&continue=${token}`}`)
    token = continueOf(answer)
  } while (token !== '')
}
