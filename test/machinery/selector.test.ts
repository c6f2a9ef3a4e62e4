import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  labelSelectorFrom,
  parseFieldSelector,
  parseLabelSelector,
  printLabelSelector,
} from '../../src/machinery/selector.ts'
import { StatusError } from '../../src/machinery/status-error.ts'

const labelRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const termOperators = 'in, notin, =, ==, !=, gt, lt'
const long = 'x'.repeat(64)

// Every text was measured on kube-apiserver 1.36.3.
describe('a label selector', () => {
  test.each([
    ['a=b=c', `found '=', expected: ',' or 'end of string'`],
    ['a b', `unable to parse requirement: found 'b', expected: ${termOperators}`],
    ['!', `unable to parse requirement: found '', expected: identifier`],
    ['!a=b', `found '=', expected: ',' or 'end of string'`],
    ['a in', `unable to parse requirement: found '' expected: '('`],
    ['a in b', `unable to parse requirement: found 'b' expected: '('`],
    ['a in (b', `unable to parse requirement: found '', expected: ',' or ')'`],
    ['a in (b c)', `unable to parse requirement: found 'c', expected: ',' or ')'`],
    ['a in (b,', `unable to parse requirement: found '', expected: ',', or identifier`],
    ['a in (=)', `unable to parse requirement: found '=', expected: ',', ')' or identifier`],
    ['a in (b=)', `unable to parse requirement: found '=', expected: ',' or ')'`],
    ['a in (,b', `unable to parse requirement: found '', expected: ',' or ')'`],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      'a>9223372036854775808',
      `unable to parse requirement: values[0]: Invalid value: "9223372036854775808": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['a>-1', `unable to parse requirement: values[0][a]: Invalid value: "-1": ${labelRule}`],
    [
      'a>',
      `unable to parse requirement: values[0]: Invalid value: "": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      'a>5$',
      `unable to parse requirement: [values[0]: Invalid value: "5$": for 'Gt', 'Lt' operators, the value must be an integer, values[0][a]: Invalid value: "5$": ${labelRule}]`,
    ],
    ['a,', `found '', expected: identifier after ','`],
    ['a=,', `found '', expected: identifier after ','`],
    ['a,,b', `found ',', expected: identifier after ','`],
    [',a', `found ',', expected: !, identifier, or 'end of string'`],
    ['(a)', `found '(', expected: !, identifier, or 'end of string'`],
    ['!=b', `found '!=', expected: !, identifier, or 'end of string'`],
    ['a!b', `unable to parse requirement: found '!', expected: ${termOperators}`],
    ['a(b)', `unable to parse requirement: found '(', expected: ${termOperators}`],
    ['a==!b', `unable to parse requirement: found '!', expected: identifier`],
    ['a===b', `unable to parse requirement: found '=', expected: identifier`],
    ['!!a', `unable to parse requirement: found '!', expected: identifier`],
    ['a = b c', `found 'c', expected: ',' or 'end of string'`],
    ['/b=c', `unable to parse requirement: <nil>: Invalid value: "/b": prefix part must be non-empty`],
    ['a$=b', `unable to parse requirement: <nil>: Invalid value: "a$": ${nameRule}`],
    ['a/', `unable to parse requirement: <nil>: Invalid value: "a/": name part must be non-empty; ${nameRule}`],
    ['a=b$,c=d$', `unable to parse requirement: values[0][a]: Invalid value: "b$": ${labelRule}`],
    [
      'a in (c$,b$)',
      `unable to parse requirement: [values[0][a]: Invalid value: "b$": ${labelRule}, values[1][a]: Invalid value: "c$": ${labelRule}]`,
    ],
    [`a=${long}`, `unable to parse requirement: values[0][a]: Invalid value: "${long}": must be no more than 63 bytes`],
    [
      `${long}=b`,
      `unable to parse requirement: <nil>: Invalid value: "${long}": name part must be no more than 63 bytes`,
    ],
  ])('refuses %j in the words of Kubernetes', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(
      expect.objectContaining({ name: 'StatusError', code: 400, reason: 'BadRequest', message }),
    )
  })

  test.each([
    ['a=b', 'a=b'],
    ['a == b', 'a==b'],
    ['z,a!=,!m', 'a!=,!m,z'],
    ['a\tin\n(c,b,c)', 'a in (b,c)'],
    ['a in ()', 'a in ()'],
    ['a notin (,)', 'a notin ()'],
    ['a in (b,,,c)', 'a in (,b,c)'],
    ['in in (in,notin)', 'in in (in,notin)'],
    ['notin', 'notin'],
    ['! a', '!a'],
    ['a > 1 , b < 007', 'a>1,b<007'],
    ['example.com/a_b.C', 'example.com/a_b.C'],
  ])('reads %j and prints it as %j', (text, printed) => {
    expect(printLabelSelector(parseLabelSelector(text))).toBe(printed)
  })

  const labels = { a: 'x', empty: '', five: '5', word: 'five' }
  test.each([
    ['', true],
    ['a=x', true],
    ['a=y', false],
    ['b=', false],
    ['empty=', true],
    ['a!=y', true],
    ['b!=y', true],
    ['a in (x,y)', true],
    ['b in (x,)', false],
    ['empty in ()', true],
    ['a notin (x)', false],
    ['b notin (x)', true],
    ['a', true],
    ['!a', false],
    ['!b', true],
    ['five>4', true],
    ['five>5', false],
    ['five<6', true],
    ['word>1', false],
    ['missing<9', false],
    ['a=x,five>5', false],
    ['constructor', false],
    ['!constructor', true],
  ])('%j matches the labels: %j', (text, matches) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(matches)
  })

  test('that is empty says so, and matches an object without labels', () => {
    expect(parseLabelSelector(' ')).toMatchObject({ empty: true, requirements: [] })
    expect(parseLabelSelector('').matches(undefined)).toBe(true)
    expect(parseLabelSelector('a').empty).toBe(false)
  })
})

