import { unlessUnchanged } from '../../src/machinery/apply/managed-fields.ts'
import { fieldErrors } from '../../src/machinery/field-error.ts'
import { equalJson, type KubeObject, keyOf, type ObjectKey } from '../../src/machinery/object.ts'
import { printRevision } from '../../src/machinery/revision.ts'
import { hasReason, StatusError } from '../../src/machinery/status-error.ts'
import {
  type Condition,
  ConditionFailed,
  type Follower,
  type Key,
  type KeyRange,
  type RangeOptions,
  type RangeResult,
  type Store,
  type Stored,
} from '../../storage/store.ts'
import type { Admission } from './admission.ts'
import { CanonicalForm, parseStored } from './canonical.ts'
import type { DeleteOptions, WriteContext } from './context.ts'
import { type ResourceDefinition, storeType } from './definition.ts'
import { isReleased, planDeletion } from './deletion.ts'
import { recordUpdate } from './field-ownership.ts'
import {
  asCreated,
  asUpdated,
  checkResourceVersion,
  generateName,
  withDistinctOwners,
  withGeneration,
  withoutStatus,
} from './rules.ts'
import { Turns } from './turns.ts'
import { validateCreate, validateUpdate } from './validation.ts'

/** An object and the bytes in which it is stored and sent. After a dry run the bytes carry the old resourceVersion or none. */
export interface Written {
  readonly object: KubeObject
  readonly bytes: Buffer
}

/** What an update makes of the stored object. */
export interface Change {
  readonly subresource: string
  /**
   * The next object from the stored one (undefined: there is none, and `orCreate` is set). May run several times. Where `managed` is set,
   * the result already has its managed fields.
   */
  readonly next: (old: KubeObject | undefined) => Promise<KubeObject> | KubeObject
  readonly managed: boolean
  /** An absent object is created instead of refused. */
  readonly orCreate: boolean
  /** A result without resourceVersion overwrites whatever is there; otherwise it is refused. */
  readonly unconditional: boolean
  /** A uid in the result is a precondition (PUT); otherwise another uid is an attempt to change it. */
  readonly uidIsPrecondition?: boolean
}

/** How an update ended. */
export interface Updated extends Written {
  readonly created: boolean
  /** The update took the last finalizer of an object that was being deleted, so the object is gone. */
  readonly removed: boolean
}

/** How a delete ended. `removed` is false when finalizers or grace keep the object. */
export interface Removed {
  readonly object: KubeObject
  readonly removed: boolean
}

/** Rivals for one object: a write tries again this often before it gives up with a Conflict. */
const writeAttempts = 64
const generateNameAttempts = 8

/**
 * The objects of one kind in one version: the rules that hold for every kind, around the store. Knows no kind by name and no HTTP. Every
 * write ends in one conditional commit, so rules are checked against exactly the state that is replaced.
 */
export class ResourceStore {
  readonly definition: ResourceDefinition
  readonly form: CanonicalForm
  readonly #type: string
  readonly #store: Store
  readonly #admission: Admission
  readonly #stored: CanonicalForm
  readonly #turns = new Turns()

  constructor(definition: ResourceDefinition, store: Store, admission: Admission) {
    this.definition = definition
    this.form = new CanonicalForm(definition)
    this.#stored = definition.storedAs ? new CanonicalForm(definition.storedAs) : this.form
    this.#type = storeType(definition)
    this.#store = store
    this.#admission = admission
  }

  /** The object in stored bytes, in this version's form. */
  parse(bytes: Buffer): KubeObject {
    const object = parseStored(bytes)
    return this.definition.storedAs?.fromStored(object) ?? object
  }

  /** Stored bytes in this version's form. */
  present(bytes: Buffer): Buffer {
    return this.definition.storedAs ? this.form.bytes(this.parse(bytes)) : bytes
  }

  /** The stored object. Throws NotFound. */
  async get(key: ObjectKey): Promise<Stored> {
    const stored = await this.#store.get(this.#keyOf(key))
    if (!stored) throw StatusError.notFound(this.definition, key.name)
    return stored
  }

  /** The part of this kind that a request means: a namespace (none, or `''`: all of them), and one name where it is limited to that. */
  within(namespace: string | undefined, name: string | undefined): Omit<KeyRange, 'type'> {
    const scope = this.definition.namespaced ? (namespace ? { namespace } : {}) : { namespace: '' }
    return { ...scope, ...(name === undefined ? {} : { name }) }
  }

