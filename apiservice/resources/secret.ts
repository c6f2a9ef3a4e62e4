import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { parseJson } from '../../src/machinery/json.ts'
import { isObject, type KubeObject } from '../../src/machinery/object.ts'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, sizeOfMap, text, textMap } from './cells.ts'
import { dataLimitBytes, decodedBytes, immutableData, validateKeys } from './config-map.ts'
import { immutable } from './field-checks.ts'

const accountName = 'kubernetes.io/service-account.name'
const redacted = '<secret contents redacted>'

/** `stringData` is written, never read: its values go into `data`, over what stands there. */
function defaults(draft: Record<string, unknown>): void {
  if (draft['type'] === undefined || draft['type'] === '') draft['type'] = 'Opaque'
  const written = draft['stringData']
  if (!isObject(written)) return
  const encoded = Object.entries(textMap(written)).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  if (encoded.length > 0) {
    draft['data'] = { ...(isObject(draft['data']) ? draft['data'] : {}), ...Object.fromEntries(encoded) }
  }
  delete draft['stringData']
}

function validate(secret: KubeObject): readonly FieldError[] {
  const data = textMap(secret, 'data')
  const errors = [...validateKeys(data, 'data')]
  const bytes = Object.values(data).reduce((sum, value) => sum + decodedBytes(value), 0)
  if (bytes > dataLimitBytes) errors.push(fieldErrors.tooLong('data', dataLimitBytes))
  return [...errors, ...validateType(secret, data)]
}

/** What a Secret of a well-known type must hold. */
function validateType(secret: KubeObject, data: Readonly<Record<string, string>>): readonly FieldError[] {
  const required = (...keys: readonly string[]) => keys.map((key) => fieldErrors.required(`data[${key}]`))
  const missing = (...keys: readonly string[]) => required(...keys.filter((key) => data[key] === undefined))
  switch (secret['type']) {
    case 'kubernetes.io/service-account-token': {
      const account = secret.metadata.annotations?.[accountName] ?? ''
      return account === '' ? [fieldErrors.required(`metadata.annotations[${accountName}]`)] : []
    }
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg')
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson')
    case 'kubernetes.io/basic-auth':
      return 'username' in data || 'password' in data ? [] : required('username', 'password')
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? required('ssh-privatekey') : []
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key')
    default:
      return []
  }
}

function validateJson(data: Readonly<Record<string, string>>, key: string): readonly FieldError[] {
  const path = `data[${key}]`
  const encoded = data[key]
  if (encoded === undefined) return [fieldErrors.required(path)]
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  try {
    const { value } = parseJson(decoded)
    if (value === null || isObject(value)) return []
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    const detail = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
    return [fieldErrors.invalid(path, redacted, detail)]
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return [fieldErrors.invalid(path, redacted, error.message)]
  }
}

function warnings(secret: KubeObject): readonly string[] {
  if (secret['type'] !== 'kubernetes.io/tls') return []
  const certificate = Buffer.from(text(secret, ['data', 'tls.crt']), 'base64').toString('latin1')
  const key = Buffer.from(text(secret, ['data', 'tls.key']), 'base64').toString('latin1')
  if (!/-----BEGIN [^-]+-----/.test(certificate)) return ['tls: failed to find any PEM data in certificate input']
  if (!/-----BEGIN [^-]+-----/.test(key)) return ['tls: failed to find any PEM data in key input']
  return []
}

/** Secrets: bytes by key, for those who may read them. */
export const secrets: Behaviour = {
  cells: (secret, now) => [nameOf(secret), text(secret, ['type']), sizeOfMap(secret, 'data'), age(secret, now)],
  defaults,
  validate,
  validateUpdate: (secret, old) => [
    ...immutable(secret['type'], old['type'], 'type'),
    ...immutableData(secret, old, ['data']),
  ],
  strategy: { warnings },
}
