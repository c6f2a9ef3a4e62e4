import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseContinueToken, printContinueToken } from '../../../apiservice/registry/continue-token.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

test('a token says what was put into it', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/)
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      fc.oneof(fc.constant(''), name),
      name,
      fc.nat(),
      (revision, namespace, last, seen) => {
        const token = { revision, after: { namespace, name: last }, seen }
        expect(parseContinueToken(printContinueToken(token))).toEqual(token)
      },
    ),
  )
})

test('anything else is a bad request', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      ),
      (text) => {
        try {
          parseContinueToken(text)
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError)
          expect(error).toMatchObject({ code: 400 })
        }
      },
    ),
  )
})
