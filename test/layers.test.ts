import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { violationsIn } from './layers.ts'

const root = join(import.meta.dirname, '..')

function sources(): readonly { readonly path: string; readonly text: string }[] {
  return ['src', 'apiservice', 'storage'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  )
}

test('imports point left, and every library is used at its home only', () => {
  const files = sources()
  expect(files.length).toBeGreaterThan(100)
  expect(violationsIn(files)).toEqual([])
})

test.each([
  {
    name: 'the engine reaches into the store',
    path: 'src/engine/a.ts',
    text: "\nimport { get } from '../../storage/keys.ts'",
    says: 'src/engine/a.ts:2 imports ../../storage/keys.ts: engine may only know engine, machinery',
  },
  {
    name: 'a word of the domain knows a room, by a type',
    path: 'src/machinery/a.ts',
    text: "import type { A } from '../engine/a.ts'",
    says: 'src/machinery/a.ts:1 imports ../engine/a.ts: machinery may only know machinery',
  },
  {
    name: 'the API layer takes an engine of the store',
    path: 'apiservice/registry/a.ts',
    text: "// why\nimport {\n  open,\n} from '../../storage/level-store.ts'",
    says: 'apiservice/registry/a.ts:2 imports ../../storage/level-store.ts: apiservice may only know apiservice, machinery, storage/store.ts',
  },
  {
    name: 'a part loads the hub while it runs',
    path: 'src/pki.ts',
    text: "const load = () => import('./hub.ts')",
    says: 'src/pki.ts:1 imports ./hub.ts: part may only know part, machinery',
  },
  {
    name: 'a room passes on what it may not know',
    path: 'src/clusters/a.ts',
    text: "export * from '../engine/engine.ts'",
    says: 'src/clusters/a.ts:1 imports ../engine/engine.ts: clusters may only know clusters, machinery',
  },
  {
    name: 'the hub knows the command line',
    path: 'src/hub.ts',
    text: "import { up } from './cli/up.ts'",
    says: 'src/hub.ts:1 imports ./cli/up.ts: hub may only know part, machinery, storage, apiservice, engine, clusters',
  },
  {
    name: 'a library is used away from home',
    path: 'apiservice/server.ts',
    text: "import express from 'express'",
    says: 'apiservice/server.ts:1 imports express: express lives in apiservice/web/',
  },
  {
    name: 'a library has a scope and a path',
    path: 'src/engine/a.ts',
    text: "const k = await import('@kubernetes/client-node/dist/config.js')",
    says: 'src/engine/a.ts:1 imports @kubernetes/client-node/dist/config.js: @kubernetes/client-node lives in src/clusters/',
  },
  {
    name: 'a library is new',
    path: 'src/a.ts',
    text: "import 'left-pad'",
    says: 'src/a.ts:1 imports left-pad: left-pad has no home yet: give it one in test/layers.ts',
  },
  {
    name: 'a decision opens a connection',
    path: 'src/engine/plan.ts',
    text: "import { connect } from 'node:net'",
    says: 'src/engine/plan.ts:1 imports node:net: engine does no input and output',
  },
  {
    name: 'a word of the domain writes a file',
    path: 'src/machinery/a.ts',
    text: "import { readFileSync, writeFileSync } from 'node:fs' // facts/a.json",
    says: 'src/machinery/a.ts:1 imports node:fs: machinery does no input and output',
  },
  {
    name: 'a program knows its tests',
    path: 'src/a.ts',
    text: "import { b } from '../test/b.ts'",
    says: 'src/a.ts:1 imports ../test/b.ts: it is outside the house',
  },
  {
    name: 'an import leaves the ending out',
    path: 'src/a.ts',
    text: "import { b } from './b'",
    says: 'src/a.ts:1 imports ./b: the file must be named with its ending',
  },
])('it is refused that $name', ({ path, text, says }) => {
  expect(violationsIn([{ path, text }])).toEqual([says])
})

test.each([
  { name: 'its own room', path: 'src/engine/a.ts', text: "import { b } from './traits/b.ts'" },
  { name: 'a word of the domain', path: 'storage/a.ts', text: "import { b } from '../src/machinery/b.ts'" },
  { name: 'the contract of the store', path: 'apiservice/a.ts', text: "import { b } from '../storage/store.ts'" },
  { name: 'the type of what it is handed', path: 'src/tokens.ts', text: "import type { B } from '../apiservice/b.ts'" },
  { name: 'a library at home', path: 'apiservice/web/a.ts', text: "import express from 'express'" },
  {
    name: 'a table of facts',
    path: 'src/machinery/a.ts',
    text: "import { readFileSync } from 'node:fs'\nconst url = new URL('./facts/a.json', import.meta.url)",
  },
  { name: 'nothing, but quotes an import', path: 'src/engine/a.ts', text: "const text = 'see storage from here'" },
])('a file may know $name', ({ path, text }) => {
  expect(violationsIn([{ path, text }])).toEqual([])
})