  /** A consistent read of a namespace, of everything, or of one name. */
  range(where: Omit<KeyRange, 'type'>, options: RangeOptions): Promise<RangeResult> {
    return this.#store.range({ type: this.#type, ...where }, options)
  }

  count(namespace: string | undefined): Promise<number> {
    return this.#store.count({ type: this.#type, ...(namespace === undefined ? {} : { namespace }) })
  }

  /** The events of the same ranges from strictly after a revision. */
  follow(where: Omit<KeyRange, 'type'>, after: Parameters<Store['follow']>[1]): Follower {
    return this.#store.follow({ type: this.#type, ...where }, after)
  }

  /**
   * Stores a new object. `managed`: it has its managed fields already. Throws AlreadyExists, Invalid, and what admission refuses.
   */
  async create(object: KubeObject, namespace: string, context: WriteContext, managed = false): Promise<Written> {
    const prefix = object.metadata.name ? undefined : object.metadata.generateName
    if (prefix === undefined) return this.#createOnce(object, namespace, context, managed)
    for (let attempt = 1; ; attempt++) {
      const name = generateName(prefix)
      try {
        const named = { ...object, metadata: { ...object.metadata, name } }
        return await this.#createOnce(named, namespace, context, managed)
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists')) throw error
        if (attempt === generateNameAttempts) throw StatusError.nameExhausted(this.definition, name)
      }
    }
  }

