import { isObject, type KubeObject } from '../../machinery/object.ts'
import { StatusError } from '../../machinery/status-error.ts'
import { PropertiesError } from '../properties.ts'

/** The object that a patch makes. Throws PropertiesError when the patch does not apply, or leaves no object. */
export function patched(object: KubeObject, patch: (object: KubeObject) => unknown): KubeObject {
  const result = attempt(() => patch(object))
  if (!isObject(result)) throw new PropertiesError('the patch leaves no object')
  const metadata = isObject(result['metadata']) ? result['metadata'] : {}
  return { ...result, apiVersion: object.apiVersion, kind: object.kind, metadata }
}

function attempt(patch: () => unknown): unknown {
  try {
    return patch()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    // The words of the API are for every kind of mistake; which operation it was stands below them.
    throw new PropertiesError(error.cause instanceof Error ? error.cause.message : error.message, { cause: error })
  }
}
