import { type Config, ConfigError, type Mistake, parseConfig } from '../config.ts'
import type { Hub } from '../hub.ts'
import { openLog } from '../log.ts'
import { type Setting, settings, variableOf } from '../settings.ts'
import { addressMistakes, folderMistakes, startMistakes } from './start-mistakes.ts'
import { whenAskedToStop } from './stop-signal.ts'
import { plain, shellWord, Terminal } from './terminal.ts'

/** The exit code of a command that was asked wrongly, or that this machine does not allow. */
export const exitMistake = 2

/**
 * `entrepot up`: runs a hub until the process is asked to stop. Prints one line when the hub is ready; what is wrong goes to standard error,
 * everything at once. Resolves with the exit code.
 */
export async function up(argv: readonly string[], terminal = new Terminal()): Promise<number> {
  if (argv.some((argument) => argument === '--help' || argument === '-h')) {
    printHelp(terminal)
    return 0
  }
  const stopped = whenAskedToStop()
  const { config, mistakes } = await readConfig(argv)
  if (!config) return complain(mistakes)
  const log = openLog(config.logLevel, config.logFormat)
  const { startHub } = await import('../hub.ts')
  let hub: Hub
  try {
    hub = await startHub(config, { log })
  } catch (error) {
    const found = await startMistakes(error, config)
    if (found.length > 0) return complain(found)
    log.error({ err: error }, 'the hub could not start')
    return 1
  }
  terminal.line(`Entrepot is ready at ${hub.url}  export KUBECONFIG=${shellWord(hub.kubeconfigPath)}`)
  log.info({ reason: await stopped }, 'the hub stops')
  await hub.close()
  return 0
}

async function readConfig(
  argv: readonly string[],
): Promise<{ readonly config?: Config; readonly mistakes: readonly Mistake[] }> {
  try {
    const config = await parseConfig(argv, process.env)
    const mistakes = await folderMistakes(config.dataDir, true)
    if (mistakes.length === 0) return { config, mistakes }
    return { mistakes: [...mistakes, ...(await addressMistakes(config))] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { mistakes, usable } = error
    return {
      mistakes: [...mistakes, ...(await folderMistakes(usable.dataDir, false)), ...(await addressMistakes(usable))],
    }
  }
}

function complain(mistakes: readonly Mistake[]): number {
  const terminal = new Terminal(process.stderr)
  const reasons = mistakes.length === 1 ? '' : `, for ${mistakes.length} reasons`
  terminal.line(terminal.paint('bad', `The hub cannot start${reasons}:`))
  for (const { where, what, hint } of mistakes) {
    terminal.line(`  ${terminal.paint('strong', where)}: ${plain(what)}${hint === undefined ? '' : `; ${plain(hint)}`}`)
  }
  return exitMistake
}

function printHelp(terminal: Terminal): void {
  terminal.line('Usage: entrepot up [flags]')
  terminal.line()
  terminal.line('Runs a hub: a Kubernetes API server with its own store, which ships objects to clusters.')
  terminal.line()
  const rows = Object.values(settings).map((setting: Setting<unknown>) => [
    `--${setting.flag}${setting.placeholder === undefined ? '' : ` ${setting.placeholder}`}`,
    setting.default ?? '-',
    variableOf(setting.flag),
    setting.help,
  ])
  terminal.table(
    ['FLAG', 'DEFAULT', 'ENVIRONMENT', 'MEANING'],
    [
      ...rows,
      ['--config FILE', '-', variableOf('config'), 'a YAML file of the same settings, like dataDir: /var/lib/entrepot'],
    ],
  )
  terminal.line()
  terminal.line('A flag counts before its environment variable, and that before the file.')
}
