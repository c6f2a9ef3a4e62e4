import { printTime } from '../../../src/machinery/clock.ts'
import { type FieldError, fieldErrors } from '../../../src/machinery/field-error.ts'
import { fieldAt } from '../../../src/machinery/object.ts'
import { StatusError } from '../../../src/machinery/status-error.ts'
import { tokenIssuer } from '../../service-account-tokens.ts'
import { answerOther, representationOf } from '../answer.ts'
import { type Handler, keyIn, writeContext } from '../handler.ts'
import { parseWriteOptions } from '../options.ts'
import { readAs } from './read-as.ts'

const kind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
const defaultSeconds = 3600
const minSeconds = 600
const maxSeconds = 2 ** 32

/** POST of `token`: a signed token for a service account. Nothing is stored. */
export const requestToken: Handler = async (request) => {
  const representation = representationOf(request, 'object')
  const { info, resource } = request
  const options = parseWriteOptions(info.query, 'CreateOptions')
  const asked = await readAs(request, kind, options.fieldValidation)
  const seconds = Number(fieldAt(asked, 'spec', 'expirationSeconds') ?? defaultSeconds)
  const errors = expirationErrors(seconds)
  if (errors.length > 0) throw StatusError.invalid(kind, asked.metadata.name ?? '', errors)
  if (fieldAt(asked, 'spec', 'boundObjectRef')) {
    throw StatusError.badRequest(
      'cannot bind token: this hub issues tokens that are bound to their service account only',
    )
  }
  const account = resource.parse((await resource.get(keyIn(request))).bytes)
  const { now } = writeContext(request, options)
  const listed = fieldAt(asked, 'spec', 'audiences')
  const audiences = Array.isArray(listed) && listed.length > 0 ? listed.map(String) : [tokenIssuer]
  const subject = { namespace: info.namespace, name: info.name, uid: account.metadata.uid ?? '' }
  const issuedAt = Math.floor(now / 1000)
  const token = await request.identity.tokens.issue(subject, audiences, issuedAt, issuedAt + seconds)
  return answerOther(representation, 201, {
    kind: kind.kind,
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      name: info.name,
      namespace: info.namespace,
      ...(account.metadata.uid === undefined ? {} : { uid: account.metadata.uid }),
      creationTimestamp: printTime(now),
    },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp: printTime((issuedAt + seconds) * 1000) },
  })
}

function expirationErrors(seconds: number): readonly FieldError[] {
  const field = 'spec.expirationSeconds'
  if (seconds < minSeconds)
    return [fieldErrors.invalid(field, seconds, 'may not specify a duration less than 10 minutes')]
  if (seconds > maxSeconds)
    return [fieldErrors.invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
  return []
}
