import { createHash, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { StatusError } from '../../src/machinery/status-error.ts'
import type { Exchange } from '../exchange.ts'
import type { UserInfo } from '../registry/context.ts'

/** Who somebody is who showed nothing. */
export const anonymous: UserInfo = {
  name: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
}

/** One row of a static token file: `token,user,uid,"group1,group2"`. */
export interface StaticToken {
  readonly token: string
  readonly user: string
  readonly uid: string
  readonly groups: readonly string[]
}

/**
 * Finds out who sends a request: a client certificate of the hub's CA, or a bearer token. A wrong token is Unauthorized even where a
 * certificate would do; showing nothing makes one `system:anonymous`.
 */
export class Authenticator {
  readonly #tokens: readonly { readonly digest: Buffer; readonly user: UserInfo }[]
  /** A connection shows its certificate once, so it is read once. */
  readonly #byConnection = new WeakMap<Socket, UserInfo | 'none'>()

  readonly #verify: (token: string) => Promise<UserInfo | undefined>

  /** `verify` knows the tokens that the hub itself issued. */
  constructor(tokens: readonly StaticToken[], verify: (token: string) => Promise<UserInfo | undefined>) {
    this.#verify = verify
    this.#tokens = tokens.map(({ token, user, uid, groups }) => ({
      digest: digest(token),
      user: { name: user, uid, groups: [...groups, 'system:authenticated'], extra: {} },
    }))
  }

  /** Throws Unauthorized for a token that nobody knows. */
  authenticate(exchange: Exchange): UserInfo | Promise<UserInfo> {
    const certified = this.#certified(exchange.socket)
    if (certified !== 'none') return certified
    const authorization = exchange.headers['authorization']
    if (typeof authorization !== 'string' || !/^bearer /i.test(authorization)) return anonymous
    return this.#authenticateToken(authorization.slice('bearer '.length).trim())
  }

  /** Whose token this is, or undefined. */
  async userOfToken(token: string): Promise<UserInfo | undefined> {
    const presented = digest(token)
    // Every token is compared, in constant time, so that timing tells nothing of which is close.
    let found: UserInfo | undefined
    for (const { digest: known, user } of this.#tokens) if (timingSafeEqual(known, presented)) found = user
    return found ?? this.#verify(token)
  }

  async #authenticateToken(token: string): Promise<UserInfo> {
    const user = await this.userOfToken(token)
    if (user === undefined) throw StatusError.unauthorized()
    return user
  }

  #certified(socket: Socket): UserInfo | 'none' {
    const known = this.#byConnection.get(socket)
    if (known !== undefined) return known
    const user = userOfCertificate(socket) ?? 'none'
    this.#byConnection.set(socket, user)
    return user
  }
}

/** CN is the name, each O a group, as Kubernetes reads client certificates. Undefined without a certificate of our CA. */
function userOfCertificate(socket: Socket): UserInfo | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { subject, raw } = socket.getPeerCertificate()
  const name = valuesOf(subject?.CN).at(-1)
  if (name === undefined || name === '') return undefined
  return {
    name,
    uid: '',
    groups: [...valuesOf(subject.O), 'system:authenticated'],
    extra: {
      'authentication.kubernetes.io/credential-id': [`X509SHA256=${createHash('sha256').update(raw).digest('hex')}`],
    },
  }
}

/** Node gives one value of a name as text and several as a list. */
function valuesOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
