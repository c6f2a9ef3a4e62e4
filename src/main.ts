#!/usr/bin/env -S node --max-semi-space-size=8
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'

// The flag in the first line, which stands in the scripts of package.json too, keeps what was just made in 8 MiB instead of 16. What a list reads from disk
// lies outside of V8's heap, which counts it and collects everything when it becomes much, unless it has been collected as young before that:
// lists take a third less time so, writes and gets a sixth, and a busy hub 60 MiB less.

// Half of a start is compiling. The cache lies beside the code it stands for, so that whoever can write one can write the other.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'entrepot'))

// Each command is loaded only when it runs.
const program = new Command('entrepot')
  .description('A Kubernetes API server in one process that ships chosen objects to real clusters.')
  .helpCommand(false)
  .option('-V, --version', 'print the version')
  .exitOverride()
  // Taken here, because Commander would count an unknown command as an argument too many.
  .argument('[command]')
  .usage('[command] [options]')
  .action(async (unknown: string | undefined, { version }: { version?: boolean }) => {
    if (unknown !== undefined) {
      const known = program.commands.map((command) => command.name()).join(', ')
      program.error(`error: unknown command '${unknown}'; there are ${known}`)
    }
    if (!version) program.help({ error: true })
    ;(await import('./cli/version.ts')).version({ output: 'text' })
  })

flagged('up', 'run a hub; entrepot up --help lists its flags').action(async (_, command) =>
  exitWith(await (await import('./cli/up.ts')).up(command.args)),
)
program
  .command('demo')
  .description('run a hub and three member clusters, and ship a few objects')
  .option('--data-dir <dir>', 'keep everything in this folder; otherwise a temporary one is removed at the end')
  .option('--once', 'end when everything has been shipped')
  .action(async (options) => exitWith(await (await import('./cli/demo.ts')).demo(options)))

const cluster = program.command('cluster').description('register clusters on a hub')
toHub(cluster.command('join <kubeconfig>').description('register the cluster that a kubeconfig points to'))
  .option('--name <name>', "its name; otherwise the kubeconfig's name for it")
  .option('--labels <labels>', 'its labels, like region=hangzhou,tier=a')
  .option('--member-context <name>', 'the context of the kubeconfig to take; otherwise the current one')
  .option('-y, --yes', 'replace a cluster of that name')
  .action(async (path, options) => (await import('./cli/cluster.ts')).join(path, options))
toHub(cluster.command('list').alias('ls').description('show the hub itself and what is registered on it')).action(
  async (options) => (await import('./cli/cluster.ts')).list(options),
)
toHub(cluster.command('detach <name>').description('forget a cluster; what was shipped there stays there')).action(
  async (name, options) => (await import('./cli/cluster.ts')).detachCluster(name, options),
)

toHub(program.command('status <application>').description('show how an Application stands in each cluster'))
  .option('-n, --namespace <namespace>', 'its namespace', 'default')
  .action(async (name, options) => (await import('./cli/status.ts')).status(name, options))
shown(program.command('version').description('show what runs here')).action(async (options) =>
  (await import('./cli/version.ts')).version(options),
)

function exitWith(code: number): void {
  process.exitCode = code
}

/** A command that reads its flags itself, because it names every mistake at once. */
function flagged(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .usage('[flags]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
}

/** A command that talks to a hub. */
function toHub(command: Command): Command {
  return shown(command)
    .option('--kubeconfig <file>', 'of the hub; otherwise as kubectl finds it')
    .option('--context <name>', 'the context of that kubeconfig')
}

/** A command that shows something. */
function shown(command: Command): Command {
  const output = new Option('-o, --output <format>', 'how to show it').choices(['text', 'json', 'yaml']).default('text')
  return command.addOption(output)
}

try {
  await program.parseAsync()
} catch (error) {
  // Commander has printed its own complaints, and those about flags are mistakes of the user.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = (await import('./cli/failure.ts')).showFailure(error)
}
// What a command has left open must not keep a process that has said its last word.
process.exit()
