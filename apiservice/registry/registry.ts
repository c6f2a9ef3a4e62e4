import type { Store } from '../../storage/store.ts'
import type { Admission } from './admission.ts'
import type { ResourceDefinition } from './definition.ts'
import { ResourceStore } from './resource-store.ts'

/** Every kind that the hub serves, by address. Kinds may come and go at run time. */
export class Registry {
  readonly #store: Store
  readonly #admission: Admission
  readonly #resources = new Map<string, ResourceStore>()
  readonly #groups = new Set<string>()
  readonly #listeners = new Set<() => void>()
  #definitions: readonly ResourceDefinition[] = []

  constructor(store: Store, admission: Admission) {
    this.#store = store
    this.#admission = admission
  }

  /** The store under every kind: for its revision, never to go around the rules. */
  get store(): Store {
    return this.#store
  }

  /** All kinds, in the order in which they were added. The same array until something changes. */
  get definitions(): readonly ResourceDefinition[] {
    return this.#definitions
  }

  /** Adds kinds; one with the address of a known kind takes its place. */
  add(definitions: readonly ResourceDefinition[]): void {
    for (const definition of definitions) {
      this.#resources.set(addressOf(definition), new ResourceStore(definition, this.#store, this.#admission))
    }
    this.#changed()
  }

  /** Takes kinds away again. Their objects stay in the store. */
  remove(definitions: readonly ResourceDefinition[]): void {
    for (const definition of definitions) this.#resources.delete(addressOf(definition))
    this.#changed()
  }

  find(address: {
    readonly group: string
    readonly version: string
    readonly resource: string
  }): ResourceStore | undefined {
    return this.#resources.get(addressOf(address))
  }

  /** Whether anything of an API group is served. */
  hasGroup(group: string): boolean {
    return this.#groups.has(group)
  }

  /** Tells when kinds came or went. Returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One resource per stored type: what a namespace or an owner can hold, each object once. */
  storedOnce(): readonly ResourceStore[] {
    return [...this.#resources.values()].filter(({ definition }) => definition.storedAs === undefined)
  }

  #changed(): void {
    this.#definitions = [...this.#resources.values()].map(({ definition }) => definition)
    this.#groups.clear()
    for (const { group } of this.#definitions) this.#groups.add(group)
    for (const listener of this.#listeners) listener()
  }
}

function addressOf({
  group,
  version,
  resource,
}: {
  readonly group: string
  readonly version: string
  readonly resource: string
}): string {
  return `${group}/${version}/${resource}`
}
