import { isObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { objects, texts } from './cells.ts'
import { defaultsOf } from './defaulting.ts'

const applyDefaults = defaultsOf({
  'spec.names.singular': ({ kind }) => (typeof kind === 'string' ? kind.toLowerCase() : undefined),
  'spec.names.listKind': ({ kind }) => (typeof kind === 'string' && kind !== '' ? `${kind}List` : undefined),
  'spec.conversion': { strategy: 'None' },
  'spec.conversion?.webhook?.clientConfig?.service?.port': 443,
})

/** The version that objects of a definition are stored in. */
const storageVersion = (definition: unknown): string | undefined =>
  objects(definition, 'spec', 'versions').find((version) => version['storage'] === true)?.['name'] as string | undefined

function defaults(draft: Record<string, unknown>): void {
  applyDefaults(draft)
  if (texts(draft, 'status', 'storedVersions').length > 0) return
  const version = storageVersion(draft)
  if (version === undefined) return
  draft['status'] = { ...(isObject(draft['status']) ? draft['status'] : {}), storedVersions: [version] }
}

/** CustomResourceDefinitions: kinds that the hub learns while it runs. Their schemas and names are checked where they are served. */
export const customResourceDefinitions: Behaviour = {
  defaults,
  strategy: {
    prepareForCreate: (definition) => {
      const version = storageVersion(definition)
      return {
        ...definition,
        status: {
          conditions: null,
          acceptedNames: { plural: '', kind: '' },
          storedVersions: version === undefined ? [] : [version],
        },
      }
    },
  },
}
