import { expect, test } from 'vitest'
import { digest, fieldManagerOf, shipmentKey } from '../../src/engine/identity.ts'
import { subdomainName } from '../../src/machinery/names.ts'

const target = { cluster: 'c1', group: '', resource: 'secrets', namespace: 'n', name: 'a' }

test('the name of a shipment is a DNS name, always the same, and another for every other target', () => {
  const application = { namespace: 'n', name: 'app' }
  const { name } = shipmentKey(application, target)
  expect(subdomainName(name)).toEqual([])
  expect(shipmentKey(application, { ...target }).name).toBe(name)
  const others = [{ cluster: 'c2' }, { group: 'x' }, { resource: 'configmaps' }, { namespace: 'm' }, { name: 'b' }]
  const names = others.map((other) => shipmentKey(application, { ...target, ...other }).name)
  expect(new Set([name, ...names]).size).toBe(others.length + 1)
})

test('the longest names of an application make a valid shipment name and field manager', () => {
  const name = 'a'.repeat(253)
  expect(subdomainName(shipmentKey({ namespace: 'n', name }, target).name)).toEqual([])
  expect(fieldManagerOf(`${'n'.repeat(63)}/${name}`).length).toBeLessThanOrEqual(128)
  expect(fieldManagerOf('examples/app')).toBe('entrepot/examples/app')
})

test('a hash does not depend on the order of keys, and depends on that of lists', () => {
  expect(digest({ a: 1, b: { c: 2, d: 3 } })).toBe(digest({ b: { d: 3, c: 2 }, a: 1 }))
  expect(digest([1, 2])).not.toBe(digest([2, 1]))
})
