import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Config, Mistake } from '../config.ts'
import { claimFolder, UnusableDataDir } from '../data-dir.ts'
import { isErrorCode } from '../errors.ts'
import { settings } from '../settings.ts'

/*
 * What only the machine knows to be wrong with a configuration. A hub that cannot start asks all of it, so that a user who corrects one
 * mistake does not meet the next.
 */

/** What is wrong with the data directory; makes it when there is none and `make` allows it. */
export async function folderMistakes(dataDir: string | undefined, make: boolean): Promise<readonly Mistake[]> {
  if (dataDir === undefined || (!make && !existsSync(dataDir))) return []
  try {
    await claimFolder(dataDir)
    return []
  } catch (error) {
    if (error instanceof UnusableDataDir) return [folderMistake(error)]
    throw error
  }
}

/** What is wrong with the address, found by listening there for a moment. */
export function addressMistakes({ host, port }: Partial<Config>): Promise<readonly Mistake[]> {
  if (host === undefined || port === undefined) return Promise.resolve([])
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(addressMistake(error, { host, port })))
    server.listen(port, host, () => server.close(() => resolve([])))
  })
}

/** The mistakes behind a hub that did not start; none when it was something else. */
export async function startMistakes(error: unknown, config: Config): Promise<readonly Mistake[]> {
  const { StoreUnavailable } = await import('../../storage/store.ts')
  if (error instanceof UnusableDataDir || error instanceof StoreUnavailable) {
    return [folderMistake(error), ...(await addressMistakes(config))]
  }
  return addressMistake(error, config)
}

function folderMistake(error: Error): Mistake {
  return { where: `--${settings.dataDir.flag}`, what: error.message }
}

function addressMistake(error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): readonly Mistake[] {
  const at = (flag: string, what: string, hint: string) => [{ where: `--${flag}`, what, hint }]
  if (isErrorCode(error, 'EADDRINUSE')) {
    return at(
      settings.port.flag,
      `port ${port} is taken by another process`,
      'stop that one, or choose another; 0 picks a free one',
    )
  }
  if (isErrorCode(error, 'EACCES')) {
    return at(settings.port.flag, `port ${port} is only for privileged users`, 'choose one above 1023')
  }
  if (isErrorCode(error, 'EADDRNOTAVAIL')) {
    return at(settings.host.flag, `${host} is no address of this machine`, 'choose one that is, or 0.0.0.0 for all')
  }
  if (isErrorCode(error, 'ENOTFOUND', 'EAI_AGAIN')) {
    return at(settings.host.flag, `the name ${host} has no address`, 'choose another, or an IP address')
  }
  return []
}
