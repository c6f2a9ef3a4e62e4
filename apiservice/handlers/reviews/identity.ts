import { printTime } from '../../../src/machinery/clock.ts'
import { fieldAt } from '../../../src/machinery/object.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { printUser } from '../../registry/context.ts'
import type { Handler } from '../handler.ts'
import { answerReview } from './review.ts'

/** Who am I? (`kubectl auth whoami`) */
export const selfSubjectReview: Handler = (request) =>
  answerReview(request, false, () => ({
    metadata: { creationTimestamp: printTime(request.clock.now()) },
    status: { userInfo: printUser(request.user) },
  }))

/** Whose token is this? */
export const tokenReview: Handler = (request) =>
  answerReview(request, true, async (review) => {
    const token = fieldAt(review, 'spec', 'token')
    if (typeof token !== 'string' || token === '') {
      throw StatusError.badRequest('token is required for TokenReview in authentication')
    }
    const user = await request.identity.authenticator.userOfToken(token)
    if (user === undefined) return { status: { user: {}, error: 'invalid bearer token' } }
    return { status: { authenticated: true, user: printUser(user) } }
  })
