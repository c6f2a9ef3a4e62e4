import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtinDefinitions } from '../../../apiservice/resources/builtin.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'
import { definitionFor } from './builtin.ts'

const rows = JSON.parse(readFileSync(new URL('../../fixtures/rows/rows.json', import.meta.url), 'utf8')) as readonly {
  readonly now: number
  readonly object: KubeObject
  readonly cells: readonly unknown[]
  readonly conditions?: readonly unknown[]
}[]

const titled = rows.map((row) => ({ ...row, title: `${row.object.kind} ${JSON.stringify(row.cells)}` }))

test.each(titled)('kubectl get shows $title', ({ object, now, cells, conditions }) => {
  const row = definitionFor(object.apiVersion, object.kind).row(object, now)
  expect(row).toEqual({ cells, ...(conditions ? { conditions } : {}) })
})

const now = Date.parse('2020-01-08T00:00:00Z')
const row = (apiVersion: string, kind: string, fields: Record<string, unknown>) =>
  definitionFor(apiVersion, kind).row({ apiVersion, kind, metadata: { name: 'a' }, ...fields }, now).cells

/** What a server without controllers does not let anybody write, by the formulas that the others follow. */
test.each([
  {
    title: 'the controller of a revision',
    cells: row('apps/v1', 'ControllerRevision', {
      metadata: {
        name: 'a',
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u', controller: true }],
      },
      revision: 3,
    }),
    shows: ['a', 'statefulset.apps/web', 3, '<unknown>'],
  },
  {
    title: 'a pod on a lost node',
    cells: row('v1', 'Pod', {
      metadata: { name: 'a', deletionTimestamp: '2020-01-01T00:00:00Z' },
      status: { reason: 'NodeLost', phase: 'Running' },
    }).slice(0, 4),
    shows: ['a', '0/0', 'Unknown', '0'],
  },
  {
    title: 'endpoints of both families',
    cells: row('v1', 'Endpoints', {
      subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }], ports: [{ port: 80 }, { port: 81 }] }],
    }),
    shows: ['a', '10.0.0.1:80,[2001:db8::1]:80,10.0.0.1:81 + 1 more...', '<unknown>'],
  },
  {
    title: 'a signed certificate',
    cells: row('certificates.k8s.io/v1', 'CertificateSigningRequest', {
      spec: { signerName: 'a.b/c', username: 'me', expirationSeconds: 3600 },
      status: { conditions: [{ type: 'Approved' }, { type: 'Failed' }], certificate: 'eA==' },
    }),
    shows: ['a', '<unknown>', 'a.b/c', 'me', '60m', 'Approved,Failed,Issued'],
  },
  {
    title: 'a denied certificate',
    cells: row('certificates.k8s.io/v1', 'CertificateSigningRequest', {
      spec: { signerName: 'a.b/c', username: 'me' },
      status: { conditions: [{ type: 'Denied' }] },
    }),
    shows: ['a', '<unknown>', 'a.b/c', 'me', '<none>', 'Denied'],
  },
  {
    title: 'a healthy component',
    cells: row('v1', 'ComponentStatus', { conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] }),
    shows: ['a', 'Healthy', 'ok', ''],
  },
  {
    title: 'reserved devices',
    cells: row('resource.k8s.io/v1', 'ResourceClaim', { status: { allocation: {}, reservedFor: [{ name: 'p' }] } }),
    shows: ['a', 'allocated,reserved', '<unknown>'],
  },
  {
    title: 'a default storage class',
    cells: row('storage.k8s.io/v1', 'StorageClass', {
      metadata: { name: 'a', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
    }),
    shows: ['a (default)', 'p', 'Delete', 'Immediate', false, '<unknown>'],
  },
  {
    title: 'a default ingress class',
    cells: row('networking.k8s.io/v1', 'IngressClass', {
      metadata: { name: 'a', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'c' },
    }),
    shows: ['a (default)', 'c', '<none>', '<unknown>'],
  },
  {
    title: 'a volume attributes class',
    cells: row('storage.k8s.io/v1', 'VolumeAttributesClass', { driverName: 'd' }),
    shows: ['a', 'd', '<unknown>'],
  },
])('kubectl get shows $title', ({ cells, shows }) => {
  expect(cells).toEqual(shows)
})

test('every row has a cell for each column', () => {
  for (const definition of builtinDefinitions()) {
    const { cells } = definition.row({ apiVersion: 'v1', kind: definition.kind, metadata: { name: 'a' } }, now)
    // Kubernetes sends a cell too many for addresses.
    const extra = definition.resource === 'ipaddresses' ? 1 : 0
    expect([definition.resource, cells.length]).toEqual([definition.resource, definition.columns.length + extra])
    for (const cell of cells) expect(cell).not.toBeUndefined()
  }
})
