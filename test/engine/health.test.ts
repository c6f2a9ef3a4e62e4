import { expect, test } from 'vitest'
import { healthOf } from '../../src/engine/health.ts'

const live = (apiVersion: string, kind: string, spec: object, status: object) => ({
  apiVersion,
  kind,
  metadata: { name: 'x', generation: 2 },
  spec,
  status,
})
const all = (count: number) => ({
  replicas: count,
  readyReplicas: count,
  updatedReplicas: count,
  observedGeneration: 2,
})

test.each([
  {
    name: 'all ready',
    object: live('apps/v1', 'Deployment', { replicas: 2 }, all(2)),
    healthy: true,
    message: 'Ready:2/2',
  },
  { name: 'one by default', object: live('apps/v1', 'Deployment', {}, all(1)), healthy: true, message: 'Ready:1/1' },
  {
    name: 'no status',
    object: live('apps/v1', 'Deployment', { replicas: 1 }, {}),
    healthy: false,
    message: 'Ready:0/1',
  },
  {
    name: 'an old generation observed',
    object: live('apps/v1', 'Deployment', { replicas: 2 }, { ...all(2), observedGeneration: 1 }),
    healthy: false,
    message: 'Ready:2/2',
  },
  {
    name: 'an old replica left',
    object: live('apps/v1', 'Deployment', { replicas: 2 }, { ...all(2), replicas: 3 }),
    healthy: false,
    message: 'Ready:2/2',
  },
  {
    name: 'none wanted',
    object: live('apps/v1', 'Deployment', { replicas: 0 }, { observedGeneration: 2 }),
    healthy: true,
    message: 'Ready:0/0',
  },
  {
    name: 'all ready',
    object: live('apps/v1', 'StatefulSet', { replicas: 3 }, all(3)),
    healthy: true,
    message: 'Ready:3/3',
  },
  {
    name: 'all scheduled ready',
    object: live(
      'apps/v1',
      'DaemonSet',
      {},
      { desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2, observedGeneration: 2 },
    ),
    healthy: true,
    message: 'Ready:2/2',
  },
  { name: 'not observed', object: live('apps/v1', 'DaemonSet', {}, {}), healthy: false, message: 'Ready:0/0' },
  {
    name: 'one success',
    object: live('batch/v1', 'Job', {}, { succeeded: 1 }),
    healthy: true,
    message: 'Succeeded:1/1',
  },
  { name: 'a failure', object: live('batch/v1', 'Job', {}, { failed: 1 }), healthy: false, message: 'Succeeded:0/1' },
  { name: 'nothing to say', object: live('v1', 'Secret', {}, {}), healthy: true, message: '' },
])('a $object.kind with $name is healthy: $healthy', ({ object, healthy, message }) => {
  expect(healthOf(object)).toEqual({ healthy, message })
})
