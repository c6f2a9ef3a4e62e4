import { fieldErrors } from '../../../src/machinery/field-error.ts'
import { fieldAt, isObject, type KubeObject } from '../../../src/machinery/object.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import type { UserInfo } from '../../registry/context.ts'
import type { ApiRequest, Handler } from '../handler.ts'
import { answerReview } from './review.ts'

/** May I? (`kubectl auth can-i`) */
export const selfSubjectAccessReview: Handler = (request) =>
  answerReview(request, true, (review) => judged(request, review, request.user))

/** May they? */
export const subjectAccessReview: Handler = (request) =>
  answerReview(request, true, (review) => judged(request, review, subjectOf(review)))

/** May they, in this namespace? */
export const localSubjectAccessReview: Handler = (request) =>
  answerReview(request, true, (review) => {
    const namespace = fieldAt(review, 'spec', 'resourceAttributes', 'namespace')
    if (namespace !== request.info.namespace) {
      throw invalid('spec.resourceAttributes.namespace', namespace ?? '', 'must match metadata.namespace')
    }
    return judged(request, review, subjectOf(review))
  })

async function judged(request: ApiRequest, review: KubeObject, user: UserInfo): Promise<Record<string, unknown>> {
  const allowed = await request.identity.authorizer(user, attributesOf(review))
  return { status: { allowed: allowed === true } }
}

function attributesOf(review: KubeObject) {
  const resource = fieldAt(review, 'spec', 'resourceAttributes')
  const path = fieldAt(review, 'spec', 'nonResourceAttributes')
  if (isObject(resource) === isObject(path)) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw isObject(resource)
      ? invalid('spec.nonResourceAttributes', resource, 'cannot be specified in combination with resourceAttributes')
      : invalid('spec.resourceAttributes', null, detail)
  }
  const text = (field: string) => {
    const value = fieldAt(isObject(resource) ? resource : path, field)
    return typeof value === 'string' ? value : ''
  }
  return {
    isResourceRequest: isObject(resource),
    path: text('path'),
    verb: text('verb'),
    group: text('group'),
    version: text('version'),
    namespace: text('namespace'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
  }
}

function subjectOf(review: KubeObject): UserInfo {
  const name = fieldAt(review, 'spec', 'user')
  const groups = fieldAt(review, 'spec', 'groups')
  const uid = fieldAt(review, 'spec', 'uid')
  const listed = Array.isArray(groups) ? groups.map(String) : []
  if (!name && listed.length === 0) throw invalid('spec.user', '', 'at least one of user or group must be specified')
  return {
    name: typeof name === 'string' ? name : '',
    uid: typeof uid === 'string' ? uid : '',
    groups: listed,
    extra: {},
  }
}

/** The kind is empty here in kube-apiserver too. */
function invalid(field: string, value: unknown, detail: string): StatusError {
  return StatusError.invalid({ group: 'authorization.k8s.io', kind: '' }, '', [
    fieldErrors.invalid(field, value, detail),
  ])
}
