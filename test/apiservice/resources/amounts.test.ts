import { expect, test } from 'vitest'
import { qosClass } from '../../../apiservice/resources/quality-of-service.ts'
import { fieldAt } from '../../../src/machinery/object.ts'
import { decoded } from './builtin.ts'

test.each([
  ['100u', '1m'],
  ['1n', '1m'],
  ['1.5m', '2m'],
  ['0.0015', '2m'],
  ['1e-5', '1e-3'],
  ['1e3', '1e3'],
  ['12345678n', '13m'],
  ['1500m', '1500m'],
])('%s of cpu is kept as %s', (asked, kept) => {
  const container = { name: 'c', image: 'i', resources: { requests: { cpu: asked } } }
  const template = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: {},
    template: { spec: { containers: [container] } },
  }
  const cpu = fieldAt(decoded(template), 'template', 'spec', 'containers', 0, 'resources', 'requests', 'cpu')
  expect(cpu).toBe(kept)
})

const all = { cpu: '1', memory: '1Gi' }

test.each([
  { what: 'nothing', containers: [{}], is: 'BestEffort' },
  { what: 'a request', containers: [{ requests: { cpu: '1' } }], is: 'Burstable' },
  { what: 'limits and the same requests', containers: [{ limits: all, requests: all }], is: 'Guaranteed' },
  {
    what: 'the same amount in other words',
    containers: [{ limits: all, requests: { cpu: '1000m', memory: '1073741824' } }],
    is: 'Guaranteed',
  },
  {
    what: 'less than the limits',
    containers: [{ limits: all, requests: { cpu: '1', memory: '1Mi' } }],
    is: 'Burstable',
  },
  { what: 'limits for one of two', containers: [{ limits: all, requests: all }, {}], is: 'Burstable' },
  { what: 'devices only', containers: [{ limits: { 'a.com/gpu': '1' } }], is: 'BestEffort' },
])('a pod that asks for $what is $is', ({ containers, is }) => {
  expect(qosClass({ containers: containers.map((resources) => ({ resources })) })).toBe(is)
})
