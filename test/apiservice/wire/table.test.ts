import { describe, expect, test } from 'vitest'
import { parseIncludeObject, tableHead, tableOf, tableRow } from '../../../apiservice/wire/table.ts'
import type { KubeObject } from '../../../src/machinery/object.ts'

const columns = [
  { name: 'Name', type: 'string', format: 'name', description: 'What it is called.', priority: 0 },
  { name: 'Phase', type: 'string', format: '', description: 'How far it is.', priority: 1 },
]
const definition = {
  columns,
  row: (object: KubeObject) => {
    const done = object['phase'] === 'Done'
    return {
      cells: [object.metadata.name ?? '', object['phase'] ?? null],
      ...(done ? { conditions: [{ type: 'Completed', status: 'True', reason: 'Done' }] } : {}),
    }
  },
}
const object: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Job',
  metadata: { name: 'a', resourceVersion: '7' },
  phase: 'Running',
}
const options = { now: 0, includeObject: 'Metadata', metaVersion: 'v1' } as const

describe('a Table', () => {
  test('has the columns and one row per object, in the order of kube-apiserver', () => {
    const table = tableOf(definition, [object], { ...options, listMeta: { resourceVersion: '7' } })
    expect(JSON.stringify(table)).toBe(
      JSON.stringify({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion: '7' },
        columnDefinitions: columns,
        rows: [
          {
            cells: ['a', 'Running'],
            object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
          },
        ],
      }),
    )
  })

  test('of nothing has columns and no rows', () => {
    expect(tableOf(definition, [], options)).toMatchObject({ metadata: {}, columnDefinitions: columns, rows: [] })
  })

  test('leaves the columns out where the client has had them', () => {
    expect(tableOf(definition, [object], { ...options, columns: false })).toMatchObject({ columnDefinitions: null })
  })

  test.each([
    ['None', null],
    ['Metadata', { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1', metadata: object.metadata }],
    ['Object', object],
  ] as const)('carries %s of an object', (includeObject, included) => {
    const { rows } = tableOf(definition, [object], { ...options, includeObject, metaVersion: 'v1beta1' })
    expect(rows).toEqual([{ cells: ['a', 'Running'], object: included }])
  })

  test('tells the conditions of a row that has some', () => {
    expect(JSON.parse(tableRow(definition, { ...object, phase: 'Done' }, options))).toMatchObject({
      conditions: [{ type: 'Completed', status: 'True', reason: 'Done' }],
    })
    expect(JSON.parse(tableRow(definition, object, options))).not.toHaveProperty('conditions')
  })

  test('can be written row by row', () => {
    const rows = [object, { ...object, phase: 'Done' }]
    const text = `${tableHead(definition, 'v1')},"rows":[${rows.map((one) => tableRow(definition, one, options)).join(',')}],"metadata":{}}`
    expect(JSON.parse(text)).toEqual(tableOf(definition, rows, options))
  })
})

test.each([
  [null, 'Metadata'],
  ['', 'Metadata'],
  ['None', 'None'],
  ['Object', 'Object'],
])('includeObject=%j means %s', (query, meaning) => {
  expect(parseIncludeObject(query)).toBe(meaning)
})

test('an unknown includeObject is refused in the words of Kubernetes', () => {
  const message = `Unable to convert to Table as requested: includeObject: Invalid value: "X": must be 'Metadata', 'Object', 'None', or empty`
  expect(() => parseIncludeObject('X')).toThrow(expect.objectContaining({ code: 400, reason: 'BadRequest', message }))
})
