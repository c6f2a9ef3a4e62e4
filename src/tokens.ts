import { readFile } from 'node:fs/promises'
import type { StaticToken } from '../apiservice/filters/authenticate.ts'

/**
 * Reads a static token file: one `token,user,uid[,"group1,group2"]` a line, empty lines and lines that begin with `#` ignored (Kubernetes,
 * “Static token file”). Throws with every bad line named by its number; tokens are never repeated in the message.
 */
export async function readTokenFile(path: string): Promise<readonly StaticToken[]> {
  const tokens: StaticToken[] = []
  const mistakes: string[] = []
  for (const [index, line] of (await readFile(path, 'utf8')).split('\n').entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const [token = '', user = '', uid = '', groups = ''] = columns(text)
    if (token === '' || user === '') mistakes.push(`line ${index + 1} needs a token and a user`)
    else tokens.push({ token, user, uid, groups: groups === '' ? [] : groups.split(',').map((group) => group.trim()) })
  }
  if (mistakes.length > 0) throw new Error(`the token file ${path} cannot be used: ${mistakes.join('; ')}`)
  return tokens
}

/** Splits one CSV line; a column in double quotes may hold commas, and a doubled quote stands for one. */
function columns(line: string): readonly string[] {
  const found: string[] = []
  const pattern = /(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g
  for (const [, quoted, plain] of line.matchAll(pattern))
    found.push(quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'))
  return found
}
