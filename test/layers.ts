import { dirname, join, normalize } from 'node:path/posix'

/** A source file of the house; `path` begins at its root. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** The rooms of the house; later ones may know more of the others. A file that only joins parts for `hub.ts` is a `part`. */
type Room = 'machinery' | 'storage' | 'apiservice' | 'engine' | 'clusters' | 'part' | 'hub' | 'cli'

const rooms: readonly (readonly [prefix: string, room: Room])[] = [
  ['src/machinery/', 'machinery'],
  ['src/engine/', 'engine'],
  ['src/clusters/', 'clusters'],
  ['src/cli/', 'cli'],
  ['src/main.ts', 'cli'],
  ['src/hub.ts', 'hub'],
  ['src/', 'part'],
  ['storage/', 'storage'],
  ['apiservice/', 'apiservice'],
]

/** Which rooms, or single files, the files of a room may import (style guide, “Who may know whom”). */
const mayKnow: Readonly<Record<Room, readonly string[]>> = {
  machinery: ['machinery'],
  storage: ['storage', 'machinery'],
  apiservice: ['apiservice', 'machinery', 'storage/store.ts'],
  engine: ['engine', 'machinery'],
  clusters: ['clusters', 'machinery'],
  part: ['part', 'machinery'],
  hub: ['part', 'machinery', 'storage', 'apiservice', 'engine', 'clusters'],
  cli: ['cli', 'hub', 'part', 'machinery', 'engine', 'clusters', 'storage/store.ts'],
}

/** Where each library lives; whoever needs it elsewhere goes through that place. */
const homes: Readonly<Record<string, string>> = {
  '@kubernetes/client-node': 'src/clusters/',
  '@peculiar/x509': 'src/certificates.ts',
  commander: 'src/main.ts',
  express: 'apiservice/web/',
  jose: 'apiservice/service-account-tokens.ts',
  'js-yaml': 'src/machinery/yaml.ts',
  level: 'storage/level-store.ts',
  pino: 'src/log.ts',
  'prom-client': 'apiservice/web/',
  re2js: 'src/machinery/',
  'reflect-metadata': 'src/certificates.ts',
  undici: 'src/clusters/',
}

/** Modules of Node that reach out of the process; words and decisions do without them. */
const outside = ['child_process', 'dgram', 'dns', 'fs', 'http', 'http2', 'https', 'net', 'tls', 'worker_threads']
const withoutOutside: readonly Room[] = ['machinery', 'engine']
interface Import {
  readonly line: number
  readonly specifier: string
  /** What stands between `import` and `from`. */
  readonly names: string
  /** Only types: nothing of it is there when the program runs. */
  readonly isType: boolean
}

/** What is wrong with the imports of these files: one sentence each, which begins with file and line. */
export function violationsIn(files: Iterable<SourceFile>): readonly string[] {
  const found: string[] = []
  for (const file of files) {
    for (const one of importsOf(file.text)) {
      const complaint = complaintAbout(file, one)
      if (complaint !== undefined) found.push(`${file.path}:${one.line} imports ${one.specifier}: ${complaint}`)
    }
  }
  return found
}

function complaintAbout(file: SourceFile, one: Import): string | undefined {
  const { path } = file
  const { specifier, isType } = one
  const room = roomOf(path)
  if (room === undefined) return 'the file belongs to no room of the house'
  if (specifier.startsWith('node:')) return aboutNode(file, room, one)
  if (!specifier.startsWith('.')) return aboutLibrary(path, specifier)
  const target = normalize(join(dirname(path), specifier))
  if (target === 'package.json') return undefined
  const other = roomOf(target)
  if (other === undefined) return 'it is outside the house'
  if (!/\.(ts|json)$/.test(target)) return 'the file must be named with its ending'
  const allowed = mayKnow[room]
  if (allowed.includes(other) || allowed.includes(target)) return undefined
  // A part is written for hub.ts, which hands it what it needs; it may call that by its type.
  if (room === 'part' && isType) return undefined
  return `${room} may only know ${allowed.join(', ')}`
}

function aboutNode(file: SourceFile, room: Room, { specifier, names }: Import): string | undefined {
  const [name = ''] = specifier.slice('node:'.length).split('/')
  if (!withoutOutside.includes(room) || !outside.includes(name)) return undefined
  // The tables of facts lie beside the code that reads them, and are read once.
  const readsFacts = name === 'fs' && names.trim() === '{ readFileSync }' && file.text.includes('facts/')
  return readsFacts ? undefined : `${room} does no input and output`
}

function aboutLibrary(path: string, specifier: string): string | undefined {
  const [scope = '', name = ''] = specifier.split('/')
  const library = scope.startsWith('@') ? `${scope}/${name}` : scope
  const home = homes[library]
  if (home === undefined) return `${library} has no home yet: give it one in test/layers.ts`
  return path.startsWith(home) ? undefined : `${library} lives in ${home}`
}

function roomOf(path: string): Room | undefined {
  return rooms.find(([prefix]) => path.startsWith(prefix))?.[1]
}

const statement =
  /^[ \t]*(?:import|export)\b(?<names>[^'";]*?)\bfrom\s*['"](?<from>[^'"]+)['"]|^[ \t]*import\s*['"](?<bare>[^'"]+)['"]|\bimport\s*\(\s*['"](?<dynamic>[^'"]+)['"]/gm

function importsOf(text: string): readonly Import[] {
  return [...text.matchAll(statement)].map(({ index, groups = {} }) => ({
    line: text.slice(0, index).split('\n').length,
    specifier: groups['from'] ?? groups['bare'] ?? groups['dynamic'] ?? '',
    names: groups['names'] ?? '',
    isType: /^\s*type\b(?!\s*,)/.test(groups['names'] ?? ''),
  }))
}
