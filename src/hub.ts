import { openAdmission } from '../apiservice/admission/index.ts'
import { ensureInitialNamespaces } from '../apiservice/controllers/initial-namespaces.ts'
import { namespaceDefaults } from '../apiservice/controllers/namespace-defaults.ts'
import { namespaceDeletion } from '../apiservice/controllers/namespace-deletion.ts'
import { Discovery } from '../apiservice/discovery/discovery.ts'
import { versionInfo } from '../apiservice/discovery/version.ts'
import { Dispatcher } from '../apiservice/dispatcher.ts'
import { Authenticator } from '../apiservice/filters/authenticate.ts'
import { mastersOnly } from '../apiservice/filters/authorize.ts'
import { InFlight } from '../apiservice/filters/limits.ts'
import { Loopback } from '../apiservice/loopback.ts'
import { Registry } from '../apiservice/registry/registry.ts'
import { definitions } from '../apiservice/resources/index.ts'
import { ApiServer } from '../apiservice/server.ts'
import { ServiceAccountTokens } from '../apiservice/service-account-tokens.ts'
import { webApp } from '../apiservice/web/app.ts'
import { bridge } from '../apiservice/web/bridge.ts'
import { Metrics } from '../apiservice/web/metrics.ts'
import { openLevelStore } from '../storage/level-store.ts'
import { openMemoryStore } from '../storage/memory-store.ts'
import type { Store } from '../storage/store.ts'
import { openFleet } from './clusters/fleet.ts'
import type { Config } from './config.ts'
import { claimFolder } from './data-dir.ts'
import { startEngine } from './engine/engine.ts'
import { startSimulatedWorkloads } from './engine/simulate-workloads.ts'
import type { ObjectClient } from './machinery/client.ts'
import { type Clock, systemClock } from './machinery/clock.ts'
import type { Logger } from './machinery/log.ts'
import { resourceFacts } from './machinery/schema/facts.ts'
import { ensureIdentity } from './pki.ts'
import { readTokenFile } from './tokens.ts'

/** A running hub. */
export interface Hub {
  readonly url: string
  /** A kubeconfig of the hub's administrator, mode 0600. */
  readonly kubeconfigPath: string
  /** The hub's own API, without a socket, as a user who may do everything. */
  readonly client: ObjectClient
  /** Ends watches, finishes what is under way, closes the store. Once. */
  close(): Promise<void>
}

/**
 * The one place where the parts of the hub are chosen and joined. They stop in reverse order. Rejects when a part cannot start, after
 * stopping those that did.
 */
export async function startHub(
  config: Config,
  { log, clock = systemClock }: { readonly log: Logger; readonly clock?: Clock },
): Promise<Hub> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const stopping = new AbortController()
    await claimFolder(config.dataDir)
    const store = await openStore(config, clock)
    stops.push(() => store.close())
    const identity = await ensureIdentity(config.dataDir, { hosts: config.hosts, clock })

    const registry = new Registry(store, openAdmission(store))
    registry.add(definitions())
    const client = new Loopback({
      registry,
      clock,
      warn: (text) => log.debug({ warning: text }, 'the hub warned itself'),
    })
    await ensureInitialNamespaces(client)

    const tokens = new ServiceAccountTokens(identity.serviceAccountKey, registry)
    const authenticator = new Authenticator(
      config.tokenFile === undefined ? [] : await readTokenFile(config.tokenFile),
      (token) => tokens.verify(token),
    )
    const inFlight = new InFlight()
    const metrics = new Metrics({ store, inFlight })
    let ready = false
    const app = webApp({ metrics, log, health: healthOf(store, () => ready) })
    let listening = `${config.host}:${config.port}`
    const discovery = new Discovery({
      definitions: () => registry.definitions,
      version: versionInfo(),
      serverAddress: () => listening,
      groupPriorities: resourceFacts().apiServices,
    })
    registry.onChange(() => discovery.changed())
    const dispatcher = new Dispatcher({
      registry,
      discovery,
      identity: { authenticator, authorizer: mastersOnly, tokens },
      inFlight,
      clock,
      log,
      web: bridge(app),
      observe: (info, code, seconds) => metrics.observe(info, code, seconds),
    })
    const server = new ApiServer({
      host: config.host,
      port: config.port,
      cert: identity.serving.cert,
      key: identity.serving.key,
      clientCa: identity.ca.cert,
      dispatch: (exchange) => dispatcher.dispatch(exchange),
      log,
    })
    const address = await server.listen()
    listening = `${config.host}:${address.port}`
    stops.push(() => server.close())
    const url = `https://${config.host.includes(':') ? `[${config.host}]` : config.host}:${address.port}`
    const kubeconfigPath = await identity.writeKubeconfig(url)

    const options = { client, clock, log, signal: stopping.signal }
    const controllers = [
      namespaceDefaults({ ...options, rootCa: identity.ca.cert })(stopping.signal),
      namespaceDeletion({ ...options, registry })(stopping.signal),
      ...(config.simulateWorkloads ? [startSimulatedWorkloads(options)] : []),
    ]
    stops.push(async () => {
      stopping.abort()
      await Promise.allSettled(controllers)
    })
    const fleet = await openFleet({ hub: client, log, clock, signal: stopping.signal })
    stops.push(() => fleet.close())
    // A cluster that is not known yet looks like one that was detached, and its rows would be given up.
    await fleet.whenSynced(stopping.signal)
    const engine = await startEngine({ hub: client, fleet, clock, log, scope: config.refObjectsAvailableScope })
    stops.push(() => engine.close())

    ready = true
    stops.push(async () => {
      ready = false
    })
    return { url, kubeconfigPath, client, close: stop }
  } catch (error) {
    await stop().catch((failure: unknown) => log.error({ err: failure }, 'stopping after a failed start failed too'))
    throw error
  }
}

function openStore(config: Config, clock: Clock): Promise<Store> | Store {
  const window = { eventWindowMs: config.eventWindowMs, minEvents: config.minEvents, clock }
  if (config.storage === 'memory') return openMemoryStore(window)
  return openLevelStore(`${config.dataDir}/store`, window)
}

function healthOf(store: Store, ready: () => boolean) {
  const ping = { name: 'ping', failure: () => undefined }
  // Dashboards and tests look for the store under this name.
  const etcd = {
    name: 'etcd',
    failure: async () =>
      (await store.get({ type: '/namespaces', namespace: '', name: 'default' }))
        ? undefined
        : 'the store has no default namespace',
  }
  const shutdown = { name: 'shutdown', failure: () => (ready() ? undefined : 'the hub is starting or stopping') }
  return { healthz: [ping, etcd], livez: [ping, etcd], readyz: [ping, etcd, shutdown] }
}
