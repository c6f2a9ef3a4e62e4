import { isObject, type KubeObject } from '../../src/machinery/object.ts'

/**
 * What each subresource may write of its parent: `(next, old)` → the old object with that part of the next, managed fields included.
 * A subresource without a line writes like the main resource.
 */
export const writableParts: Readonly<Record<string, (next: KubeObject, old: KubeObject) => KubeObject>> = {
  approval: (next, old) => withField(owned(old, next), ['status', 'conditions'], valueAt(next, 'status', 'conditions')),
  // Node, condition and annotations at once: what a scheduler decides.
  binding: (next) => next,
  ephemeralcontainers: (next, old) =>
    withField(owned(old, next), ['spec', 'ephemeralContainers'], valueAt(next, 'spec', 'ephemeralContainers')),
  finalize: (next, old) => withField(owned(old, next), ['spec', 'finalizers'], valueAt(next, 'spec', 'finalizers')),
  resize: (next, old) => ({
    ...owned(old, next),
    spec: {
      ...objectAt(old, 'spec'),
      ...withResources('containers', next, old),
      ...withResources('initContainers', next, old),
    },
  }),
}

/** The old object with the managed fields of the next. */
function owned(old: KubeObject, next: KubeObject): KubeObject {
  const { managedFields: _before, ...metadata } = old.metadata
  const { managedFields } = next.metadata
  return { ...old, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

/** Only `resources` and `resizePolicy` of containers that are there already, by name. */
function withResources(list: string, next: KubeObject, old: KubeObject): Record<string, unknown> {
  const wanted = valueAt(next, 'spec', list)
  const current = valueAt(old, 'spec', list)
  if (!Array.isArray(wanted) || !Array.isArray(current)) return {}
  const byName = new Map(wanted.filter(isObject).map((container) => [container['name'], container]))
  const resized = current.filter(isObject).map((container) => {
    const asked = byName.get(container['name'])
    if (!asked) return container
    return {
      ...container,
      ...(asked['resources'] === undefined ? {} : { resources: asked['resources'] }),
      ...(asked['resizePolicy'] === undefined ? {} : { resizePolicy: asked['resizePolicy'] }),
    }
  })
  return { [list]: resized }
}

function valueAt(object: KubeObject, parent: string, field: string): unknown {
  return objectAt(object, parent)[field]
}

function objectAt(object: KubeObject, field: string): Record<string, unknown> {
  const value = object[field]
  return isObject(value) ? value : {}
}

function withField(object: KubeObject, [parent, field]: readonly [string, string], value: unknown): KubeObject {
  const { [field]: _before, ...rest } = objectAt(object, parent)
  return { ...object, [parent]: value === undefined ? rest : { ...rest, [field]: value } }
}
