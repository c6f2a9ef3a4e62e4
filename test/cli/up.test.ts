import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Running, run, start } from './command.ts'

let folder: string
const running: Running[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-up-'))
})

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await rm(folder, { recursive: true, force: true })
})

async function startHub(...flags: string[]): Promise<Running & { readonly url: string; readonly line: string }> {
  const hub = start(['up', '--port', '0', '--data-dir', join(folder, 'data'), ...flags])
  running.push(hub)
  const [line = '', url = ''] = await hub.until(/^Entrepot is ready at (\S+) .*$/m)
  return { ...hub, url, line }
}

function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { ca }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

test('a hub says in one line where it is and how to use it, and is ready then', async () => {
  const { url, line, child, ended } = await startHub()
  const kubeconfig = join(folder, 'data', 'kubeconfig')
  expect(line).toBe(`Entrepot is ready at ${url}  export KUBECONFIG=${kubeconfig}`)
  expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700)
  expect(await readFile(kubeconfig, 'utf8')).toContain(`server: ${url}`)
  expect(await statusOf(`${url}/readyz`, await readFile(join(folder, 'data', 'pki', 'ca.crt'), 'utf8'))).toBe(200)
  child.kill('SIGTERM')
  const { code, out } = await ended
  expect({ code, out }).toEqual({ code: 0, out: `${line}\n` })
})

test.each([
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
] as const)('%s ends a hub cleanly, even when it comes twice', async (signal) => {
  const { child, ended } = await startHub('--storage', 'memory')
  child.kill(signal)
  child.kill(signal)
  expect((await ended).code).toBe(0)
})

test('a second hub on the same data is refused with a sentence that says so', async () => {
  const { url } = await startHub()
  const { port } = new URL(url)
  const elsewhere = await run(['up', '--port', '0', '--data-dir', join(folder, 'data')])
  expect(elsewhere).toMatchObject({ code: 2, out: '' })
  expect(elsewhere.err).toMatch(/^ {2}--data-dir: the store in .*data\/store is in use by another process/m)
  const same = await run(['up', '--port', port, '--data-dir', join(folder, 'data')])
  expect(same.code).toBe(2)
  expect(same.err).toMatch(/in use by another process/)
  expect(same.err).toMatch(new RegExp(`--port: port ${port} is taken by another process`))
})

test('a hub comes back with the same identity after it was killed', async () => {
  const first = await startHub()
  const before = await readFile(join(folder, 'data', 'pki', 'admin.crt'), 'utf8')
  first.child.kill('SIGKILL')
  await first.ended
  await startHub()
  expect(await readFile(join(folder, 'data', 'pki', 'admin.crt'), 'utf8')).toBe(before)
})

test('mistakes of the user and of the machine are all told at once, with exit code 2 and nothing made', async () => {
  const { url } = await startHub()
  const open = join(folder, 'open')
  await writeFile(join(folder, 'bad.yaml'), 'prot: 1')
  await rm(open, { recursive: true, force: true })
  const made = await run(['up', '--data-dir', open, '--bogus'])
  expect(made.code).toBe(2)
  await expect(stat(open)).rejects.toMatchObject({ code: 'ENOENT' })

  await chmod(folder, 0o755)
  const flags = [
    '--data-dir',
    folder,
    '--port',
    new URL(url).port,
    '--config',
    join(folder, 'bad.yaml'),
    '--bogus',
    '3',
  ]
  const { code, out, err } = await run(['up', ...flags], { ENTREPOT_LOG_LEVEL: 'loud' })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err.split('\n').slice(0, -1)).toEqual([
    'The hub cannot start, for 5 reasons:',
    '  --bogus: no such flag; see --help for those there are',
    `  prot in ${folder}/bad.yaml: no such setting; did you mean port?`,
    '  ENTREPOT_LOG_LEVEL: "loud" is not known; give one of debug, info, warn, error',
    `  --data-dir: ${folder} can be read by others (mode 755), and it holds the keys of the hub: chmod 700 ${folder}`,
    `  --port: port ${new URL(url).port} is taken by another process; stop that one, or choose another; 0 picks a free one`,
  ])
})

test.each([
  {
    name: 'a file as data directory',
    flags: () => ['--data-dir', join(folder, 'file')],
    says: /file is no folder: choose another/,
  },
  {
    name: 'an address of another machine',
    flags: () => ['--host', '192.0.2.1'],
    says: /192\.0\.2\.1 is no address of this machine/,
  },
  {
    name: 'a name that nobody has',
    flags: () => ['--host', 'no.such.invalid'],
    says: /the name no\.such\.invalid has no address/,
  },
])('$name is refused in words', async ({ flags, says }) => {
  await writeFile(join(folder, 'file'), '')
  const { code, err } = await run(['up', '--port', '0', '--data-dir', join(folder, 'data'), ...flags()])
  expect(code).toBe(2)
  expect(err).toMatch(says)
})

test('the help lists every flag with its default and its variable', async () => {
  const { code, out } = await run(['up', '--help'])
  expect(code).toBe(0)
  expect(out).toMatch(/^--port PORT +7443 +ENTREPOT_PORT +port to listen on/m)
  expect(out).toMatch(/^--ref-objects-available-scope SCOPE +global +ENTREPOT_REF_OBJECTS_AVAILABLE_SCOPE/m)
})

test.each([
  { args: ['--version'], code: 0, out: /^entrepot \d+\.\d+\.\d+ \(Node / },
  { args: ['version', '-o', 'json'], code: 0, out: /^\{\n {2}"entrepot": "\d/ },
  { args: ['--help'], code: 0, out: /^Usage: entrepot/ },
  { args: [], code: 2, out: /^$/ },
  { args: ['bogus'], code: 2, out: /^$/ },
  { args: ['version', '-o', 'xml'], code: 2, out: /^$/ },
  { args: ['cluster', 'join'], code: 2, out: /^$/ },
])('entrepot $args ends with $code', async ({ args, code, out }) => {
  const ran = await run(args)
  expect(ran.code).toBe(code)
  expect(ran.out).toMatch(out)
})
