import { expect, test } from 'vitest'
import { openMemoryStore } from '../../storage/memory-store.ts'
import { describeStore } from '../contract/store.ts'

describeStore('the store in memory', async (options) => openMemoryStore(options))

test('a store in memory refuses to be copied', async () => {
  const store = openMemoryStore()
  await expect(store.backup('anywhere')).rejects.toThrow('use a store on disk')
  await store.close()
})
