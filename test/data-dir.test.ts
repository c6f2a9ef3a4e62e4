import { chmod, mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { claimFolder, readPrivate, UnusableDataDir, writePrivate } from '../src/data-dir.ts'

const fresh = () => mkdtemp(join(tmpdir(), 'entrepot-data-'))
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('a folder is made with its parents, for this user alone', async () => {
  const root = await fresh()
  await claimFolder(join(root, 'a', 'b'))
  expect(await modeOf(join(root, 'a'))).toBe('700')
  expect(await modeOf(join(root, 'a', 'b'))).toBe('700')
  await claimFolder(join(root, 'a', 'b'))
})

test('a folder that others can read is refused, and left as it is', async () => {
  const root = await fresh()
  await chmod(root, 0o755)
  await expect(claimFolder(root)).rejects.toThrow(UnusableDataDir)
  expect(await modeOf(root)).toBe('755')
})

// Node's recursive mkdir never came back from there, at full load.
test.skipIf(process.platform !== 'linux')('a folder below /proc is refused at once', async () => {
  await expect(claimFolder('/proc/nope/deeper')).rejects.toThrow('/proc/nope/deeper cannot be used')
})

test('a file where the folder should be is refused', async () => {
  const root = await fresh()
  await writeFile(join(root, 'file'), '')
  await expect(claimFolder(join(root, 'file', 'data'))).rejects.toThrow(UnusableDataDir)
})

test('a key is written whole and private, and not read when others can', async () => {
  const path = join(await fresh(), 'key')
  expect(await readPrivate(path)).toBeUndefined()
  await writePrivate(path, 'one')
  await writePrivate(path, 'two')
  expect(await readPrivate(path)).toBe('two')
  expect(await modeOf(path)).toBe('600')
  await chmod(path, 0o644)
  await expect(readPrivate(path)).rejects.toThrow(UnusableDataDir)
})
