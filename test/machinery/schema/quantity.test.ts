import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalQuantity,
  canonicalResourceAmount,
  compareQuantities,
  isQuantity,
  parseQuantity,
  printQuantity,
} from '../../../src/machinery/schema/quantity.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

// Sent to kube-apiserver 1.36.3 as a resource quota or a volume size, and read back.
test.each([
  ['1000m', '1'],
  ['1024Mi', '1Gi'],
  ['1500Mi', '1500Mi'],
  ['1.5Gi', '1536Mi'],
  ['1.5Ki', '1536'],
  ['0.1Ki', '102400m'],
  ['1023.5Ki', '1048064'],
  ['0Mi', '0'],
  ['1000000', '1M'],
  ['10000k', '10M'],
  ['1000000000000000000000m', '1E'],
  ['2048', '2048'],
  ['.5', '500m'],
  ['0.5', '500m'],
  ['1.0', '1'],
  ['1.', '1.'],
  ['+1', '+1'],
  ['00012', '00012'],
  ['  1', '1'],
  ['1 ', '1'],
  ['m', '0'],
  ['.', '0'],
  ['+', '0'],
  ['1e3', '1e3'],
  ['1E3', '1E3'],
  ['1e+3', '1e+3'],
  ['1e4', '10e3'],
  ['1000e0', '1e3'],
  ['12e1', '120'],
  ['1E2', '100'],
  ['5e-1', '500e-3'],
  ['1E-3', '1E-3'],
  ['0e5', '0'],
  ['1e1000000', '10e999999'],
  ['1E', '1E'],
  ['10E', '10E'],
  ['8Ei', '9223372036854775807'],
  ['7Ei', '7Ei'],
  ['9223372036854775808', '9223372036854775808'],
  ['99999999999999999999', '99999999999999999999'],
  ['-1024Mi', '-1Gi'],
  ['E-9', '0'],
  ['+100Ki', '+100Ki'],
  ['+8Ki', '8Ki'],
  ['+10Ti', '+10Ti'],
  ['+1Pi', '1Pi'],
  ['+123456Gi', '123456Gi'],
  ['+1.500', '+1.500'],
  ['+1.1024', '1102400u'],
  ['+1234567890123456789', '1234567890123456789'],
  ['1.12345678912', '1123456790n'],
])('%j is %s', (text, printed) => {
  expect(canonicalQuantity(text)).toBe(printed)
})

const formatWrong = /^quantities must match the regular expression/
test.each([
  ['', formatWrong],
  ['1x', formatWrong],
  ['1.2.3', formatWrong],
  ['1KI', formatWrong],
  ['1e3.5', formatWrong],
  ['1mm', /^unable to parse quantity's suffix$/],
  ['1ki', /^unable to parse quantity's suffix$/],
  ['1K', /^unable to parse quantity's suffix$/],
  ['1e', /^unable to parse quantity's suffix$/],
  ['1i', /^unable to parse quantity's suffix$/],
  ['1ee3', /^unable to parse quantity's suffix$/],
  ['1+3', /^unable to parse quantity's suffix$/],
  ['5-', /^unable to parse quantity's suffix$/],
  ['1E+', /^unable to parse quantity's suffix$/],
  ['Pi', /^unable to parse numeric part of quantity$/],
  ['E-10', /^unable to parse numeric part of quantity$/],
  ['1'.repeat(1000), /^unable to parse numeric part of quantity$/],
])('%j is no quantity', (text, message) => {
  expect(isQuantity(text)).toBe(false)
  expect(() => parseQuantity(text)).toThrow(message)
})

const amounts = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 20n }),
    fc.option(fc.stringMatching(/^\d{1,6}$/)),
    fc.constantFrom(
      '',
      'n',
      'u',
      'm',
      'k',
      'M',
      'G',
      'T',
      'P',
      'E',
      'Ki',
      'Mi',
      'Gi',
      'Ti',
      'Pi',
      'Ei',
      'e3',
      'E-2',
      'e12',
      'e+1',
    ),
  )
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`)

describe('quantities', () => {
  test('print as a text that reads as the same amount and prints as itself', () => {
    fc.assert(
      fc.property(amounts, (text) => {
        const quantity = parseQuantity(text)
        const printed = printQuantity(quantity)
        const again = parseQuantity(printed)
        expect(compareQuantities(quantity, again)).toBe(0)
        expect(printQuantity(again)).toBe(printed)
      }),
    )
  })

  test('are ordered: antisymmetric and transitive', () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (first, second, third) => {
        const [a, b, c] = [parseQuantity(first), parseQuantity(second), parseQuantity(third)]
        expect(compareQuantities(a, b) + compareQuantities(b, a)).toBe(0)
        if (compareQuantities(a, b) <= 0 && compareQuantities(b, c) <= 0) {
          expect(compareQuantities(a, c)).toBeLessThanOrEqual(0)
        }
      }),
    )
  })

  test.each([
    ['1', '1000m', 0],
    ['1Ki', '1024', 0],
    ['1Ki', '1k', 1],
    ['-1', '1', -1],
    ['-2', '-1', -1],
    ['0', '0Mi', 0],
    ['1e1000000', '1', 1],
    ['-1e1000000', '1', -1],
    ['1e1000000', '1e1000001', -1],
  ])('%s against %s is %i', (left, right, order) => {
    expect(Math.sign(compareQuantities(parseQuantity(left), parseQuantity(right)))).toBe(order)
  })

  test('never fail but with a StatusError, and in no time', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[+-]?[0-9.]{0,30}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}$/), (text) => {
        try {
          canonicalQuantity(text)
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError)
        }
      }),
    )
  })

  test.each([
    ['1n', '1m'],
    ['1500u', '2m'],
    ['-1n', '-1m'],
    ['1e-10', '1e-3'],
    ['1.0001Ki', '1024103m'],
    ['0.001Gi', '1073741824m'],
    ['100m', '100m'],
  ])('%s counts as %s in a resource list', (text, printed) => {
    expect(canonicalResourceAmount(text)).toBe(printed)
  })
})
