import { type Bench, type BenchResult, cost } from './report.ts'
import { startHubProcess, startRealProcess } from './servers.ts'

const settleMs = 3000

/** From nothing to ready, and the memory of a server that does nothing. */
export const start: Bench = async ({ quick }): Promise<BenchResult> => {
  const seconds: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
  const memory: Record<'hub' | 'real', number[]> = { hub: [], real: [] }
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const startServer of [startHubProcess, startRealProcess]) {
      const server = await startServer()
      await new Promise((resolve) => setTimeout(resolve, settleMs))
      seconds[server.name].push(server.startSeconds)
      memory[server.name].push(await server.memoryMiB())
      await server.dispose()
    }
  }
  return {
    name: 'start',
    errors: 0,
    rows: [
      cost('empty start to ready', seconds.hub, seconds.real, 's', '≥ 2×'),
      cost('idle memory', memory.hub, memory.real, 'MiB', '≥ 2×'),
    ],
  }
}
