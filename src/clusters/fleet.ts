import type { ObjectClient } from '../machinery/client.ts'
import type { Clock } from '../machinery/clock.ts'
import type { Cluster, Fleet } from '../machinery/fleet.ts'
import { Informer } from '../machinery/informer.ts'
import type { Logger } from '../machinery/log.ts'
import { equalJson, type KubeObject } from '../machinery/object.ts'
import type { ResourceInfo } from '../machinery/resource.ts'
import { StatusError } from '../machinery/status-error.ts'
import { clusterLabels, credentialTypeLabel, targetFromSecret } from './cluster-secret.ts'
import { type ClusterVersion, Member, type MemberOptions } from './member.ts'
import type { ClusterTarget } from './target.ts'
import { unusableClient } from './unusable-client.ts'

/** Where the clusters are registered, and how they are reached. */
export interface FleetOptions {
  readonly hub: ObjectClient
  /** Where the registrations are. Default `vela-system`. */
  readonly namespace?: string
  readonly log: Logger
  readonly clock?: Clock
  /** Default 5 s; a cluster that does not answer is asked less and less often, down to every 10 s. */
  readonly probeIntervalMs?: number
  readonly requestTimeoutMs?: number
  /** Whether a registration may point to this machine itself. Default true. */
  readonly allowLoopback?: boolean
  /**
   * Whether a registration may name a credential plugin. It runs as the hub, so whoever may write such a Secret may run commands
   * there. Default false.
   */
  readonly allowExec?: boolean
  readonly signal: AbortSignal
}

/** The fleet, alive. */
export interface OpenFleet extends Fleet {
  /** Resolves when every registration has been read once: from then on an unknown name is no cluster. */
  whenSynced(signal?: AbortSignal): Promise<void>
  /** Stops following the registrations and closes every client. */
  close(): Promise<void>
}

interface Registration {
  readonly labels: Readonly<Record<string, string>>
  readonly target: ClusterTarget | undefined
  /** Absent when the Secret cannot be used; `broken` says why. */
  readonly member: Member | undefined
  readonly broken: string | undefined
}

const localName = 'local'
const versionAnnotation = 'cluster.core.oam.dev/cluster-version'
const secrets: ResourceInfo = {
  group: '',
  version: 'v1',
  resource: 'secrets',
  kind: 'Secret',
  namespaced: true,
  singular: 'secret',
}

/**
 * Follows the registrations of clusters on the hub and keeps a client with its health for each. One cluster has one client with one
 * credential, which goes nowhere else. A Secret that cannot be used is a cluster that cannot be reached, and hurts no other.
 */
export function openFleet(options: FleetOptions): OpenFleet {
  return new SecretFleet(options)
}

class SecretFleet implements OpenFleet {
  readonly #options: FleetOptions
  readonly #namespace: string
  readonly #informer: Informer
  readonly #registrations = new Map<string, Registration>()
  readonly #listeners = new Set<(name: string) => void>()
  readonly #closing = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #local: Cluster

