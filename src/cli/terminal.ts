import { styleText } from 'node:util'
import { printYaml } from '../machinery/yaml.ts'

/** How a command shows what it found: a text for people, or the same as data. */
export const outputFormats = ['text', 'json', 'yaml'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** The colours that mean something here. */
export type Tone = 'good' | 'bad' | 'busy' | 'faint' | 'strong'

/** A cell of a table, with the tone that it is shown in on a terminal. */
export type Cell = string | { readonly text: string; readonly tone: Tone }

/** Where a command writes: standard output, or whatever a test puts there. */
export interface Sink {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: 'green',
  bad: 'red',
  busy: 'yellow',
  faint: 'gray',
  strong: 'bold',
}

/** Writes for people: with colours on a terminal, without them in a pipe, or where NO_COLOR asks for none. */
export class Terminal {
  readonly #sink: Sink
  readonly #colours: boolean

  constructor(sink: Sink = process.stdout, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#sink = sink
    // no-color.org: present and not empty. FORCE_COLOR is for those who page through colours.
    const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
    this.#colours = !env['NO_COLOR'] && (forced || (sink.isTTY === true && env['TERM'] !== 'dumb'))
  }

  /** The text in a tone, safe to show. */
  paint(tone: Tone, text: string): string {
    const safe = withoutControls(text)
    return this.#colours ? styleText(styles[tone], safe, { validateStream: false }) : safe
  }

  /** One line. Put together what others wrote with `paint` or `plain`, which take the control characters out of it. */
  line(text = ''): void {
    this.#sink.write(`${text}\n`)
  }

  /** Columns as kubectl has them, three blanks apart; the last one is as wide as it likes. */
  table(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const body = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
    const texts = [headings, ...body.map((row) => row.map(({ text }) => plain(text)))]
    const widths = headings.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
    const join = (cells: readonly { readonly text: string; readonly tone?: Tone }[]): string =>
      cells
        .map(({ text, tone }, column) => {
          const safe = plain(text)
          const padding = column === cells.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - safe.length + 3)
          return `${tone === undefined ? safe : this.paint(tone, safe)}${padding}`
        })
        .join('')
        .trimEnd()
    this.line(join(headings.map((text) => ({ text, tone: 'strong' }))))
    for (const row of body) this.line(join(row))
  }

  /** A value as JSON or YAML. */
  data(value: unknown, format: Exclude<OutputFormat, 'text'>): void {
    this.#sink.write(format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : printYaml(value))
  }
}

/**
 * One line of what others wrote: names, messages and labels come from objects and clusters, and must not steer the terminal (Kubernetes
 * CVE-2021-25743).
 */
export function plain(text: string): string {
  return withoutControls(text.replace(/\s*\n\s*/g, ' '))
}

function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}

/** A word that a shell reads back as it is. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
