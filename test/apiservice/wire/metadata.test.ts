import { expect, test } from 'vitest'
import { partialMetadata, partialMetadataList } from '../../../apiservice/wire/metadata.ts'

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

test('a list of metadata has the metadata of the list, and items that say their kind', () => {
  expect(
    partialMetadataList([secret], 'v1', { resourceVersion: '9', continue: 'next', remainingItemCount: 2 }),
  ).toEqual({
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '9', continue: 'next', remainingItemCount: 2 },
    items: [partialMetadata(secret, 'v1')],
  })
})
