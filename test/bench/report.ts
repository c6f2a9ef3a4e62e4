import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'

/** One figure. `ratio` compares the hub with the real server in the same run; `wanted` says what the project asks of it. */
export interface Row {
  readonly label: string
  readonly hub?: number
  readonly real?: number
  readonly value?: number
  readonly unit: string
  /** Above 1 is in the hub's favour. */
  readonly ratio?: number
  readonly wanted?: string
  readonly note?: string
}

export interface BenchResult {
  readonly name: string
  readonly rows: readonly Row[]
  readonly errors: number
}

/** One experiment; `quick` asks for a short one that only shows that it works. */
export type Bench = (options: { readonly quick: boolean }) => Promise<BenchResult>

/** The middle value; of an even number the lower of the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest value that is at least as large as this share of all. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** A row that compares rates: more is better. */
export function rate(
  label: string,
  hub: readonly number[],
  real: readonly number[],
  unit: string,
  wanted: string,
): Row {
  const [ours, theirs] = [median(hub), median(real)]
  return { label, hub: ours, real: theirs, unit, ratio: ours / theirs, wanted }
}

/** A row that compares costs: less is better. */
export function cost(
  label: string,
  hub: readonly number[],
  real: readonly number[],
  unit: string,
  wanted: string,
): Row {
  const [ours, theirs] = [median(hub), median(real)]
  return { label, hub: ours, real: theirs, unit, ratio: theirs / ours, wanted }
}

const print = (value: number | undefined): string => {
  if (value === undefined) return ''
  if (Number.isNaN(value)) return 'n/a'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** Prints a result as a table and writes it as JSON beside the others. */
export async function report(result: BenchResult): Promise<void> {
  const [load = 0] = loadavg()
  const head = ['figure', 'hub', 'real', 'unit', 'ratio', 'wanted', '']
  const lines = result.rows.map(({ label, hub, value, real, unit, ratio, wanted, note }) => [
    label,
    print(hub ?? value),
    print(real),
    unit,
    ratio === undefined ? '' : `${print(ratio)}×`,
    wanted ?? '',
    note ?? '',
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? '').length)))
  const text = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  console.log(`\n${result.name} (errors: ${result.errors}, load average ${load.toFixed(2)})`)
  for (const line of [head, ...lines]) console.log(`  ${text(line)}`)
  const folder = new URL('../../.bench/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(
    new URL(`${result.name}.json`, folder),
    `${JSON.stringify({ ...result, load, at: new Date().toISOString() }, null, 2)}\n`,
  )
}
