import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRequestInfo } from '../../../apiservice/filters/request-info.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'

describe('a request is read as kube-apiserver reads it', () => {
  test.each([
    { method: 'GET', url: '/api/v1/pods', verb: 'list', resource: 'pods', namespace: '', name: '' },
    { method: 'GET', url: '/api/v1/namespaces/a/pods', verb: 'list', resource: 'pods', namespace: 'a', name: '' },
    { method: 'GET', url: '/api/v1/namespaces/a/pods/p', verb: 'get', resource: 'pods', namespace: 'a', name: 'p' },
    { method: 'HEAD', url: '/api/v1/namespaces/a/pods/p', verb: 'get', resource: 'pods', namespace: 'a', name: 'p' },
    { method: 'GET', url: '/api/v1/namespaces/a', verb: 'get', resource: 'namespaces', namespace: '', name: 'a' },
    { method: 'GET', url: '/api/v1/namespaces', verb: 'list', resource: 'namespaces', namespace: '', name: '' },
    {
      method: 'PUT',
      url: '/api/v1/namespaces/a/finalize',
      verb: 'update',
      resource: 'namespaces',
      namespace: '',
      name: 'a',
      subresource: 'finalize',
    },
    {
      method: 'PATCH',
      url: '/apis/apps/v1/namespaces/a/deployments/d/scale',
      verb: 'patch',
      resource: 'deployments',
      namespace: 'a',
      name: 'd',
      subresource: 'scale',
      group: 'apps',
    },
    {
      method: 'POST',
      url: '/apis/apps/v1/namespaces/a/deployments',
      verb: 'create',
      resource: 'deployments',
      namespace: 'a',
      name: '',
      group: 'apps',
    },
    {
      method: 'DELETE',
      url: '/api/v1/namespaces/a/pods',
      verb: 'deletecollection',
      resource: 'pods',
      namespace: 'a',
      name: '',
    },
    { method: 'GET', url: '/api/v1/pods?watch', verb: 'watch', resource: 'pods', namespace: '', name: '' },
    { method: 'GET', url: '/api/v1/pods?watch=0', verb: 'list', resource: 'pods', namespace: '', name: '' },
    {
      method: 'GET',
      url: '/api/v1/namespaces/a/pods/p?watch=1',
      verb: 'get',
      resource: 'pods',
      namespace: 'a',
      name: 'p',
    },
    {
      method: 'GET',
      url: '/api/v1/watch/namespaces/a/pods/p',
      verb: 'watch',
      resource: 'pods',
      namespace: 'a',
      name: 'p',
    },
    {
      method: 'GET',
      url: '/api/v1/pods?fieldSelector=metadata.name%3Dp',
      verb: 'list',
      resource: 'pods',
      namespace: '',
      name: 'p',
    },
    {
      method: 'GET',
      url: '/api/v1/pods?fieldSelector=metadata.name%3Dp,spec.nodeName%3Dn',
      verb: 'list',
      resource: 'pods',
      namespace: '',
      name: '',
    },
  ])('$method $url is $verb', ({ method, url, ...expected }) => {
    expect(parseRequestInfo(method, url)).toMatchObject({ isResourceRequest: true, ...expected })
  })

  test.each([
    '/',
    '/version',
    '/healthz',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
  ])('%s is no resource request', (url) => {
    expect(parseRequestInfo('GET', url)).toMatchObject({ isResourceRequest: false, path: url, verb: 'get' })
  })

  test.each([
    '//api/v1/pods',
    '/api/v1/../v1/pods',
    '/api/v1/%2e%2e/pods',
    '/api/v1/a%2fb',
    '/api/v1/pods%00',
    '/api/v1/.',
    '/a\\b',
    '/%zz',
  ])('a path with two readings is refused: %s', (url) => {
    expect(() => parseRequestInfo('GET', url)).toThrow(StatusError)
  })

  test('no path makes it throw anything but a StatusError, and none smuggles a separator into a part', () => {
    const piece = fc.oneof(
      fc.constantFrom('api', 'apis', 'v1', 'namespaces', 'watch', '..', '.', '', '%2f', '%2e', '%00', 'a%5cb'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.string(), (pieces, query) => {
        try {
          const info = parseRequestInfo('GET', `/${pieces.join('/')}?${query}`)
          for (const part of [info.namespace, info.resource, info.name, info.subresource]) {
            expect(part).not.toMatch(/[/\0]/)
            expect(['.', '..']).not.toContain(part)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError)
        }
      }),
    )
  })
})
