import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalMicroTime,
  canonicalTime,
  instantOf,
  printMicroTime,
  printTime,
} from '../../../src/machinery/schema/time.ts'

// As kube-apiserver 1.36.3 answers them.
test.each([
  ['2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z'],
  ['2020-01-02T03:04:05.123456789Z', '2020-01-02T03:04:05Z'],
  ['2020-01-02T03:04:05,5Z', '2020-01-02T03:04:05Z'],
  ['2020-01-02T03:04:05+02:00', '2020-01-02T01:04:05Z'],
  ['2020-02-29T23:30:00-01:30', '2020-03-01T01:00:00Z'],
  ['2020-01-02T3:04:05Z', '2020-01-02T03:04:05Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
  ['0001-01-01T00:00:00Z', null],
])('the time %s is stored as %s', (text, stored) => {
  expect(canonicalTime(text)).toBe(stored)
})

test.each([
  ['2020-01-02T03:04:05.123456Z', '2020-01-02T03:04:05.123456Z'],
  ['2020-01-02T03:04:05.123456+02:00', '2020-01-02T01:04:05.123456Z'],
  ['0001-01-01T00:00:00.000000Z', null],
])('the microtime %s is stored as %s', (text, stored) => {
  expect(canonicalMicroTime(text)).toBe(stored)
})

test.each([
  ['', 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
  ['2020-01-02', 'parsing time "2020-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  [
    '2020-1-02T03:04:05Z',
    'parsing time "2020-1-02T03:04:05Z" as "2006-01-02T15:04:05Z07:00": cannot parse "1-02T03:04:05Z" as "01"',
  ],
  [
    '2020-01-02T03:04:05.Z',
    'parsing time "2020-01-02T03:04:05.Z" as "2006-01-02T15:04:05Z07:00": cannot parse ".Z" as "Z07:00"',
  ],
  ['2020-01-02T03:04:05Zx', 'parsing time "2020-01-02T03:04:05Zx": extra text: "x"'],
  ['2020-13-02T03:04:05Z', 'parsing time "2020-13-02T03:04:05Z": month out of range'],
  ['2020-02-30T03:04:05Z', 'parsing time "2020-02-30T03:04:05Z": day out of range'],
  ['2020-01-02T24:04:05Z', 'parsing time "2020-01-02T24:04:05Z": hour out of range'],
  ['2020-01-02T03:04:60Z', 'parsing time "2020-01-02T03:04:60Z": second out of range'],
  ['2020-01-02T03:04:05+25:00', 'parsing time "2020-01-02T03:04:05+25:00": time zone offset hour out of range'],
])('%j is no time', (text, message) => {
  expect(() => canonicalTime(text)).toThrow(message)
})

test.each([
  ['2020-01-02T03:04:05Z', 'cannot parse "Z" as ".000000"'],
  ['2020-01-02T03:04:05.123456789Z', 'cannot parse "789Z" as "Z07:00"'],
])('%j is no microtime', (text, message) => {
  expect(() => canonicalMicroTime(text)).toThrow(message)
})

test('every moment survives being printed and read', () => {
  const moments = fc.record({
    seconds: fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
    nanos: fc.integer({ min: 0, max: 999_999 }).map((micros) => micros * 1000),
  })
  fc.assert(
    fc.property(moments, (moment) => {
      expect(instantOf(printMicroTime(moment))).toEqual(moment)
      expect(instantOf(printTime(moment)).seconds).toBe(moment.seconds)
    }),
  )
})
