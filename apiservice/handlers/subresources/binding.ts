import { printTime } from '../../../src/machinery/clock.ts'
import { setCondition } from '../../../src/machinery/conditions.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { answerDone, representationOf } from '../answer.ts'
import { type Handler, keyIn, writeContext } from '../handler.ts'
import { parseWriteOptions } from '../options.ts'
import { readAs } from './read-as.ts'

/** POST of `binding`: what a scheduler does to place a pod on a node. */
export const bindPod: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const options = parseWriteOptions(info.query, 'CreateOptions')
  const binding = await readAs(request, { group: '', version: 'v1', kind: 'Binding' }, options.fieldValidation)
  if (binding.metadata.name !== info.name)
    throw StatusError.badRequest('name in URL does not match name in Binding object')
  const context = writeContext(request, options)
  await resource.update(
    keyIn(request),
    {
      subresource: 'binding',
      managed: false,
      orCreate: false,
      unconditional: true,
      next: (pod) => {
        if (pod === undefined) throw StatusError.notFound(resource.definition, info.name)
        return bound(pod, binding, printTime(context.now))
      },
    },
    context,
  )
  return answerDone(representation)
}

function bound(pod: KubeObject, binding: KubeObject, now: string): KubeObject {
  const name = pod.metadata.name ?? ''
  const refuse = (detail: string) => StatusError.conflict({ group: '', resource: 'pods/binding' }, name, detail)
  const target = fieldAt(binding, 'target', 'name')
  const current = fieldAt(pod, 'spec', 'nodeName')
  if (pod.metadata.deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (typeof current === 'string' && current !== '')
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(current)}`)
  const gates = fieldAt(pod, 'spec', 'schedulingGates')
  if (Array.isArray(gates) && gates.length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const status = isObject(pod['status']) ? pod['status'] : {}
  const conditions = setCondition(Array.isArray(status['conditions']) ? status['conditions'] : [], {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: now,
  })
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(binding.metadata.annotations === undefined
        ? {}
        : { annotations: { ...pod.metadata.annotations, ...binding.metadata.annotations } }),
    },
    spec: { ...(isObject(pod['spec']) ? pod['spec'] : {}), nodeName: target },
    status: { ...status, conditions },
  }
}
