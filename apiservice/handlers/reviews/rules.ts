import { probePaths } from '../../filters/probes.ts'
import type { Handler } from '../handler.ts'
import { answerReview } from './review.ts'

/** What may I do here? (`kubectl auth can-i --list`) Rights come from `system:masters` alone, so it is everything or nothing. */
export const selfSubjectRulesReview: Handler = (request) =>
  answerReview(request, false, () => {
    const all = request.user.groups.includes('system:masters')
    return {
      spec: {},
      status: {
        resourceRules: all ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] : [],
        nonResourceRules: all
          ? [{ verbs: ['*'], nonResourceURLs: ['*'] }]
          : [{ verbs: ['get'], nonResourceURLs: probePaths }],
        incomplete: false,
      },
    }
  })
