import { LoadClient, textOf } from './client.ts'
import { type Bench, type BenchResult, cost, quantile, type Row } from './report.ts'
import { type BenchServer, startHubProcess, startRealProcess } from './servers.ts'

const collection = '/api/v1/namespaces/default/configmaps'
const filler = 'x'.repeat(900)

interface Measured {
  readonly lagMs: readonly number[]
  readonly cpuMicrosEach: number
  /** Events that did not come, or came twice. */
  readonly missing: number
  /** Writes that failed. */
  readonly errors: number
}

/** Many watches on one collection while it is written to at a steady rate: how late events arrive, and what each delivery costs. */
export const watch: Bench = async ({ quick }): Promise<BenchResult> => {
  const servers = [await startHubProcess(), await startRealProcess()]
  const rows: Row[] = []
  let errors = 0
  try {
    for (const watchers of quick ? [100] : [100, 1000]) {
      const lag: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
      const cpu: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
      let realMissing = 0
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        for (const server of servers) {
          const measured = await measure(server, watchers, 100, quick ? 2 : 6)
          lag[server.name].push(quantile(measured.lagMs, 0.99))
          cpu[server.name].push(measured.cpuMicrosEach)
          errors += measured.errors
          // A real server closes watches that fall behind and lets them resume; a hub must lose nothing here.
          if (server.name === 'hub') errors += measured.missing
          else realMissing += measured.missing
        }
      }
      rows.push(
        cost(`${watchers} watches, 100 writes/s: p99 lag`, lag.hub, lag.real, 'ms', '≥ 2×'),
        { label: '  events that the real server did not deliver', real: realMissing, unit: '' },
        cost(`${watchers} watches, 100 writes/s: CPU per delivery`, cpu.hub, cpu.real, 'µs', '≥ 2×'),
      )
    }
  } finally {
    for (const server of servers) await server.dispose()
  }
  return { name: 'watch', rows, errors }
}

async function measure(
  server: BenchServer,
  watchers: number,
  writesPerSecond: number,
  seconds: number,
): Promise<Measured> {
  const writer = await LoadClient.open(server)
  // A list of nothing is told the revision of now.
  const list = await writer.prepare('GET', `${collection}?fieldSelector=metadata.name%3Dnobody`, undefined, [])
  const revision = /"resourceVersion":"(\d+)"/.exec(textOf(list))?.[1] ?? ''
  const readers = await LoadClient.open(server, Math.ceil(watchers / 100))
  const lagMs: number[] = []
  let frames = 0
  for (let index = 0; index < watchers; index++) {
    // Reading every frame in full would measure this client; a hundred watches tell the lag, the others only count.
    const sampled = index % Math.max(1, Math.floor(watchers / 100)) === 0
    await readers.stream(`${collection}?watch=1&resourceVersion=${revision}`, (chunk) => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) frames++
      if (!sampled) return
      const now = Date.now()
      for (const [, sent] of chunk.toString('latin1').matchAll(/"sent":"(\d+)"/g)) lagMs.push(now - Number(sent))
    })
  }
  const before = await server.cpuSeconds()
  const run = Date.now()
  const writes = writesPerSecond * seconds
  const pending: Promise<unknown>[] = []
  const started = performance.now()
  for (let index = 0; index < writes; index++) {
    const dueMs = (index * 1000) / writesPerSecond - (performance.now() - started)
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs))
    const object = { metadata: { name: `w-${run}-${index}` }, data: { filler, sent: String(Date.now()) } }
    pending.push(writer.request('POST', collection, Buffer.from(JSON.stringify(object))))
  }
  await Promise.all(pending)
  const expected = writes * watchers
  const deadline = performance.now() + 60_000
  while (frames < expected && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
  // A server that gives up watches which fall behind has delivered less, and is asked what each real delivery cost.
  const cpuMicrosEach = (((await server.cpuSeconds()) - before) * 1e6) / Math.max(1, frames)
  readers.close()
  writer.close()
  return { lagMs, cpuMicrosEach, missing: Math.abs(expected - frames), errors: writer.errors }
}