describe('a LabelSelector object', () => {
  test('joins its labels and expressions', () => {
    const selector = labelSelectorFrom({
      matchLabels: { tier: 'web', app: 'shop' },
      matchExpressions: [
        { key: 'zone', operator: 'NotIn', values: ['b', 'a'] },
        { key: 'ready', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist', values: [] },
      ],
    })
    expect(printLabelSelector(selector)).toBe('app=shop,!old,ready,tier=web,zone notin (a,b)')
    expect(selector.matches({ app: 'shop', tier: 'web', ready: 'yes', zone: 'c' })).toBe(true)
    expect(selector.matches({ app: 'shop', tier: 'web', ready: 'yes', zone: 'a' })).toBe(false)
  })

  test('selects nothing when it is absent and everything when it is empty', () => {
    expect(labelSelectorFrom(undefined)).toMatchObject({ empty: false })
    expect(labelSelectorFrom(undefined).matches({})).toBe(false)
    expect(labelSelectorFrom({})).toMatchObject({ empty: true })
    expect(labelSelectorFrom({}).matches({ a: 'b' })).toBe(true)
  })

  test.each([
    [{ key: 'a', operator: 'Gt', values: ['1'] }, '"Gt" is not a valid label selector operator'],
    [
      { key: 'a', operator: 'In', values: [] },
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    ],
  ])('is refused for the expression %j', (expression, message) => {
    expect(() => labelSelectorFrom({ matchExpressions: [expression] })).toThrow(
      expect.objectContaining({ code: 400, message }),
    )
  })
})

describe('a field selector', () => {
  test.each([
    ['a', `invalid selector: 'a'; can't understand 'a'`],
    ['metadata.name=x,y', `invalid selector: 'metadata.name=x,y'; can't understand 'y'`],
    ['metadata.name!x', `invalid selector: 'metadata.name!x'; can't understand 'metadata.name!x'`],
    ['metadata.name=x=y', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name===x', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name!==x', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=x\\y', 'invalid field selector: invalid escape sequence: \\y'],
    ['metadata.name=\\é', 'invalid field selector: invalid escape sequence: \\é'],
    ['metadata.name=x\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('refuses %j in the words of Kubernetes', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(
      expect.objectContaining({ code: 400, reason: 'BadRequest', message }),
    )
  })

  test.each([
    ['', []],
    [',', []],
    ['=', []],
    ['a=x,', [{ field: 'a', operator: '=', value: 'x' }]],
    [
      'a==x,b!=y',
      [
        { field: 'a', operator: '=', value: 'x' },
        { field: 'b', operator: '!=', value: 'y' },
      ],
    ],
    ['a=x\\,y\\=z\\\\', [{ field: 'a', operator: '=', value: 'x,y=z\\' }]],
    [' a = x', [{ field: ' a ', operator: '=', value: ' x' }]],
    ['a=x!y', [{ field: 'a', operator: '=', value: 'x!y' }]],
  ])('reads %j', (text, requirements) => {
    expect(parseFieldSelector(text)).toMatchObject({ requirements, empty: requirements.length === 0 })
  })

  test('matches when every field has, or has not, its value', () => {
    const fieldValue = (field: string) => (field === 'phase' ? 'Running' : undefined)
    expect(parseFieldSelector('phase=Running,node=').matches(fieldValue)).toBe(true)
    expect(parseFieldSelector('phase!=Running').matches(fieldValue)).toBe(false)
    expect(parseFieldSelector('node!=a').matches(fieldValue)).toBe(true)
  })
})

describe('any text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('a', 'in', 'notin', ' ', '=', '!', '(', ')', ',', '<', '>', '/', '\\', '5', '$'),
    }),
  )

  test.each([
    ['label', parseLabelSelector],
    ['field', parseFieldSelector],
  ])('is a %s selector or a StatusError', (_name, parse) => {
    fc.assert(
      fc.property(text, (input) => {
        try {
          parse(input)
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError)
        }
      }),
    )
  })

  test('that is a label selector prints as one that means the same', () => {
    fc.assert(
      fc.property(text, (input) => {
        const selector = parsedOrUndefined(input)
        if (selector === undefined) return
        expect(parseLabelSelector(printLabelSelector(selector)).requirements).toEqual(selector.requirements)
      }),
    )
  })

  test.each([
    ['terms', 'a=b,'],
    ['symbols', '!'],
    ['open sets', 'a in ('],
    ['one word', 'a'],
    ['empty values', 'a in (,'],
    ['escapes', 'a=\\\\'],
  ])('of a megabyte of %s is answered quickly', (_name, unit) => {
    const input = unit.repeat(Math.ceil(1_000_000 / unit.length))
    const started = performance.now()
    for (const parse of [parseLabelSelector, parseFieldSelector]) {
      try {
        parse(input)
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError)
      }
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

function parsedOrUndefined(input: string) {
  try {
    return parseLabelSelector(input)
  } catch {
    return undefined
  }
}
