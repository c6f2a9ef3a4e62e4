import type { KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { nameOf, objects, text } from './cells.ts'

function cells(component: KubeObject): readonly unknown[] {
  const healthy = objects(component, 'conditions').find(({ type }) => type === 'Healthy')
  if (!healthy) return [nameOf(component), 'Unknown', '', '']
  const status = healthy['status'] === 'True' ? 'Healthy' : 'Unhealthy'
  return [nameOf(component), status, text(healthy, ['message']), text(healthy, ['error'])]
}

/** ComponentStatuses: what the parts of a control plane said of their health, before there were health checks. */
export const componentStatuses: Behaviour = {
  cells,
  strategy: { warnings: () => ['v1 ComponentStatus is deprecated in v1.19+'] },
}
