import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import { Kubectl, noKubectl } from './kubectl.ts'

const deployment = (name: string, image = 'nginx:1.25') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 80}]}]}
`

describe.skipIf(noKubectl !== undefined)(`kubectl works unmodified${noKubectl ? ` (${noKubectl})` : ''}`, () => {
  let hub: TestHub
  let kubectl: Kubectl

  beforeAll(async () => {
    hub = await startTestHub({ flags: ['--simulate-workloads'] })
    kubectl = await Kubectl.for(hub.kubeconfig)
  })
  afterAll(() => hub?.dispose())

  test('api-resources lists the kinds with their short names', async () => {
    const out = await kubectl.ok(['api-resources'])
    expect(out).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m)
    expect(out).toMatch(/^applications\s+app,velaapp\s+core\.oam\.dev\/v1beta1\s+true\s+Application$/m)
  })

  test('create and get show an object in every output form', async () => {
    await kubectl.ok(['create', 'configmap', 'forms', '--from-literal=a=1', '--from-literal=b=2'])
    expect(await kubectl.ok(['get', 'configmap', 'forms'])).toMatch(/^NAME\s+DATA\s+AGE\nforms\s+2\s+\d+s\n$/)
    expect(await kubectl.ok(['get', 'cm', 'forms', '-o', 'jsonpath={.data.b}'])).toBe('2')
    expect(await kubectl.ok(['get', 'cm', 'forms', '-o', 'yaml'])).toContain('kind: ConfigMap')
    expect(await kubectl.ok(['get', 'cm/forms', '-o', 'name'])).toBe('configmap/forms\n')
    expect(await kubectl.ok(['get', 'cm', 'forms', '-o', 'json'])).toContain('"a": "1"')
  })

  test('get -o wide shows what is not shown otherwise', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('wide') })
    expect(await kubectl.ok(['get', 'deployment', 'wide', '-o', 'wide'])).toMatch(
      /CONTAINERS\s+IMAGES\s+SELECTOR[\s\S]*nginx:1\.25\s+app=wide/,
    )
  })

  test('get -w follows changes', async () => {
    await kubectl.ok(['create', 'configmap', 'watched'])
    const watch = kubectl.start(['get', 'configmap', 'watched', '-w'])
    try {
      await watch.line(/^watched\s+0\s/)
      await kubectl.ok(['patch', 'configmap', 'watched', '-p', '{"data":{"a":"1"}}'])
      expect(await watch.line(/^watched\s+1\s/)).toContain('watched')
    } finally {
      watch.stop()
    }
  })

  test('apply creates, reports no change, and updates', async () => {
    expect(await kubectl.ok(['apply', '-f', '-'], { input: deployment('applied') })).toContain('applied created')
    expect(await kubectl.ok(['apply', '-f', '-'], { input: deployment('applied') })).toContain('applied unchanged')
    expect(await kubectl.ok(['apply', '-f', '-'], { input: deployment('applied', 'nginx:1.26') })).toContain(
      'applied configured',
    )
    const image = '-o=jsonpath={.spec.template.spec.containers[0].image}'
    expect(await kubectl.ok(['get', 'deploy', 'applied', image])).toBe('nginx:1.26')
  })

  test('apply --server-side takes over what client-side apply made', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('both') })
    await kubectl.ok(['apply', '--server-side', '-f', '-'], { input: deployment('both', 'nginx:2') })
    const managers = await kubectl.ok([
      'get',
      'deploy',
      'both',
      '--show-managed-fields',
      '-o=jsonpath={.metadata.managedFields[*].manager}',
    ])
    expect(managers).toContain('kubectl')
    expect(managers).not.toContain('kubectl-client-side-apply')
  })

  test('apply --server-side refuses fields of others, and --force-conflicts takes them', async () => {
    await kubectl.ok(['apply', '--server-side', '--field-manager=one', '-f', '-'], { input: deployment('fought') })
    const refused = await kubectl.run(['apply', '--server-side', '--field-manager=two', '-f', '-'], {
      input: deployment('fought', 'x'),
    })
    expect(refused.err).toContain('conflict with "one"')
    await kubectl.ok(['apply', '--server-side', '--field-manager=two', '--force-conflicts', '-f', '-'], {
      input: deployment('fought', 'x'),
    })
  })

  test('diff tells what apply would change', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('differs') })
    const { code, out } = await kubectl.run(['diff', '-f', '-'], { input: deployment('differs', 'nginx:9') })
    expect(code).toBe(1)
    expect(out).toMatch(/^\+.*nginx:9/m)
  })

  test.each([
    { type: 'strategic', patch: '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"s"}]}}}}' },
    { type: 'merge', patch: '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"m"}]}}}}' },
    { type: 'json', patch: '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"j"}]' },
  ])('patch --type $type changes the image', async ({ type, patch }) => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment(`patched-${type}`) })
    await kubectl.ok(['patch', 'deploy', `patched-${type}`, '--type', type, '-p', patch])
    const image = '-o=jsonpath={.spec.template.spec.containers[0].image}'
    expect(await kubectl.ok(['get', 'deploy', `patched-${type}`, image])).toBe(type[0])
  })

  test('label, annotate and select by label', async () => {
    await kubectl.ok(['create', 'configmap', 'labelled'])
    await kubectl.ok(['label', 'configmap', 'labelled', 'tier=one'])
    await kubectl.ok(['annotate', 'configmap', 'labelled', 'note=hello'])
    expect(await kubectl.ok(['get', 'configmap', '-l', 'tier=one', '-o', 'name'])).toBe('configmap/labelled\n')
    expect(await kubectl.ok(['get', 'configmap', 'labelled', '-o', 'jsonpath={.metadata.annotations.note}'])).toBe(
      'hello',
    )
    await kubectl.ok(['label', 'configmap', 'labelled', 'tier-'])
    expect(await kubectl.ok(['get', 'configmap', '-l', 'tier', '-o', 'name'])).toBe('')
  })

  test('edit opens an editor and saves what it leaves', async () => {
    await kubectl.ok(['create', 'configmap', 'edited', '--from-literal=a=before'])
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-editor-'))
    const editor = join(folder, 'editor')
    await writeFile(editor, '#!/bin/sh\nsed -i s/before/after/ "$1"\n')
    await chmod(editor, 0o755)
    await kubectl.ok(['edit', 'configmap', 'edited'], { env: { KUBE_EDITOR: editor } })
    expect(await kubectl.ok(['get', 'configmap', 'edited', '-o', 'jsonpath={.data.a}'])).toBe('after')
  })

  test('replace puts a whole object', async () => {
    await kubectl.ok(['create', 'configmap', 'replaced', '--from-literal=a=1'])
    const input = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'replaced' },
      data: { b: '2' },
    })
    await kubectl.ok(['replace', '-f', '-'], { input })
    expect(await kubectl.ok(['get', 'configmap', 'replaced', '-o', 'jsonpath={.data}'])).toBe('{"b":"2"}')
  })

  test('scale changes replicas, rollout status waits for them', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('scaled') })
    await kubectl.ok(['scale', 'deploy', 'scaled', '--replicas=5'])
    expect(await kubectl.ok(['rollout', 'status', 'deploy/scaled', '--timeout=20s'])).toContain(
      'successfully rolled out',
    )
    expect(await kubectl.ok(['get', 'deploy', 'scaled'])).toMatch(/scaled\s+5\/5\s+5\s+5/)
  })

  test('wait returns when the condition holds', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('awaited') })
    expect(await kubectl.ok(['wait', 'deploy/awaited', '--for=condition=Available', '--timeout=20s'])).toContain(
      'condition met',
    )
  })

  test('delete --wait returns when the object is gone, also behind a finalizer', async () => {
    await kubectl.ok(['create', 'configmap', 'held'])
    await kubectl.ok(['patch', 'configmap', 'held', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}'])
    const deleted = kubectl.ok(['delete', 'configmap', 'held', '--wait', '--timeout=20s'])
    await expect
      .poll(() => kubectl.ok(['get', 'configmap', 'held', '-o', 'jsonpath={.metadata.deletionTimestamp}']))
      .not.toBe('')
    await kubectl.ok(['patch', 'configmap', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'])
    expect(await deleted).toContain('deleted')
    expect((await kubectl.run(['get', 'configmap', 'held'])).err).toContain('not found')
  })

  test('a namespace comes with its account and certificate, and goes with what is in it', async () => {
    await kubectl.ok(['create', 'namespace', 'whole'])
    const inside = await Kubectl.for(hub.kubeconfig, 'whole')
    await expect
      .poll(() => inside.ok(['get', 'serviceaccount,configmap', '-o', 'name']))
      .toBe('serviceaccount/default\nconfigmap/kube-root-ca.crt\n')
    await inside.ok(['apply', '-f', '-'], { input: deployment('inside') })
    expect(await kubectl.ok(['delete', 'namespace', 'whole', '--timeout=20s'])).toContain('deleted')
    expect((await inside.run(['get', 'deploy', 'inside'])).err).toContain('not found')
  })

  test('explain shows the fields with their descriptions', async () => {
    const out = await kubectl.ok(['explain', 'deployment.spec.strategy'])
    expect(out).toContain('KIND:       Deployment')
    expect(out).toContain('rollingUpdate')
    expect(out).toMatch(/DESCRIPTION:\n {4}\S+/)
  })

  test("explain says what the hub's own kinds mean", async () => {
    expect((await kubectl.ok(['explain', 'shipment.status.state'])).replace(/\s+/g, ' ')).toContain(
      'Unreachable: its cluster does not answer.',
    )
    expect(await kubectl.ok(['explain', 'application.spec.policies'])).toContain('type topology')
  })

  test('describe reads an object and its events', async () => {
    await kubectl.ok(['apply', '-f', '-'], { input: deployment('described') })
    const out = await kubectl.ok(['describe', 'deploy', 'described'])
    expect(out).toMatch(/^Name:\s+described$/m)
    expect(out).toMatch(/^Events:\s+<none>$/m)
  })

  test('auth can-i and whoami answer the administrator', async () => {
    expect(await kubectl.ok(['auth', 'can-i', 'delete', 'nodes'])).toContain('yes')
    expect(await kubectl.ok(['auth', 'whoami'])).toContain('kubernetes-admin')
  })

  test('create token gives a token of which the hub knows the owner', async () => {
    const token = (await kubectl.ok(['create', 'token', 'default'])).trim()
    const input = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
    const review = await kubectl.ok(['create', '-f', '-', '-o', 'jsonpath={.status.user.username}'], { input })
    expect(review).toBe('system:serviceaccount:default:default')
  })

  test('an unknown field is refused with its path', async () => {
    const input = deployment('odd').replace('replicas: 2', 'replicsa: 2')
    expect((await kubectl.run(['apply', '-f', '-'], { input })).err).toContain('unknown field "spec.replicsa"')
  })

  test('version tells the server version', async () => {
    expect(await kubectl.ok(['version'])).toMatch(/Server Version: v1\.36\./)
  })
})
