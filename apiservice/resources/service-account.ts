import type { Behaviour } from './behaviour.ts'
import { age, nameOf } from './cells.ts'

/** ServiceAccounts: who a program is. */
export const serviceAccounts: Behaviour = { cells: (account, now) => [nameOf(account), age(account, now)] }
