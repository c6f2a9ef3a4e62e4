import { expect, test } from 'vitest'
import { partialMetadata } from '../../../apiservice/wire/metadata.ts'

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'a', labels: { b: 'c' } },
  data: { key: 'dmFsdWU=' },
}

test.each(['v1', 'v1beta1'] as const)('the %s metadata of an object shows nothing else of it', (version) => {
  expect(JSON.stringify(partialMetadata(secret, version))).toBe(
    `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":{"name":"a","labels":{"b":"c"}}}`,
  )
})
