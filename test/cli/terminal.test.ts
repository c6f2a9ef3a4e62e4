import { expect, test } from 'vitest'
import { plain, shellWord, Terminal } from '../../src/cli/terminal.ts'

function written(env: Readonly<Record<string, string>>, isTTY: boolean, use: (terminal: Terminal) => void): string {
  let text = ''
  use(new Terminal({ isTTY, write: (part) => (text += part) }, env))
  return text
}

test.each([
  { name: 'a terminal', isTTY: true, env: {}, colours: true },
  { name: 'a pipe', isTTY: false, env: {}, colours: false },
  { name: 'a terminal of someone who wants none', isTTY: true, env: { NO_COLOR: '1' }, colours: false },
  { name: 'a terminal that cannot', isTTY: true, env: { TERM: 'dumb' }, colours: false },
  { name: 'a pipe that asks for them', isTTY: false, env: { FORCE_COLOR: '1' }, colours: true },
])('$name gets colours: $colours', ({ isTTY, env, colours }) => {
  const text = written(env, isTTY, (terminal) => terminal.line(terminal.paint('good', 'yes')))
  expect(text).toBe(colours ? '\u001b[32myes\u001b[39m\n' : 'yes\n')
})

test('columns line up whatever their colours, and nothing trails', () => {
  const rows = [
    [{ text: 'hangzhou-1', tone: 'strong' as const }, 'yes', 'fine'],
    ['b', { text: 'no', tone: 'bad' as const }, ''],
  ]
  expect(written({}, false, (terminal) => terminal.table(['CLUSTER', 'HEALTHY', 'MESSAGE'], rows))).toBe(
    'CLUSTER      HEALTHY   MESSAGE\nhangzhou-1   yes       fine\nb            no\n',
  )
  const coloured = written({}, true, (terminal) => terminal.table(['CLUSTER', 'HEALTHY', 'MESSAGE'], rows))
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(
    'CLUSTER      HEALTHY   MESSAGE\nhangzhou-1   yes       fine\nb            no\n',
  )
})

test('what clusters and objects say cannot steer the terminal', () => {
  const evil = 'a\u001b[2Jb\u0007c\u009bd\ne'
  expect(plain(evil)).toBe('a\ufffd[2Jb\ufffdc\ufffdd e')
  const text = written({}, true, (terminal) => terminal.table(['NAME'], [[evil], [{ text: evil, tone: 'bad' }]]))
  expect(text).not.toContain('\u001b[2J')
  expect(text).not.toContain('\u009b')
})

test.each([
  { value: { b: 1, a: ['x'] }, format: 'json' as const, text: '{\n  "b": 1,\n  "a": [\n    "x"\n  ]\n}\n' },
  { value: { b: 1, a: ['x'] }, format: 'yaml' as const, text: 'a:\n- x\nb: 1\n' },
])('data is written as $format', ({ value, format, text }) => {
  expect(written({}, false, (terminal) => terminal.data(value, format))).toBe(text)
})

test.each([
  { word: '/tmp/a-b.c', quoted: '/tmp/a-b.c' },
  { word: '/tmp/with blank', quoted: "'/tmp/with blank'" },
  { word: "it's", quoted: "'it'\\''s'" },
])('$word is pasted into a shell as $quoted', ({ word, quoted }) => {
  expect(shellWord(word)).toBe(quoted)
})
