import { loadavg } from 'node:os'
import { noControlPlane } from '../fixtures/control-plane.ts'
import type { Bench } from './report.ts'
import { report } from './report.ts'

/** Every bench by name; each is loaded only when it runs. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  store: async () => (await import('./store.ts')).store,
  start: async () => (await import('./start.ts')).start,
  api: async () => (await import('./api.ts')).api,
  watch: async () => (await import('./watch.ts')).watch,
  million: async () => (await import('./million.ts')).million,
  distribution: async () => (await import('./distribution.ts')).distribution,
}

/** Those that measure a hub alone; the others put a real control plane beside it. */
const alone: readonly string[] = ['store', 'million']

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const quick = process.argv.includes('--quick')
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
const [load = 0] = loadavg()
if (load > 2) console.warn(`The machine is busy (load average ${load.toFixed(2)}): figures will be poor.`)
for (const [name, open] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  if (noControlPlane !== undefined && !alone.includes(name)) {
    console.warn(`${name} compares with a real control plane, and is skipped: ${noControlPlane}`)
    continue
  }
  const bench = await open()
  await report(await bench({ quick }))
}
process.exit(0)
