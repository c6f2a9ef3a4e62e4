import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isErrorCode } from './errors.ts'

/** A file or folder that a hub must not use as it is. The message is a sentence that says what to do about it. */
export class UnusableDataDir extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'UnusableDataDir'
  }
}

/**
 * Makes a folder that nobody but this user can enter (0700), parents included, or checks that an existing one is like that. Throws
 * UnusableDataDir when others can read it, when it is no folder, or when this user cannot use it.
 */
export async function claimFolder(path: string): Promise<void> {
  try {
    // Only folders that this call makes get the mode: an existing one is judged, never changed.
    await makeFolder(path)
    await refuseReaders(path, '700')
    const probe = join(path, `.probe-${process.pid}`)
    await (await open(probe, 'w', 0o600)).close()
    await rm(probe)
  } catch (error) {
    throw error instanceof UnusableDataDir ? error : new UnusableDataDir(sentenceFor(path, error), error)
  }
}

/**
 * Makes a folder and its parents. Node's own `recursive` tries for ever where a parent exists that takes no children, as `/proc` does; here each
 * folder is tried twice at most.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (isErrorCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return
    const parent = dirname(path)
    if (!isErrorCode(error, 'ENOENT') || parent === path) throw error
    await makeFolder(parent)
    await mkdir(path, { mode: 0o700 })
  }
}

/** Reads a file that holds a key, or gives undefined when there is none. Throws UnusableDataDir when others can read it. */
export async function readPrivate(path: string): Promise<string | undefined> {
  try {
    await refuseReaders(path, '600')
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined
    throw error instanceof UnusableDataDir ? error : new UnusableDataDir(sentenceFor(path, error), error)
  }
}

/** Replaces a file as a whole, mode 0600: whoever reads it meanwhile, or after a power cut, sees the old one or the new one. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(temporary, 0o600) // a umask may have taken even that away
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new UnusableDataDir(sentenceFor(path, error), error)
  }
}

async function refuseReaders(path: string, mode: string): Promise<void> {
  // Windows has no mode bits; its folders in a user's home are that user's.
  if (process.platform === 'win32') return
  const { mode: actual, uid } = await stat(path)
  if ((actual & 0o077) !== 0) {
    throw new UnusableDataDir(
      `${path} can be read by others (mode ${(actual & 0o777).toString(8)}), and it holds the keys of the hub: chmod ${mode} ${path}`,
    )
  }
  if (uid !== process.getuid?.()) {
    throw new UnusableDataDir(
      `${path} belongs to another user, who can read the keys of the hub: change its owner, or choose another folder`,
    )
  }
}

function sentenceFor(path: string, error: unknown): string {
  if (isErrorCode(error, 'EACCES', 'EPERM')) {
    return `${path} may not be read and written by this user: change its owner, or choose another folder`
  }
  if (isErrorCode(error, 'ENOTDIR', 'EEXIST')) return `${path} is no folder: choose another`
  if (isErrorCode(error, 'EROFS')) return `${path} is on a read-only disk: choose another folder`
  if (isErrorCode(error, 'ENOSPC', 'EDQUOT')) return `the disk of ${path} is full: free some space`
  return `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`
}
