import { readFile } from 'node:fs/promises'
import { isErrorCode } from './errors.ts'
import { isObject } from './machinery/object.ts'
import { parseYaml } from './machinery/yaml.ts'
import { Complaint, type Config, fileKeyOf, type Setting, settings, variableOf } from './settings.ts'
import { closest } from './suggest.ts'
import { readTokenFile } from './tokens.ts'

export type { Config } from './settings.ts'

/** One thing that is wrong with what a hub was told: where it was said, what is wrong, and, unless that says it, what would be right. */
export interface Mistake {
  readonly where: string
  readonly what: string
  readonly hint?: string
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  readonly mistakes: readonly Mistake[]
  /** The values that could be read all the same, so that the machine can be asked about them too. */
  readonly usable: Partial<Config>

  constructor(mistakes: readonly Mistake[], usable: Partial<Config> = {}) {
    super(mistakes.map(({ where, what, hint }) => `${where}: ${what}${hint ? `; ${hint}` : ''}`).join('\n'))
    this.name = 'ConfigError'
    this.mistakes = mistakes
    this.usable = usable
  }
}

/** How configuration files are read; the machine's files by default. */
export type ReadText = (path: string) => Promise<string>

/** What was written for a setting, and where. */
interface Given {
  readonly where: string
  readonly texts: readonly string[]
}

type Key = keyof Config
const keys = Object.keys(settings) as Key[] // Object.keys forgets that it knows them
const keyOfFlag = new Map(keys.map((key) => [settings[key].flag, key]))
const keyInFile = new Map(keys.map((key) => [fileKeyOf(settings[key].flag), key]))

/**
 * The configuration of a hub from flags, then the environment (`ENTREPOT_DATA_DIR`), then the YAML file that `--config` or
 * `ENTREPOT_CONFIG` names, then defaults; the first that says something counts. Throws a ConfigError that lists every mistake.
 */
export async function parseConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  read: ReadText = (path) => readFile(path, 'utf8'),
): Promise<Config> {
  const mistakes: Mistake[] = []
  const { given: flags, file: fileFlag } = fromFlags(argv, mistakes)
  const file = fileFlag ?? (env['ENTREPOT_CONFIG'] || undefined)
  const inFile = file === undefined ? new Map<Key, Given>() : await fromFile(file, read, mistakes)
  const values: { -readonly [K in Key]?: Config[K] } = {}

  const take = <K extends Key>(key: K): void => {
    const setting: Setting<Config[K]> = settings[key]
    const variable = variableOf(setting.flag)
    const inEnvironment = env[variable] ? { where: variable, texts: [env[variable]] } : undefined
    const given = flags.get(key) ?? inEnvironment ?? inFile.get(key)
    const { where, texts } = given ?? {
      where: 'default',
      texts: setting.default === undefined ? [] : [setting.default],
    }
    const value = setting.read(setting.isList ? texts.flatMap(commaSeparated) : texts)
    if (value instanceof Complaint) mistakes.push({ where, what: value.what, hint: value.hint })
    else values[key] = value
  }
  for (const key of keys) take(key)

  if (values.tokenFile !== undefined) await checkTokenFile(values.tokenFile, mistakes)
  if (values.host !== undefined && values.hosts !== undefined && !isEverywhere(values.host)) {
    values.hosts = [...new Set([values.host, ...values.hosts])]
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes, values)
  return Object.freeze(values as Config) // complete: a key without a value has left a mistake
}

function fromFlags(
  argv: readonly string[],
  mistakes: Mistake[],
): { readonly given: ReadonlyMap<Key, Given>; readonly file: string | undefined } {
  const given = new Map<Key, Given>()
  let file: string | undefined
  const rest = [...argv]
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (!argument.startsWith('--')) {
      mistakes.push({ where: argument, what: 'no such argument', hint: 'values belong to flags, like --port 7443' })
      continue
    }
    const [name = '', ...inline] = argument.slice(2).split('=')
    const key = keyOfFlag.get(name)
    if (key === undefined && name !== 'config') {
      mistakes.push({ where: `--${name}`, what: 'no such flag', hint: flagHint(name) })
      // Its value would be another mistake otherwise.
      if (inline.length === 0 && rest[0] !== undefined && !rest[0].startsWith('--')) rest.shift()
      continue
    }
    const isSwitch = key !== undefined && settings[key].placeholder === undefined
    const next = rest[0] === undefined || rest[0].startsWith('--') ? undefined : rest[0]
    const text = inline.length > 0 ? inline.join('=') : isSwitch ? 'true' : next
    if (text === undefined) {
      mistakes.push({ where: `--${name}`, what: 'its value is missing', hint: `write --${name} VALUE` })
      continue
    }
    if (inline.length === 0 && !isSwitch) rest.shift()
    if (key === undefined) file = text
    else {
      const before = settings[key].isList ? (given.get(key)?.texts ?? []) : []
      given.set(key, { where: `--${name}`, texts: [...before, text] })
    }
  }
  return { given, file }
}

async function fromFile(path: string, read: ReadText, mistakes: Mistake[]): Promise<ReadonlyMap<Key, Given>> {
  const given = new Map<Key, Given>()
  let document: ReturnType<typeof parseYaml>
  try {
    document = parseYaml(await read(path))
  } catch (error) {
    mistakes.push({ where: path, ...unreadable(error) })
    return given
  }
  for (const duplicate of document.duplicates) mistakes.push({ where: path, what: duplicate, hint: 'keep one of them' })
  if (document.value === null) return given
  if (!isObject(document.value)) {
    mistakes.push({ where: path, what: 'it holds no settings', hint: 'write one a line, like port: 7443' })
    return given
  }
  for (const [name, value] of Object.entries(document.value)) {
    const where = `${name} in ${path}`
    const key = keyInFile.get(name)
    const list = Array.isArray(value) ? value : [value]
    if (key === undefined) {
      const meant = closest(name, keyInFile.keys())
      const hint =
        meant === undefined ? `the settings are ${[...keyInFile.keys()].join(', ')}` : `did you mean ${meant}?`
      mistakes.push({ where, what: 'no such setting', hint })
    } else if (list.some((item) => typeof item === 'object') || (list.length !== 1 && !settings[key].isList)) {
      mistakes.push({
        where,
        what: 'it takes one value',
        hint: `write it like ${name}: ${settings[key].default ?? 'VALUE'}`,
      })
    } else given.set(key, { where, texts: list.map(String) })
  }
  return given
}

async function checkTokenFile(path: string, mistakes: Mistake[]): Promise<void> {
  try {
    await readTokenFile(path)
  } catch (error) {
    mistakes.push({ where: `--${settings.tokenFile.flag}`, ...unreadable(error, path) })
  }
}

function unreadable(error: unknown, path = 'the file'): { readonly what: string; readonly hint: string } {
  if (isErrorCode(error, 'ENOENT')) return { what: `${path} does not exist`, hint: 'check the path' }
  if (isErrorCode(error, 'EACCES', 'EPERM')) {
    return { what: `${path} may not be read by this user`, hint: 'change its owner or its mode' }
  }
  return { what: error instanceof Error ? error.message : String(error), hint: 'correct the file' }
}

function flagHint(name: string): string {
  const meant = closest(name, [...keyOfFlag.keys(), 'config', 'help'])
  return meant === undefined ? 'see --help for those there are' : `did you mean --${meant}?`
}

function commaSeparated(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
