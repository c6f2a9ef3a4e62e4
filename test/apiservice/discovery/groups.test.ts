import { expect, test } from 'vitest'
import { compareVersions, servedGroups } from '../../../apiservice/discovery/groups.ts'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import { resourceFacts } from '../../../src/machinery/schema/facts.ts'
import { widgets } from './served.ts'

test('built-in groups and versions stand in the order of kube-apiserver', () => {
  const groups = servedGroups(builtinDefinitions(), resourceFacts().apiServices)
  const core = groups.filter(({ name }) => name === '')
  const others = groups.filter(({ name }) => name !== '')
  expect([...core, ...others].map(({ name, versions }) => [name, versions.map(({ version }) => version)])).toEqual(
    resourceFacts().groups,
  )
})

test('groups of custom kinds stand behind all others, by name', () => {
  const custom = ['b.example', 'a.example'].map((group) => widgets({ group }))
  const groups = servedGroups([...custom, ...builtinDefinitions()], resourceFacts().apiServices)
  expect(groups.slice(-2).map(({ name }) => name)).toEqual(['a.example', 'b.example'])
})

test('versions are ordered by how mature and how new they are', () => {
  const ordered = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10']
  expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered)
})

test('the preferred version of a custom group is its most mature one', () => {
  const versions = ['v1beta1', 'v1', 'v2alpha1'].map((version) => widgets({ version }))
  const [group] = servedGroups(versions, {})
  expect(group?.versions.map(({ version }) => version)).toEqual(['v1', 'v1beta1', 'v2alpha1'])
})
