import { afterEach, describe } from 'vitest'
import type { Store } from '../../storage/store.ts'
import type { StoreOpener } from './store-fixtures.ts'
import { describeFollowing } from './store-following.ts'
import { describeModel } from './store-model.ts'
import { describePast } from './store-past.ts'
import { describeRanges } from './store-ranges.ts'
import { describeWrites } from './store-writes.ts'

/**
 * Everything that `Store` promises, as tests of one engine. `open` makes a new, empty store with these options; it is closed
 * here. What only an engine with a disk can promise is tested beside it.
 */
export function describeStore(name: string, open: StoreOpener): void {
  const opened: Store[] = []
  const tracked: StoreOpener = async (options) => {
    const store = await open(options)
    opened.push(store)
    return store
  }
  describe(name, () => {
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()))
    })
    describeWrites(tracked)
    describeRanges(tracked)
    describePast(tracked)
    describeFollowing(tracked)
    describeModel(tracked)
  })
}