  async #createOnce(object: KubeObject, namespace: string, context: WriteContext, managed: boolean): Promise<Written> {
    const { definition } = this
    const subresource = ''
    const entering = withDistinctOwners(asCreated(definition, object, namespace, context.now), context.warn)
    const key = keyOf(entering)
    const owned = managed ? entering : recordUpdate(definition, undefined, entering, subresource, context)
    const request = { operation: 'CREATE', definition, subresource, key, old: undefined, context } as const
    const admitted = (await this.#admission.mutate({ ...request, object: owned })) ?? owned
    const bare = withoutStatus(definition, admitted)
    const strategyContext = { ...context, subresource }
    const final = definition.strategy.prepareForCreate?.(bare, strategyContext) ?? bare
    for (const text of definition.strategy.warnings?.(final, undefined) ?? []) context.warn(text)
    const errors = validateCreate(definition, final, strategyContext)
    if (errors.length > 0) throw StatusError.invalid(definition, final.metadata.name ?? '', errors)
    return this.#retrying(key, undefined, async (current) => {
      if (current) {
        const terminating = this.parse(current.bytes).metadata.deletionTimestamp !== undefined
        throw StatusError.alreadyExists(definition, key.name, terminating)
      }
      const also = await this.#admission.validate({ ...request, object: final })
      return this.#commit('put', final, 'absent', also, context)
    })
  }

  /** Changes a stored object. Throws NotFound, Conflict, Invalid, and what admission or `change.next` refuse. */
  async update(key: ObjectKey, change: Change, context: WriteContext): Promise<Updated> {
    const line = `${key.namespace}/${key.name}`
    if (!this.#turns.taken(line)) {
      try {
        return await this.#updateOnce(key, await this.#store.get(this.#keyOf(key)), change, context)
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error
      }
    }
    return this.#turns.take(line, async () =>
      this.#retrying(key, await this.#store.get(this.#keyOf(key)), (stored) =>
        this.#updateOnce(key, stored, change, context),
      ),
    )
  }

  /** Attempts a write against what is stored, and again against what somebody else has made of it meanwhile. */
  async #retrying<T>(
    key: ObjectKey,
    first: Stored | undefined,
    attempt: (stored: Stored | undefined) => Promise<T>,
  ): Promise<T> {
    let stored = first
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(stored)
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error
        if (tries === writeAttempts) throw StatusError.conflict(this.definition, key.name)
        stored = this.#isOwn(error.key, key) ? error.current : await this.#store.get(this.#keyOf(key))
      }
    }
  }

  async #updateOnce(
    key: ObjectKey,
    stored: Stored | undefined,
    change: Change,
    context: WriteContext,
  ): Promise<Updated> {
    const { definition } = this
    if (!stored) {
      if (!change.orCreate) throw StatusError.notFound(definition, key.name)
      const written = await this.create(await change.next(undefined), key.namespace, context, change.managed)
      return { ...written, created: true, removed: false }
    }
    const old = this.parse(stored.bytes)
    const next = withDistinctOwners(await change.next(old), context.warn)
    this.#checkAddressed(next, old, change)
    const owned = change.managed ? next : recordUpdate(definition, old, next, change.subresource, context)
    const request = { operation: 'UPDATE', definition, subresource: change.subresource, key, old, context } as const
    const admitted = (await this.#admission.mutate({ ...request, object: owned })) ?? owned
    const addressed = asUpdated(definition, admitted, old, change.subresource)
    const strategyContext = { ...context, subresource: change.subresource }
    const prepared = definition.strategy.prepareForUpdate?.(addressed, old, strategyContext) ?? addressed
    const counted = change.subresource === 'status' ? prepared : withGeneration(definition, prepared, old)
    // A write that would only renew the times of managed fields is no write.
    const final = unlessUnchanged(old, counted)
    if (equalJson(final, old)) return { object: old, bytes: this.present(stored.bytes), created: false, removed: false }
    for (const text of definition.strategy.warnings?.(final, old) ?? []) context.warn(text)
    const errors = validateUpdate(definition, final, old, strategyContext)
    if (errors.length > 0) throw StatusError.invalid(definition, key.name, errors)
    const also = await this.#admission.validate({ ...request, object: final })
    if (isReleased(definition, final)) {
      await this.#commit('delete', final, stored.revision, also, context)
      // Whoever takes the last finalizer is answered the object at the revision that it replaced; watchers learn that of the deletion.
      return { object: final, bytes: this.form.bytes(final), created: false, removed: true }
    }
    const written = await this.#commit('put', final, stored.revision, also, context)
    return { ...written, created: false, removed: false }
  }

  #checkAddressed(next: KubeObject, old: KubeObject, change: Change): void {
    const { definition } = this
    const name = old.metadata.name ?? ''
    const { uid, resourceVersion = '' } = next.metadata
    if (change.uidIsPrecondition && uid && uid !== old.metadata.uid) {
      throw StatusError.conflict(
        definition,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      )
    }
    if (!change.unconditional && (resourceVersion === '' || resourceVersion === '0')) {
      throw StatusError.invalid(definition, name, [
        fieldErrors.invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ])
    }
    checkResourceVersion(definition, next, old)
  }

  /** Deletes, or marks for deletion. Throws NotFound, Conflict for preconditions, and what admission refuses. */
  async remove(key: ObjectKey, options: DeleteOptions, context: WriteContext): Promise<Removed> {
    const { definition } = this
    return this.#retrying(key, await this.get(key), async (stored) => {
      if (!stored) throw StatusError.notFound(definition, key.name)
      const old = this.parse(stored.bytes)
      const plan = planDeletion(definition, old, options, context.now)
      const request = {
        operation: 'DELETE',
        definition,
        subresource: '',
        key,
        object: undefined,
        old,
        context,
      } as const
      const also = await this.#admission.validate(request)
      if (plan.outcome === 'unchanged') return { object: old, removed: false }
      const removed = plan.outcome === 'remove'
      const kind = removed ? 'delete' : 'put'
      const { object } = await this.#commit(kind, plan.object, stored.revision, also, context)
      return { object, removed }
    })
  }

  /** Writes an object, or deletes it with this as its last state; of a dry run only the answer. */
  async #commit(
    kind: 'put' | 'delete',
    object: KubeObject,
    expect: Stored['revision'] | 'absent',
    also: readonly Condition[],
    context: WriteContext,
  ): Promise<Written> {
    if (context.dryRun) return { object, bytes: Buffer.from(JSON.stringify(object)) }
    const key = this.#keyOf(keyOf(object))
    return this.#written(object, await this.#store.commit({ key, expect, also, [kind]: this.#draft(object) }))
  }

  #draft(object: KubeObject) {
    return this.#stored.draft(this.definition.storedAs?.toStored(object) ?? object)
  }

  #written(object: KubeObject, stored: Stored): Written {
    const metadata = { ...object.metadata, resourceVersion: printRevision(stored.revision) }
    return { object: { ...object, metadata }, bytes: this.present(stored.bytes) }
  }

  #keyOf(key: ObjectKey): Key {
    return { type: this.#type, namespace: this.definition.namespaced ? key.namespace : '', name: key.name }
  }

  #isOwn(failed: Key, key: ObjectKey): boolean {
    return failed.type === this.#type && failed.name === key.name && failed.namespace === this.#keyOf(key).namespace
  }
}
