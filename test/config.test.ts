import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../src/config.ts'
import { closest } from '../src/suggest.ts'

const noFiles = async (path: string): Promise<string> => {
  throw Object.assign(new Error(path), { code: 'ENOENT' })
}

async function mistakesOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  file?: string,
): Promise<readonly string[]> {
  const failure = await parseConfig(argv, env, file === undefined ? noFiles : async () => file).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure === undefined) return []
  if (!(failure instanceof ConfigError)) throw failure
  return failure.message.split('\n')
}

test('without a word the hub listens on this machine only and keeps its data beside itself', async () => {
  const config = await parseConfig([], {}, noFiles)
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 7443,
    hosts: ['127.0.0.1'],
    dataDir: resolve('.entrepot'),
    storage: 'level',
    simulateWorkloads: false,
    refObjectsAvailableScope: 'global',
    eventWindowMs: 600_000,
    minEvents: 10_000,
    logLevel: 'info',
    logFormat: 'auto',
  })
  expect(Object.isFrozen(config)).toBe(true)
})

test('flags come before the environment, that before the file, and the file before defaults', async () => {
  const file = 'port: 1\nlogLevel: debug\neventWindow: 1h30m\nstorage: memory\n'
  const env = { ENTREPOT_CONFIG: 'hub.yaml', ENTREPOT_PORT: '2', ENTREPOT_LOG_LEVEL: 'warn' }
  expect(await parseConfig(['--port', '3'], env, async () => file)).toMatchObject({
    port: 3,
    logLevel: 'warn',
    eventWindowMs: 5_400_000,
    storage: 'memory',
    refObjectsAvailableScope: 'global',
  })
})

test.each([
  { argv: ['--port=0'], value: { port: 0 } },
  { argv: ['--simulate-workloads'], value: { simulateWorkloads: true } },
  { argv: ['--simulate-workloads=false'], value: { simulateWorkloads: false } },
  { argv: ['--data-dir', '/a=b'], value: { dataDir: '/a=b' } },
  {
    argv: ['--tls-san', 'a.example', '--tls-san', 'b.example,::1'],
    value: { hosts: ['127.0.0.1', 'a.example', 'b.example', '::1'] },
  },
  { argv: ['--host', '0.0.0.0', '--tls-san', 'a.example'], value: { hosts: ['a.example'] } },
  { argv: ['--host', 'hub.example.com'], value: { host: 'hub.example.com', hosts: ['hub.example.com'] } },
  { argv: ['--event-window', '500ms'], value: { eventWindowMs: 500 } },
  { argv: ['--ref-objects-available-scope', 'namespace'], value: { refObjectsAvailableScope: 'namespace' } },
])('$argv is understood', async ({ argv, value }) => {
  expect(await parseConfig(argv, {}, noFiles)).toMatchObject(value)
})

test('a list in a file is a list, and an empty file says nothing', async () => {
  const read = (text: string) => parseConfig(['--config', 'hub.yaml'], {}, async () => text)
  expect(await read('tlsSan: [a.example, b.example]')).toMatchObject({ hosts: ['127.0.0.1', 'a.example', 'b.example'] })
  expect(await read('# nothing yet\n')).toMatchObject({ port: 7443 })
})

test('every mistake of every source is told at once, with what would be right', async () => {
  const argv = ['--prot', '7443', '--host', 'a b', 'stray', '--log-level', '--event-window=soon']
  const env = { ENTREPOT_PORT: 'tcp://10.0.0.7:7443', ENTREPOT_CONFIG: 'hub.yaml' }
  expect(await mistakesOf(argv, env, 'storage: disk\nprot: 1\neventWindwo: 3\n')).toEqual([
    '--prot: no such flag; did you mean --port?',
    'stray: no such argument; values belong to flags, like --port 7443',
    '--log-level: its value is missing; write --log-level VALUE',
    'eventWindwo in hub.yaml: no such setting; did you mean eventWindow?',
    'prot in hub.yaml: no such setting; did you mean port?',
    '--host: "a b" is no address; give an IP address or a DNS name',
    'ENTREPOT_PORT: "tcp://10.0.0.7:7443" is no port; it comes from a Service named entrepot: set enableServiceLinks: false in the pod',
    'storage in hub.yaml: "disk" is not known; give one of level, memory',
    '--event-window: "soon" is no length of time; write it like 10m or 1h30m, at most 720h',
  ])
})

test.each([
  { name: 'a port too high', argv: ['--port', '65536'], says: /^--port: "65536" is no port; give a number/ },
  { name: 'a negative port', argv: ['--port', '-1'], says: /^--port: "-1" is no port/ },
  { name: 'a port in hexadecimal', argv: ['--port', '0x10'], says: /is no port/ },
  { name: 'a time without a unit', argv: ['--event-window', '10'], says: /is no length of time/ },
  { name: 'no time at all', argv: ['--event-window', '0s'], says: /is no length of time/ },
  { name: 'a window of no events', argv: ['--event-window-count', '0'], says: /give a whole number above 0/ },
  {
    name: 'an unknown scope',
    argv: ['--ref-objects-available-scope', 'all'],
    says: /give one of global, cluster, namespace/,
  },
  { name: 'a flag that is like no other', argv: ['--frobnicate'], says: /^--frobnicate: no such flag; see --help/ },
  { name: 'a single dash', argv: ['-p', '1'], says: /^-p: no such argument/ },
  {
    name: 'a file that is not there',
    argv: ['--config', 'x.yaml'],
    says: /^x\.yaml: the file does not exist; check the path/,
  },
  {
    name: 'a token file that is not there',
    argv: ['--token-file', '/nowhere/t'],
    says: /^--token-file: \/nowhere\/t does not exist/,
  },
])('$name is refused with a hint', async ({ argv, says }) => {
  const mistakes = await mistakesOf(argv)
  expect(mistakes[0]).toMatch(says)
})

test.each([
  { name: 'that is no YAML', text: 'a: [', says: /^hub\.yaml: yaml: / },
  {
    name: 'with a list for one value',
    text: 'port: [1, 2]',
    says: /^port in hub\.yaml: it takes one value; write it like port: 7443/,
  },
  { name: 'with a map for one value', text: 'port: {a: 1}', says: /^port in hub\.yaml: it takes one value/ },
  {
    name: 'that says something twice',
    text: 'port: 1\nport: 2',
    says: /^hub\.yaml: line 2: key "port" already set in map; keep one/,
  },
  { name: 'of plain text', text: 'hello', says: /^hub\.yaml: it holds no settings/ },
])('a file $name is refused with a hint', async ({ text, says }) => {
  expect((await mistakesOf(['--config', 'hub.yaml'], {}, text))[0]).toMatch(says)
})

test('bad lines of a token file are named without the tokens in them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-config-'))
  const path = join(folder, 'tokens.csv')
  await writeFile(path, 'good,alice,1\nsecret-token\n')
  const [mistake] = await mistakesOf(['--token-file', path])
  expect(mistake).toMatch(/line 2 needs a token and a user/)
  expect(mistake).not.toMatch(/secret-token/)
  await rm(folder, { recursive: true })
})

test.each([
  { word: 'prot', meant: 'port' },
  { word: 'data-dri', meant: 'data-dir' },
  { word: 'loglevel', meant: 'log-level' },
  { word: 'x', meant: undefined },
  { word: 'completely-different', meant: undefined },
])('$word is taken for $meant', ({ word, meant }) => {
  expect(closest(word, ['port', 'data-dir', 'log-level', 'host'])).toBe(meant)
})
