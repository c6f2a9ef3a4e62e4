import { expect, test } from 'vitest'
import { versionInfo } from '../../../apiservice/discovery/version.ts'

test('the version is a semantic one that clients compare by its numbers', () => {
  const { major, minor, gitVersion } = versionInfo()
  expect([major, minor]).toEqual(['1', '36'])
  expect(gitVersion).toMatch(/^v1\.36\.\d+\+entrepot$/)
})

test('every field of the version is a text', () => {
  for (const value of Object.values(versionInfo())) expect(typeof value).toBe('string')
})
