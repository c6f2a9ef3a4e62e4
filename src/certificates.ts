import 'reflect-metadata'
import { createPrivateKey, createPublicKey, randomBytes, type webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/*
 * Making keys and certificates. Loading the library takes longer than everything that it is used for, so this file is imported only when
 * something has to be made.
 */

/** When a certificate begins and ends. */
export interface Validity {
  readonly from: Date
  readonly to: Date
}

/** Who signs: the authority's certificate and key, PEM. */
export interface Issuer {
  readonly cert: string
  readonly key: string
}

const { subtle } = globalThis.crypto
const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const signature = { ...curve, hash: 'SHA-256' }
const authorityName = 'CN=entrepot-ca'

/** A new P-256 private key: PKCS #8 in PEM. */
export async function newKey(): Promise<string> {
  const { privateKey } = await subtle.generateKey(curve, true, ['sign', 'verify'])
  return PemConverter.encode(await subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')
}

/** A certificate that signs itself and others. Made twice with one key, the second replaces the first for everything signed before. */
export async function issueAuthority(key: string, validity: Validity): Promise<string> {
  const keys = await readKey(key)
  return sign(authorityName, authorityName, keys.publicKey, keys.privateKey, validity, [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ])
}

/** A certificate for a TLS server at these names and addresses. `key` is the server's. */
export function issueServing(
  key: string,
  issuer: Issuer,
  validity: Validity,
  names: readonly string[],
): Promise<string> {
  const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }))
  return issueLeaf('CN=entrepot', key, issuer, validity, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(alternatives),
  ])
}

/** A client certificate of `kubernetes-admin` in `system:masters`, who may do everything. */
export function issueAdministrator(key: string, issuer: Issuer, validity: Validity): Promise<string> {
  return issueLeaf('O=system:masters, CN=kubernetes-admin', key, issuer, validity, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
  ])
}

async function issueLeaf(
  subject: string,
  key: string,
  issuer: Issuer,
  validity: Validity,
  extensions: readonly Extension[],
): Promise<string> {
  const [own, authority] = await Promise.all([readKey(key), readKey(issuer.key)])
  return sign(subject, authorityName, own.publicKey, authority.privateKey, validity, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ...extensions,
  ])
}

async function sign(
  subject: string,
  issuer: string,
  publicKey: webcrypto.CryptoKey,
  signingKey: webcrypto.CryptoKey,
  { from, to }: Validity,
  extensions: readonly Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey,
    signingKey,
    signingAlgorithm: signature,
    // 127 random bits and a leading zero bit: positive, and never the same twice (RFC 5280, 4.1.2.2).
    serialNumber: `0${randomBytes(16).toString('hex').slice(1)}`,
    notBefore: from,
    notAfter: to,
    extensions: [...extensions, await SubjectKeyIdentifierExtension.create(publicKey)],
  })
  return `${certificate.toString('pem')}\n`
}

async function readKey(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(pem)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), curve, false, ['sign']),
    subtle.importKey('spki', spki, curve, true, ['verify']),
  ])
  return { privateKey, publicKey }
}
