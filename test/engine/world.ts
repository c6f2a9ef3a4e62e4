import { type Engine, startEngine } from '../../src/engine/engine.ts'
import { type Clock, systemClock } from '../../src/machinery/clock.ts'
import type { Logger } from '../../src/machinery/log.ts'
import { fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import { FakeCluster, FakeFleet, kinds } from './fake-cluster.ts'

/** A hub with members, all in memory, and an engine between them. */
export interface TestWorld {
  readonly hub: FakeCluster
  readonly fleet: FakeFleet
  readonly lines: unknown[]
  member(name: string): FakeCluster
  start(scope?: 'global' | 'cluster' | 'namespace'): Promise<void>
  stop(): Promise<void>
}

export function testWorld(members: Readonly<Record<string, Readonly<Record<string, string>>>>): TestWorld {
  const hub = new FakeCluster('local')
  const fleet = new FakeFleet()
  const clusters = new Map([['local', hub]])
  fleet.join(hub)
  for (const [name, labels] of Object.entries(members)) {
    const cluster = new FakeCluster(name)
    clusters.set(name, cluster)
    fleet.join(cluster, labels)
  }
  const lines: unknown[] = []
  const line = (fields: object, message: string) => void lines.push({ ...fields, message })
  const log: Logger = { debug: line, info: line, warn: line, error: line }
  const clock: Clock = systemClock
  let engine: Engine | undefined
  return {
    hub,
    fleet,
    lines,
    member(name) {
      const found = clusters.get(name)
      if (!found) throw new Error(`no member ${name} in this test`)
      return found
    },
    async start(scope = 'global') {
      engine = await startEngine({ hub, fleet, clock, log, scope })
    },
    async stop() {
      await engine?.close()
      engine = undefined
    },
  }
}

export const secret = (name: string, data: Readonly<Record<string, string>>, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'examples', ...more },
  type: 'Opaque',
  data,
})

/** An Application in `examples` with one ref-objects component. */
export function application(
  name: string,
  objects: readonly object[],
  clusters: readonly string[] | { readonly clusterLabelSelector: object } | undefined,
  more: { readonly traits?: readonly object[]; readonly namespace?: string } = {},
): KubeObject {
  const placement = Array.isArray(clusters) ? { clusters } : clusters
  const namespace = more.namespace ? { namespace: more.namespace } : {}
  return {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata: { name, namespace: 'examples' },
    spec: {
      components: [
        {
          name: 'copies',
          type: 'ref-objects',
          properties: { objects },
          ...(more.traits ? { traits: more.traits } : {}),
        },
      ],
      ...(placement
        ? { policies: [{ name: 'where', type: 'topology', properties: { ...placement, ...namespace } }] }
        : {}),
    },
  }
}

/** Waits until a check holds; fails with what it says last. */
export async function eventually(check: () => void | Promise<void>, timeoutMs = 5000): Promise<void> {
  const end = Date.now() + timeoutMs
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

export const phaseOf = (world: TestWorld, name: string): unknown =>
  fieldAt(world.hub.peek(kinds.applications, 'examples', name), 'status', 'status')

export const conditionOf = (world: TestWorld, name: string, type: string): unknown => {
  const conditions = fieldAt(world.hub.peek(kinds.applications, 'examples', name), 'status', 'conditions')
  return Array.isArray(conditions) ? conditions.find((condition) => fieldAt(condition, 'type') === type) : undefined
}

/** `application → cluster: state` of every row. */
export const statesOf = (world: TestWorld): readonly string[] =>
  world.hub
    .all(kinds.shipments)
    .map(
      (row) =>
        `${fieldAt(row, 'spec', 'application')} → ${fieldAt(row, 'spec', 'cluster')}: ${fieldAt(row, 'status', 'state')}`,
    )
    .sort()
