import { UnusableDataDir } from '../data-dir.ts'
import { StatusError } from '../machinery/status-error.ts'
import { plain, Terminal } from './terminal.ts'

/**
 * Tells on standard error why a command failed, and gives its exit code: StatusErrors and unusable folders are
 * sentences for people, everything else is a bug and shows where it is.
 */
export function showFailure(error: unknown): number {
  const terminal = new Terminal(process.stderr)
  if (error instanceof StatusError || error instanceof UnusableDataDir) {
    terminal.line(`${terminal.paint('bad', 'Error:')} ${plain(error.message)}`)
    return 1
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  terminal.line(`${terminal.paint('bad', 'This is a bug, please report it:')}`)
  for (const line of stack.split('\n')) terminal.line(plain(line))
  return 1
}
