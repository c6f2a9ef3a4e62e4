import { openLevelStore } from '../../storage/level-store.ts'
import { describeStore } from '../contract/store.ts'
import { temporaryFolder } from './temporary-folder.ts'

describeStore('the store on LevelDB', async (options) => openLevelStore(await temporaryFolder(), options))
