import { asTable, get, patch, post, put, remove, section } from '../case.ts'

const maps = '/api/v1/namespaces/NS/configmaps'
const deployments = '/apis/apps/v1/namespaces/NS/deployments'
const map = { metadata: { name: 'a' }, data: { k: 'v' } }
const deployment = {
  metadata: { name: 'd' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
  },
}

/** Requests that are wrong, odd, or at an edge: paths, options, names, preconditions, patches, selectors, pages and watches. */
export const requests = [
  ...section('routing', {
    'an unknown resource of a known group': [get('/api/v1/namespaces/NS/foos')],
    'an unknown version of a known group': [get('/apis/apps/v2/namespaces/NS/deployments')],
    'an unknown group': [get('/apis/nope.example/v1/foos')],
    'a cluster-scoped kind in a namespace': [get('/api/v1/namespaces/NS/nodes')],
    'an unknown subresource': [post(maps, map), get(`${maps}/a/foo`)],
    'POST to an item': [post(`${maps}/a`, map)],
    'POST to all namespaces': [post('/api/v1/configmaps', map)],
    'DELETE of all namespaces': [remove('/api/v1/configmaps')],
    'a subresource of an absent object': [get(`${deployments}/none/scale`), get(`${deployments}/none/status`)],
    'discovery of an unknown group': [get('/apis/nope.example'), get('/apis/apps/v9')],
    'a bare version': [get('/api/v2')],
  }),
  ...section('options', {
    'dryRun with another value': [post(`${maps}?dryRun=x`, map)],
    'dryRun without a value': [post(`${maps}?dryRun=`, map)],
    'an unknown fieldValidation': [post(`${maps}?fieldValidation=q`, map)],
    'a field manager that is too long': [post(`${maps}?fieldManager=${'x'.repeat(129)}`, map)],
    'force without apply': [post(maps, map), patch('merge', `${maps}/a?force=true`, { data: {} })],
    'apply without a field manager': [patch('apply', `${maps}/a`, { apiVersion: 'v1', kind: 'ConfigMap', ...map })],
    'a limit that is no number': [get(`${maps}?limit=x`)],
    'an unparsable timeout': [get(`${maps}?timeout=abc`)],
    'resourceVersionMatch without resourceVersion': [get(`${maps}?resourceVersionMatch=Exact`)],
    'resourceVersionMatch Exact for 0': [get(`${maps}?resourceVersion=0&resourceVersionMatch=Exact`)],
    'an unknown resourceVersionMatch': [get(`${maps}?resourceVersion=1&resourceVersionMatch=Foo`)],
    'a resourceVersion that is no number': [get(`${maps}?resourceVersion=abc`), get(`${maps}/a?resourceVersion=abc`)],
    'sendInitialEvents on a list': [get(`${maps}?sendInitialEvents=true`)],
    'sendInitialEvents without match on a watch': [get(`${maps}?watch=1&sendInitialEvents=true`)],
    'resourceVersionMatch on a watch': [get(`${maps}?watch=1&resourceVersionMatch=Exact&resourceVersion=1`)],
    'an unknown propagation policy': [post(maps, map), remove(`${maps}/a`, { propagationPolicy: 'x' })],
    'both ways to say what happens to dependents': [
      post(maps, map),
      remove(`${maps}/a`, { propagationPolicy: 'Orphan', orphanDependents: true }),
    ],
    'a grace period that is no number': [remove(`${maps}/a?gracePeriodSeconds=x`)],
  }),
  ...section('bodies', {
    'no body': [{ method: 'POST', path: maps }],
    'broken JSON': [post(maps, '{"metadata":')],
    'JSON that is no object': [post(maps, '[]')],
    'another kind': [post(maps, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })],
    'another version': [post(deployments, { ...deployment, apiVersion: 'apps/v1beta1', kind: 'Deployment' })],
    'an unknown media type': [post(maps, map, { 'content-type': 'text/csv' })],
    YAML: [post(maps, 'metadata:\n  name: y\ndata:\n  a: "0644"\n', { 'content-type': 'application/yaml' })],
    'an unknown field, warned of': [post(maps, { ...map, foo: 1 })],
    'an unknown field, refused': [post(`${maps}?fieldValidation=Strict`, { ...map, foo: 1 })],
    'an unknown field, ignored': [post(`${maps}?fieldValidation=Ignore`, { ...map, foo: 1 })],
    'a duplicate field, refused': [post(`${maps}?fieldValidation=Strict`, '{"metadata":{"name":"a","name":"b"}}')],
    'an unknown field deep inside, refused': [
      post(`${deployments}?fieldValidation=Strict`, { ...deployment, spec: { ...deployment.spec, foo: { bar: 1 } } }),
    ],
    'a number where text belongs': [post(maps, { metadata: { name: 'a' }, data: { k: 1 } })],
    'text where a number belongs': [post(deployments, { ...deployment, spec: { ...deployment.spec, replicas: 'x' } })],
    'a form that nobody can send': [get(maps, { accept: 'application/xml' })],
    'a table of YAML': [get('/api/v1/namespaces/NS/pods', { accept: 'application/yaml;as=Table;v=v1;g=meta.k8s.io' })],
    'an unknown includeObject': [get(`${maps}?includeObject=x`, asTable)],
  }),
  ...section('metadata', {
    'no name': [post(maps, { metadata: {} })],
    'a generated name that is too odd': [post(maps, { metadata: { generateName: 'A_' } })],
    'a bad name': [post(maps, { metadata: { name: 'A_b' } })],
    'a bad label': [post(maps, { metadata: { name: 'a', labels: { 'a b': 'c' } } })],
    'a bad label value': [post(maps, { metadata: { name: 'a', labels: { a: 'b c' } } })],
    'a bad annotation': [post(maps, { metadata: { name: 'a', annotations: { 'a/b/c': 'x' } } })],
    'a short finalizer': [post(maps, { metadata: { name: 'a', finalizers: ['x'] } })],
    'an owner without uid': [
      post(maps, { metadata: { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }] } }),
    ],
    'two controllers': [
      post(maps, {
        metadata: {
          name: 'a',
          ownerReferences: [
            { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u1', controller: true },
            { apiVersion: 'v1', kind: 'Pod', name: 'q', uid: 'u2', controller: true },
          ],
        },
      }),
    ],
    'another namespace': [post(maps, { metadata: { name: 'a', namespace: 'other' } })],
    'an absent namespace': [post('/api/v1/namespaces/never-there/configmaps', map)],
    'server fields from the client': [
      post(maps, {
        metadata: { name: 'a', uid: 'x', creationTimestamp: '2001-01-01T00:00:00Z', generation: 7, selfLink: '/x' },
      }),
    ],
    'a resourceVersion on create': [post(maps, { metadata: { name: 'a', resourceVersion: '5' } })],
    'resourceVersion 0 on create': [post(maps, { metadata: { name: 'a', resourceVersion: '0' } })],
  }),
  ...section('updates', {
    'of an absent object': [put(`${maps}/a`, map)],
    'with another name': [post(maps, map), put(`${maps}/a`, { metadata: { name: 'b' } })],
    'without a name': [post(maps, map), put(`${maps}/a`, { metadata: {} })],
    'without a resourceVersion': [post(maps, map), put(`${maps}/a`, { ...map, data: { k: 'w' } })],
    'with the newest resourceVersion': [
      post(maps, map),
      put(`${maps}/a`, { ...map, metadata: { name: 'a', resourceVersion: 'RV' }, data: { k: 'w' } }),
    ],
    'that change nothing': [post(maps, map), put(`${maps}/a`, map)],
    'of generation only by the spec': [
      post(deployments, deployment),
      patch('merge', `${deployments}/d`, { metadata: { labels: { x: 'y' } } }),
      patch('merge', `${deployments}/d`, { metadata: { annotations: { x: 'y' } } }),
      patch('merge', `${deployments}/d`, { spec: { paused: true } }),
    ],
    'of status through the main resource': [
      post(deployments, deployment),
      patch('merge', `${deployments}/d`, { status: { replicas: 9 } }),
    ],
    'of status through its own door': [
      post(deployments, deployment),
      patch('merge', `${deployments}/d/status`, {
        status: { replicas: 2, observedGeneration: 1 },
        spec: { replicas: 7 },
      }),
      get(`${deployments}/d`),
    ],
    'that create what is absent': [
      put('/apis/coordination.k8s.io/v1/namespaces/NS/leases/l', {
        metadata: { name: 'l' },
        spec: { holderIdentity: 'x' },
      }),
    ],
    'of an immutable config map': [
      post(maps, { ...map, immutable: true }),
      patch('merge', `${maps}/a`, { data: { k: 'w' } }),
      patch('merge', `${maps}/a`, { immutable: false }),
      patch('merge', `${maps}/a`, { metadata: { labels: { x: 'y' } } }),
    ],
    'of a selector': [
      post(deployments, deployment),
      patch('merge', `${deployments}/d`, { spec: { selector: { matchLabels: { a: 'c' } } } }),
    ],
    'of scale': [
      post(deployments, deployment),
      get(`${deployments}/d/scale`),
      put(`${deployments}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: 4 } }),
      patch('merge', `${deployments}/d/scale`, { spec: { replicas: -1 } }),
      get(`${deployments}/d`),
    ],
    'of another uid': [post(maps, map), patch('merge', `${maps}/a`, { metadata: { uid: 'x' } })],
  }),
  ...section('patches', {
    'a failing test': [post(maps, map), patch('json', `${maps}/a`, [{ op: 'test', path: '/data/k', value: 'nope' }])],
    'a missing path': [post(maps, map), patch('json', `${maps}/a`, [{ op: 'remove', path: '/data/nope' }])],
    'add, replace, copy, move': [
      post(maps, map),
      patch('json', `${maps}/a`, [
        { op: 'add', path: '/data/x', value: '1' },
        { op: 'replace', path: '/data/k', value: '2' },
        { op: 'copy', from: '/data/x', path: '/data/y' },
        { op: 'move', from: '/data/x', path: '/data/z' },
      ]),
    ],
    'that is no list': [post(maps, map), patch('json', `${maps}/a`, { op: 'add' })],
    'of an absent object': [patch('merge', `${maps}/a`, { data: { a: 'b' } })],
    'with a stale resourceVersion': [
      post(maps, map),
      patch('merge', `${maps}/a`, { metadata: { resourceVersion: '1' }, data: { a: 'b' } }),
    ],
    'that rename': [post(maps, map), patch('merge', `${maps}/a`, { metadata: { name: 'b' } })],
    'of an unknown media type': [
      post(maps, map),
      { method: 'PATCH', path: `${maps}/a`, body: {}, headers: { 'content-type': 'application/json' } },
    ],
    'merging containers by name': [
      post(deployments, deployment),
      patch('strategic', `${deployments}/d`, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'c', env: [{ name: 'A', value: '1' }] },
                { name: 'e', image: 'y' },
              ],
            },
          },
        },
      }),
      patch('strategic', `${deployments}/d`, {
        spec: { template: { spec: { containers: [{ name: 'e', $patch: 'delete' }] } } },
      }),
    ],
    'replacing a map': [post(maps, map), patch('strategic', `${maps}/a`, { data: { $patch: 'replace', n: '1' } })],
    'an unknown directive': [post(maps, map), patch('strategic', `${maps}/a`, { data: { $patch: 'what' } })],
    'with an unknown field, refused': [post(maps, map), patch('merge', `${maps}/a?fieldValidation=Strict`, { foo: 1 })],
    'with an unknown field, warned of': [post(maps, map), patch('merge', `${maps}/a`, { foo: 1 })],
  }),
  ...section('apply', {
    'a conflict': [
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'ConfigMap', ...map }),
      patch('apply', `${maps}/a?fieldManager=two`, { apiVersion: 'v1', kind: 'ConfigMap', ...map, data: { k: 'w' } }),
      patch('apply', `${maps}/a?fieldManager=two&force=true`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        ...map,
        data: { k: 'w' },
      }),
    ],
    'fields that are given up': [
      patch('apply', `${maps}/a?fieldManager=one`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { x: '1', y: '2' },
      }),
      patch('apply', `${maps}/a?fieldManager=one`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { y: '2' },
      }),
    ],
    'shared fields': [
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'ConfigMap', ...map }),
      patch('apply', `${maps}/a?fieldManager=two`, { apiVersion: 'v1', kind: 'ConfigMap', ...map }),
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
    ],
    'over an update': [
      post(maps, map),
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'ConfigMap', ...map, data: { k: 'w' } }),
    ],
    'with managedFields': [
      patch('apply', `${maps}/a?fieldManager=one`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', managedFields: [{ manager: 'x' }] },
      }),
    ],
    'of another kind': [
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }),
    ],
    'of an unknown field': [
      patch('apply', `${maps}/a?fieldManager=one`, { apiVersion: 'v1', kind: 'ConfigMap', ...map, foo: 1 }),
    ],
    'of a deployment, then one container less': [
      patch('apply', `${deployments}/d?fieldManager=one`, { apiVersion: 'apps/v1', kind: 'Deployment', ...deployment }),
      patch('apply', `${deployments}/d?fieldManager=one`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: { ...deployment.spec, replicas: 2 },
      }),
    ],
  }),
  ...section('deletes', {
    'with another uid': [post(maps, map), remove(`${maps}/a`, { preconditions: { uid: 'x' } })],
    'with another resourceVersion': [post(maps, map), remove(`${maps}/a`, { preconditions: { resourceVersion: '1' } })],
    rehearsed: [post(maps, map), remove(`${maps}/a?dryRun=All`), get(`${maps}/a`)],
    'of a collection by label': [
      post(maps, { metadata: { name: 'a', labels: { x: '1' } } }),
      post(maps, { metadata: { name: 'b', labels: { x: '2' } } }),
      remove(`${maps}?labelSelector=x%3D1`),
      get(`${maps}?labelSelector=x`),
    ],
    'that orphan': [
      post(deployments, { ...deployment, metadata: { name: 'd', finalizers: ['example.com/hold'] } }),
      remove(`${deployments}/d`, { propagationPolicy: 'Orphan' }),
    ],
    'in the foreground': [
      post(deployments, { ...deployment, metadata: { name: 'd', finalizers: ['example.com/hold'] } }),
      remove(`${deployments}/d`, { propagationPolicy: 'Foreground' }),
    ],
    'of what is absent': [remove(`${maps}/none`)],
    'of the default namespace': [remove('/api/v1/namespaces/default')],
    'new finalizers while going': [
      post(maps, { metadata: { name: 'a', finalizers: ['example.com/hold'] } }),
      remove(`${maps}/a`),
      patch('merge', `${maps}/a`, { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
      post(maps, { metadata: { name: 'a' } }),
    ],
  }),
  ...section('selectors', {
    'sets, existence and inequality': [
      post(maps, { metadata: { name: 'a', labels: { env: 'p', tier: 'x' } } }),
      post(maps, { metadata: { name: 'b', labels: { env: 'q' } } }),
      post(maps, { metadata: { name: 'c', labels: { other: 'r' } } }),
      get(`${maps}?labelSelector=${encodeURIComponent('env in (p,q)')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('env,env notin (q)')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('!env,other')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('tier!=x,env')}`),
    ],
    'syntax errors': [
      get(`${maps}?labelSelector=${encodeURIComponent('a=b=c')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('env in (p')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('a b')}`),
      get(`${maps}?labelSelector=${encodeURIComponent('-a=b')}`),
    ],
    'fields that a kind does not have': [
      get(`${maps}?fieldSelector=spec.foo=1`),
      get(`${deployments}?fieldSelector=spec.replicas=1`),
    ],
    'field syntax': [get(`${maps}?fieldSelector=metadata.name`), get(`${maps}?fieldSelector=metadata.name%3E1`)],
    'the type of a secret': [
      post('/api/v1/namespaces/NS/secrets', { metadata: { name: 'a' }, type: 'example.com/x' }),
      get('/api/v1/namespaces/NS/secrets?fieldSelector=type%3Dexample.com/x'),
      get('/api/v1/namespaces/NS/secrets?fieldSelector=type!%3Dexample.com/x'),
    ],
  }),
  ...section('pages', {
    'of two': [
      ...['a', 'b', 'c'].map((name) => post(maps, { metadata: { name, labels: { p: '1' } } })),
      get(`${maps}?limit=2&labelSelector=p`),
      get(`${maps}?limit=9&labelSelector=p`),
    ],
    'a token that is none': [get(`${maps}?continue=abc`)],
  }),
  ...section('watches', {
    'from a revision on': [
      post(maps, map),
      patch('merge', `${maps}/a`, { data: { k: 'w' } }),
      remove(`${maps}/a`),
      get(`${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da&resourceVersion=0`),
    ],
    'the existing objects': [post(maps, map), get(`${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da`)],
    'the existing objects as a table': [
      post(maps, map),
      get(`${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da`, asTable),
    ],
    'the initial events with their end': [
      post(maps, map),
      get(
        `${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      ),
    ],
  }),
  ...section('reviews', {
    'of oneself': [
      post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
      }),
    ],
    'of nothing': [post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} })],
    'of somebody without rights': [
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        spec: { user: 'bob', resourceAttributes: { verb: 'get', resource: 'pods' } },
      }),
    ],
    'of a bad token': [post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'abc' } })],
  }),
]
