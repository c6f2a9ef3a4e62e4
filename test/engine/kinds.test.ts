import { expect, test } from 'vitest'
import { resolveResource } from '../../src/engine/kinds.ts'
import type { ResourceInfo } from '../../src/machinery/resource.ts'

const offer = (group: string, resource: string, version = 'v1'): ResourceInfo => ({
  group,
  version,
  resource,
  kind: resource,
  namespaced: true,
  singular: resource.replace(/s$/, ''),
})
const offered = [
  offer('', 'secrets'),
  offer('', 'events'),
  offer('events.k8s.io', 'events'),
  offer('autoscaling', 'horizontalpodautoscalers', 'v2'),
  offer('autoscaling', 'horizontalpodautoscalers', 'v1'),
  offer('apps', 'deployments'),
  offer('acme.example', 'deployments'),
  offer('storage.k8s.io', 'storageclasses'),
  offer('acme.example', 'widgets'),
  offer('other.example', 'widgets'),
  offer('networking.k8s.io', 'ingresses'),
  offer('traefik.example', 'ingresses'),
]

test.each([
  { resource: 'secret', group: '', found: '/v1' },
  { resource: 'Secrets', group: '', found: '/v1' },
  { resource: 'deployment', group: '', found: 'apps/v1' },
  { resource: 'deployments', group: 'acme.example', found: 'acme.example/v1' },
  { resource: 'event', group: '', found: '/v1' },
  { resource: 'events', group: 'events', found: 'events.k8s.io/v1' },
  { resource: 'ingresses', group: '', found: 'networking.k8s.io/v1' },
  { resource: 'storageclasses', group: 'storage', found: 'storage.k8s.io/v1' },
  { resource: 'horizontalpodautoscaler', group: '', found: 'autoscaling/v2' },
])('$resource in group "$group" means $found', ({ found, ...wanted }) => {
  const { group, version } = resolveResource(offered, wanted)
  expect(`${group}/${version}`).toBe(found)
})

test.each([
  { resource: 'gadget', group: '', error: 'no matches for /, Resource=gadget' },
  { resource: 'secret', group: 'apps', error: 'no matches for apps/, Resource=secret' },
  {
    resource: 'widget',
    group: '',
    error: 'resource widget is ambiguous: it is in the groups acme.example, other.example; set group',
  },
])('$resource in group "$group" is refused: $error', ({ error, ...wanted }) => {
  expect(() => resolveResource(offered, wanted)).toThrow(error)
})
