import type { Store } from '../../storage/store.ts'
import { Admission } from '../registry/admission.ts'
import { defaultTolerations } from './default-tolerations.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { podPriority } from './pod-priority.ts'

/** Every plugin, in the order in which they run. */
export function openAdmission(store: Store): Admission {
  return new Admission([namespaceLifecycle(store), podPriority(store), defaultTolerations])
}
