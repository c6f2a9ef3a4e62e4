import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StatusError } from '../../src/machinery/status-error.ts'
import { maxYamlDepth, parseYaml, printYaml } from '../../src/machinery/yaml.ts'

const messageOf = (text: string): string => {
  try {
    parseYaml(text)
  } catch (error) {
    if (error instanceof StatusError) return error.message
    throw error
  }
  return ''
}

// Posted as YAML to kube-apiserver 1.36.3 inside an untyped field, and read back.
describe('parseYaml reads scalars as kube-apiserver does', () => {
  test.each([
    ['0644', 420],
    ['0777777', 262143],
    ['00', 0],
    ['08', 8],
    ['0o17', 15],
    ['0o8', '0o8'],
    ['0x1F', 31],
    ['-0x1F', -31],
    ['0b11', 3],
    ['0x', '0x'],
    ['1_000', 1000],
    ['1__0', 10],
    ['_1', '_1'],
    ['0x_1', 1],
    ['1e_5', 100000],
    ['5_.0', 5],
    ['._0', '._0'],
    ['.5_0', 0.5],
    ['.1e_1', '.1e_1'],
    ['+._0', 0],
    ['.5e+_1', '.5e+_1'],
    ['+1', 1],
    ['-0', 0],
    ['1e3', 1000],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1.e3', 1000],
    ['1e', '1e'],
    ['1e400', '1e400'],
    ['1,000', '1,000'],
    ['12:30:45', '12:30:45'],
    ['190:20:30', '190:20:30'],
    ['2001-01-01', '2001-01-01'],
    ['2001-12-14T21:59:43.10-05:00', '2001-12-14T21:59:43.10-05:00'],
    ['yes', true],
    ['on', true],
    ['y', true],
    ['Off', false],
    ['n', false],
    ['TRUE', true],
    ['tRUE', 'tRUE'],
    ['~', null],
    ['', null],
    ['Null', null],
    ['99999999999999999999', 100000000000000000000],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 3', 3],
    ['!!bool yes', true],
    ['!!binary aGVsbG8=', 'hello'],
    ['!foo bar', 'bar'],
    ['!!set {a, b}', { a: null, b: null }],
    ['=', '='],
    ['<<', '<<'],
    ['"\\x41"', 'A'],
    ["'a''b'", "a'b"],
    ['Infinity', 'Infinity'],
  ])('%s', (text, value) => {
    expect(parseYaml(`v: ${text}`).value).toEqual({ v: value })
  })

  test.each([
    ['.inf', 'json: unsupported value: +Inf'],
    ['-.Inf', 'json: unsupported value: -Inf'],
    ['.nan', 'json: unsupported value: NaN'],
    ['*x', "yaml: unknown anchor 'x' referenced"],
    ['&a [*a]', "yaml: anchor 'a' value contains itself"],
    ['{? [a] : 1}', 'yaml: invalid map key: ["a"]'],
    ['{~: 1}', 'unsupported map key of type: %!s(<nil>), key: <nil>'],
    ['{<<: 5}', 'yaml: map merge requires map or sequence of maps as the value'],
    ['!!int x', 'yaml: cannot decode !!str `x` as a !!int'],
  ])('refuses %s', (text, message) => {
    expect(messageOf(`v: ${text}`)).toBe(message)
  })
})

describe('parseYaml', () => {
  test('sorts fields and makes text of keys', () => {
    expect(JSON.stringify(parseYaml('y: 1\n1: b\n1.5: c\na: d').value)).toBe('{"1":"b","1.5":"c","a":"d","true":1}')
  })

  test('reports repeated keys with their lines, and lets the last one win', () => {
    expect(parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na: 2')).toEqual({
      value: { a: 2, b: { c: 2 } },
      duplicates: ['line 4: key "c" already set in map', 'line 5: key "a" already set in map'],
    })
  })

  test('merges maps, the first of a list over the later ones, own keys over all', () => {
    const { value } = parseYaml('b: &b {x: 1, w: 1}\nd: &d {x: 2, z: 2}\nc:\n  <<: [*b, *d]\n  w: 9')
    expect(value).toMatchObject({ c: { x: 1, w: 9, z: 2 } })
  })

  test.each([
    ['metadata: {name: a}\n---\nmetadata: {name: b}', { metadata: { name: 'a' } }],
    ['---\nmetadata: {name: a}\n---\n{', { metadata: { name: 'a' } }],
    ['# comment\n---\n---\nmetadata: {name: b}', null],
    ['%YAML 1.1\n---\na: 1\n...\nnonsense: [', { a: 1 }],
    ['a: |\n  x\n  ---\n  y\n', { a: 'x\n---\ny\n' }],
    ['---\n', null],
    ['', null],
    ['\ufeffa: 1', { a: 1 }],
    ['a: 1\r\n---\r\nb: 2', { a: 1 }],
  ])('reads the first document of %j', (text, value) => {
    expect(parseYaml(text).value).toEqual(value)
  })

  test('copies what an alias repeats, so that changing one place changes one place', () => {
    const { a, b } = parseYaml('a: &x {c: 1}\nb: *x').value as { a: { c: number }; b: { c: number } }
    a.c = 2
    expect(b.c).toBe(1)
  })

  test('refuses a document that grows through aliases, in bounded time', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 9; level++) bomb.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`)
    const started = performance.now()
    expect(messageOf(bomb.join('\n'))).toBe('yaml: document contains excessive aliasing')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('refuses a long text that is repeated often, and takes one that is not', () => {
    const text = (aliases: number) => `a: &a ${'x'.repeat(1024 * 1024)}\nb: [${'*a,'.repeat(aliases)}]`
    expect(messageOf(text(99))).toBe('yaml: document contains excessive aliasing')
    expect(messageOf(text(3))).toBe('')
  })

  test('takes a document at the depth limit and refuses one beyond', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(messageOf(nested(maxYamlDepth))).toBe('')
    expect(messageOf(nested(maxYamlDepth + 1))).toBe('yaml: line 1: exceeded max depth of 1000')
    expect(messageOf('- '.repeat(100_000))).toMatch(/^yaml: /)
  })

  test('answers any text with a value or a StatusError', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '&x ',
      '*x',
      '<<',
      '---\n',
      '"',
      "'",
      '|',
      '>',
      '# ',
      '!!',
      '%',
      '0',
      '1e',
      '? ',
      ',',
      '\t',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          messageOf(text)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('reads what printYaml wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const json: unknown = JSON.parse(JSON.stringify(value))
        expect(parseYaml(printYaml(json)).value).toEqual(json)
      }),
    )
  })
})

test('printYaml writes like kubectl get -o yaml', () => {
  expect(
    printYaml({
      kind: 'ConfigMap',
      metadata: { resourceVersion: '341', name: 'wire', finalizers: ['a', 'b'] },
      apiVersion: 'v1',
      data: { yes: 'no', text: 'a\nb\n', empty: '' },
      status: {},
    }),
  ).toBe(`apiVersion: v1
data:
  empty: ""
  text: |
    a
    b
  "yes": "no"
kind: ConfigMap
metadata:
  finalizers:
  - a
  - b
  name: wire
  resourceVersion: "341"
status: {}
`)
})
