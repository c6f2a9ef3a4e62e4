import { readFileSync } from 'node:fs'
import { fieldAt } from '../machinery/object.ts'
import { type OutputFormat, Terminal } from './terminal.ts'

/** The release of this program, from its package. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String(fieldAt(JSON.parse(text), 'version'))
}

/** `entrepot version`: what runs here, for whoever reports a problem. */
export function version({ output }: { readonly output: OutputFormat }, terminal = new Terminal()): void {
  const facts = {
    entrepot: programVersion(),
    node: process.versions.node,
    platform: `${process.platform}/${process.arch}`,
  }
  if (output !== 'text') terminal.data(facts, output)
  else terminal.line(`entrepot ${facts.entrepot} (Node ${facts.node}, ${facts.platform})`)
}
