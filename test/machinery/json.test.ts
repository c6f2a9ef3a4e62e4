import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxJsonDepth, parseJson } from '../../src/machinery/json.ts'
import { StatusError } from '../../src/machinery/status-error.ts'

const messageOf = (text: string): string => {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof StatusError) return error.message
    throw error
  }
  return ''
}

describe('parseJson', () => {
  test('agrees with JSON.parse on every JSON text', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text, { numbers: true }).value).toEqual(JSON.parse(text))
      }),
    )
  })

  test('answers any text with a value or a StatusError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[{}[\]",:\\ue.0-9a-z -]{0,40}$/)), (text) => {
        const message = messageOf(text)
        if (message === '') expect(parseJson(text).value).toEqual(JSON.parse(text))
      }),
    )
  })

  test.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a":"', 'unexpected end of JSON input'],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['{"a":1}x', "invalid character 'x' after top-level value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['nul', "invalid character ' ' in literal null (expecting 'l')"],
    ['01', "invalid character '1' after top-level value"],
    ['[1.]', "invalid character ']' after decimal point in numeric literal"],
    ['[-]', "invalid character ']' in numeric literal"],
    ['-', "invalid character ' ' in numeric literal"],
    ['[1e]', "invalid character ']' in exponent of numeric literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"\x01"', "invalid character '\\x01' in string literal"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['1e400', 'json: cannot unmarshal number 1e400 into Go value of type float64'],
  ])('refuses %j in the words of Go', (text, message) => {
    expect(messageOf(text)).toBe(message)
  })

  test('reports repeated fields with their paths, at any depth and however they are escaped', () => {
    const { value, notes } = parseJson('{"a":{"b":[{"x":1,"\\u0078":2}]},"c":1,"a":{}}')
    expect(notes?.duplicates.map(({ path }) => path)).toEqual(['a.b[0].x', 'a'])
    expect(value).toEqual({ a: {}, c: 1 })
  })

  test('merges repeated objects where asked to, as Go does for structs', () => {
    expect(parseJson('{"a":{"b":1},"a":{"c":2}}', { merge: true }).value).toEqual({ a: { b: 1, c: 2 } })
  })

  test('knows how a number was written', () => {
    const { value, notes } = parseJson('{"a":80.0,"b":[1,1e2]}', { numbers: true })
    const object = value as { readonly b: readonly number[] }
    expect(notes?.lexemes.get(object)?.get('a')).toBe('80.0')
    expect(notes?.lexemes.get(object.b)?.get('1')).toBe('1e2')
    expect(notes?.lexemes.get(object.b)?.get('0')).toBeUndefined()
  })

  test('has nothing to note about an ordinary document', () => {
    expect(parseJson('{"a":{"b":true,"c":[1,"x:{\\"}"]}}', { numbers: true }).notes).toBeUndefined()
  })

  test('keeps fields of any name apart from prototypes', () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"b":1,"b":2}'
    expect(JSON.stringify(parseJson(text).value)).toBe('{"__proto__":{"a":1},"constructor":2,"b":2}')
    expect(Object.hasOwn({}, 'a')).toBe(false)
  })

  test('replaces half of a surrogate pair', () => {
    expect(parseJson('["\\ud800","\\ud83d\\ude00","\\\\ud800"]').value).toEqual(['\ufffd', '😀', '\\ud800'])
  })

  test.each([
    ['valid', (depth: number) => '['.repeat(depth) + ']'.repeat(depth)],
    ['repeated', (depth: number) => `{"a":1,"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`],
  ])('takes a %s document at the depth limit and refuses one beyond', (_, nested) => {
    expect(parseJson(nested(maxJsonDepth)).depth).toBe(maxJsonDepth)
    expect(messageOf(nested(maxJsonDepth + 1))).toBe("invalid character '[' exceeded max depth")
  })

  test('survives three mebibytes of brackets', () => {
    expect(messageOf('['.repeat(3 * 1024 * 1024))).toBe("invalid character '[' exceeded max depth")
  })
})