  constructor(options: FleetOptions) {
    this.#options = options
    this.#namespace = options.namespace ?? 'vela-system'
    this.#local = { name: localName, labels: clusterLabels(), client: options.hub, reachable: true }
    this.#informer = new Informer({
      client: options.hub,
      resource: secrets,
      namespace: this.#namespace,
      labelSelector: credentialTypeLabel,
      log: options.log,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    })
    this.#informer.onChange(({ name }, secret) => this.#accept(name, secret))
    this.#running = this.#informer.run(AbortSignal.any([options.signal, this.#stop.signal]))
    // The caller's signal ends everything, as close does; what closing meets on its way is not the caller's concern any more.
    options.signal.addEventListener('abort', () => void this.close(), { once: true })
  }

  list(): readonly Cluster[] {
    const names = [...this.#registrations.keys()].sort()
    return [this.#local, ...names.flatMap((name) => this.get(name) ?? [])]
  }

  get(name: string): Cluster | undefined {
    if (name === localName) return this.#local
    const registration = this.#registrations.get(name)
    if (registration === undefined) return undefined
    const { labels, member, target } = registration
    if (member === undefined) {
      const message = registration.broken ?? 'not usable'
      return { name, labels, client: unusableClient(message), reachable: false, message }
    }
    const message = member.message ?? (target?.insecureSkipVerify ? insecure : undefined)
    return {
      name,
      labels,
      client: member.client,
      reachable: member.reachable,
      ...(message === undefined ? {} : { message }),
      ...(member.awaited ? { awaited: true } : {}),
    }
  }

  onChange(listener: (name: string) => void): () => void {
    const entry = (name: string): void => listener(name)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.#informer.whenSynced(signal)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
    for (const { member } of this.#registrations.values()) this.#retire(member)
    this.#registrations.clear()
    await Promise.all(this.#closing)
  }

  #accept(name: string, secret: KubeObject | undefined): void {
    if (this.#stop.signal.aborted) return
    const before = this.#registrations.get(name)
    if (name === localName) {
      this.#options.log.warn({ cluster: name }, 'a registration named local is ignored, the hub itself has that name')
      return
    }
    if (secret === undefined) {
      this.#registrations.delete(name)
      this.#retire(before?.member)
      this.#options.log.info({ cluster: name }, 'a cluster was detached')
      this.#tell(name)
      return
    }
    const now = this.#register(name, secret, before)
    this.#registrations.set(name, now)
    if (before?.member !== now.member) this.#retire(before?.member)
    const same =
      before !== undefined &&
      before.member === now.member &&
      before.broken === now.broken &&
      equalJson(before.labels, now.labels)
    if (!same) this.#tell(name)
  }

  #register(name: string, secret: KubeObject, before: Registration | undefined): Registration {
    const labels = clusterLabels(secret)
    try {
      const target = targetFromSecret(secret)
      // An alias, a label or our own note of the version changes the Secret, but not the way to the cluster.
      if (before?.member !== undefined && equalJson(before.target, target)) return { ...before, labels }
      if (target.exec !== undefined && this.#options.allowExec !== true) {
        throw StatusError.badRequest('credential plugins (Dynamic) are switched off on this hub')
      }
      const member = new Member(target, this.#memberOptions(name), before?.member?.reachable ?? false)
      this.#options.log.info({ cluster: name, server: member.client.server }, 'a cluster was registered')
      if (target.insecureSkipVerify) this.#options.log.warn({ cluster: name }, insecure)
      return { labels, target, member, broken: undefined }
    } catch (error) {
      const broken = error instanceof Error ? error.message : String(error)
      if (broken !== before?.broken) {
        this.#options.log.warn({ cluster: name, reason: broken }, 'a registration cannot be used')
      }
      return { labels, target: undefined, member: undefined, broken }
    }
  }

  #memberOptions(name: string): MemberOptions {
    const { log, requestTimeoutMs, allowLoopback, probeIntervalMs } = this.#options
    return {
      log,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      ...(allowLoopback === undefined ? {} : { allowLoopback }),
      probeIntervalMs: probeIntervalMs ?? 5000,
      onChange: () => {
        const cluster = this.get(name)
        if (cluster?.reachable) log.info({ cluster: name }, 'a cluster can be reached')
        else log.warn({ cluster: name, reason: cluster?.message }, 'a cluster cannot be reached')
        this.#tell(name)
      },
      onVersion: (version) => void this.#noteVersion(name, version),
    }
  }

  /** Keeps the version where KubeVela's command line looks for it. A hub that refuses the note loses nothing else by it. */
  async #noteVersion(name: string, version: ClusterVersion): Promise<void> {
    const key = { namespace: this.#namespace, name }
    const value = JSON.stringify(version)
    if (this.#informer.get(key)?.metadata.annotations?.[versionAnnotation] === value) return
    const patch = { metadata: { annotations: { [versionAnnotation]: value } } }
    try {
      await this.#options.hub.patch(secrets, key, patch, { fieldManager: 'entrepot-fleet', signal: this.#stop.signal })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#options.log.debug({ cluster: name, err: error }, 'the version of a cluster could not be noted')
    }
  }

  #retire(member: Member | undefined): void {
    if (member === undefined) return
    const closing = member.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(name)
      } catch (error) {
        // One listener's bug must neither stop the fleet nor be hidden.
        this.#options.log.error({ err: error, cluster: name }, 'a listener of the fleet failed')
      }
    }
  }
}

const insecure = 'the certificate of the cluster is not verified, because its registration holds no ca.crt'
