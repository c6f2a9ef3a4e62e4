import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { fieldAt } from '../src/machinery/object.ts'
import { hasReason } from '../src/machinery/status-error.ts'
import type { UserInfo } from './registry/context.ts'
import type { Registry } from './registry/registry.ts'

/** The issuer and default audience, as kube-apiserver is usually configured. */
export const tokenIssuer = 'https://kubernetes.default.svc'

const serviceAccounts = { group: '', version: 'v1', resource: 'serviceaccounts' }
const algorithm = 'ES256'

/** The account that a token stands for. */
export interface TokenSubject {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/**
 * Tokens of service accounts: JWTs signed with the hub's own key, valid while their account exists with the same uid (Kubernetes, “Managing
 * Service Accounts”).
 */
export class ServiceAccountTokens {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #keyId: string
  readonly #registry: Registry

  /** `key` is a P-256 private key in PEM. */
  constructor(key: string, registry: Registry) {
    this.#privateKey = createPrivateKey(key)
    this.#publicKey = createPublicKey(this.#privateKey)
    const der = this.#publicKey.export({ type: 'spki', format: 'der' })
    this.#keyId = createHash('sha256').update(der).digest('base64url')
    this.#registry = registry
  }

  /** Signs a token. Times are in seconds since 1970. */
  issue(subject: TokenSubject, audiences: readonly string[], issuedAt: number, expiresAt: number): Promise<string> {
    const { namespace, name, uid } = subject
    return new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name, uid } } })
      .setProtectedHeader({ alg: algorithm, kid: this.#keyId })
      .setIssuer(tokenIssuer)
      .setSubject(`system:serviceaccount:${namespace}:${name}`)
      .setAudience([...audiences])
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(randomUUID())
      .sign(this.#privateKey)
  }

  /** The user of a token, or undefined when it is not ours, not for this audience, expired, or its account is gone. */
  async verify(token: string, audiences: readonly string[] = [tokenIssuer]): Promise<UserInfo | undefined> {
    let claims: Readonly<Record<string, unknown>>
    try {
      const verified = await jwtVerify(token, this.#publicKey, {
        issuer: tokenIssuer,
        audience: [...audiences],
        algorithms: [algorithm],
      })
      claims = verified.payload
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
    const namespace = fieldAt(claims, 'kubernetes.io', 'namespace')
    const name = fieldAt(claims, 'kubernetes.io', 'serviceaccount', 'name')
    const uid = fieldAt(claims, 'kubernetes.io', 'serviceaccount', 'uid')
    if (typeof namespace !== 'string' || typeof name !== 'string' || typeof uid !== 'string') return undefined
    if ((await this.#uidOf(namespace, name)) !== uid) return undefined
    return {
      name: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${String(claims['jti'])}`] },
    }
  }

  async #uidOf(namespace: string, name: string): Promise<string | undefined> {
    const store = this.#registry.find(serviceAccounts)
    if (!store) return undefined
    try {
      return store.parse((await store.get({ namespace, name })).bytes).metadata.uid
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined
      throw error
    }
  }
}
