import type { Handler } from '../handler.ts'
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access.ts'
import { selfSubjectReview, tokenReview } from './identity.ts'
import { selfSubjectRulesReview } from './rules.ts'

/** Kinds that answer a question when they are created and are never stored, by `group/resource`. */
export const reviewHandlers: Readonly<Record<string, Handler>> = {
  'authentication.k8s.io/selfsubjectreviews': selfSubjectReview,
  'authentication.k8s.io/tokenreviews': tokenReview,
  'authorization.k8s.io/localsubjectaccessreviews': localSubjectAccessReview,
  'authorization.k8s.io/selfsubjectaccessreviews': selfSubjectAccessReview,
  'authorization.k8s.io/selfsubjectrulesreviews': selfSubjectRulesReview,
  'authorization.k8s.io/subjectaccessreviews': subjectAccessReview,
}
