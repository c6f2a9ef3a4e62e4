import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { humanDuration } from '../../src/machinery/human-duration.ts'
import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import type { StrategyContext } from '../registry/definition.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, texts } from './cells.ts'
import { immutable } from './field-checks.ts'

/** Who asked is the server's to say: a request cannot be made in the name of another. */
function prepareForCreate(request: KubeObject, { user }: StrategyContext): KubeObject {
  const spec = fieldAt(request, 'spec')
  const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = isObject(spec) ? spec : {}
  return {
    ...request,
    spec: {
      ...asked,
      ...(user.name === '' ? {} : { username: user.name }),
      ...(user.uid ? { uid: user.uid } : {}),
      ...(user.groups.length === 0 ? {} : { groups: user.groups }),
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    },
  }
}

function conditionOfRequest(request: KubeObject): string {
  const types = new Set(objects(request, 'status', 'conditions').map((condition) => condition['type']))
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  const failed = types.has('Failed') ? ',Failed' : ''
  return `${decision}${failed}${text(request, ['status', 'certificate']) === '' ? '' : ',Issued'}`
}

const shortestSeconds = 600

function validate(request: KubeObject): readonly FieldError[] {
  const spec = fieldAt(request, 'spec')
  const errors: FieldError[] = []
  const pem = Buffer.from(text(spec, ['request']), 'base64').toString('latin1')
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(pem)) {
    const detail = 'PEM block type must be CERTIFICATE REQUEST'
    errors.push(fieldErrors.invalid('spec.request', fieldAt(spec, 'request') ?? null, detail))
  }
  if (texts(spec, 'usages').length === 0) errors.push(fieldErrors.required('spec.usages'))
  const signer = text(spec, ['signerName'])
  if (signer === '') errors.push(fieldErrors.required('spec.signerName'))
  else if (!/^[^/]+\.[^/]+\/.+$/.test(signer)) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    errors.push(fieldErrors.invalid('spec.signerName', signer, detail))
  }
  const seconds = fieldAt(spec, 'expirationSeconds')
  if (typeof seconds === 'number' && seconds < shortestSeconds) {
    const detail = `may not specify a duration less than ${shortestSeconds} seconds (10 minutes)`
    errors.push(fieldErrors.invalid('spec.expirationSeconds', seconds, detail))
  }
  return errors
}

/** CertificateSigningRequests: who wants a certificate. */
export const certificateSigningRequests: Behaviour = {
  cells: (request, now) => {
    const seconds = fieldAt(request, 'spec', 'expirationSeconds')
    return [
      nameOf(request),
      age(request, now),
      text(request, ['spec', 'signerName'], '<none>'),
      text(request, ['spec', 'username']),
      typeof seconds === 'number' ? humanDuration(seconds * 1000) : '<none>',
      conditionOfRequest(request),
    ]
  },
  validate,
  validateUpdate: (request, old) => immutable(request['spec'], old['spec'], 'spec'),
  strategy: { prepareForCreate },
}
