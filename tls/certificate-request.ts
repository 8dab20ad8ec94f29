// The library below needs the polyfill before it is loaded.
import 'reflect-metadata'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import {
  AttributeTypeAndValue,
  AttributeValue,
  Name as Attributes,
  RelativeDistinguishedName,
} from '@peculiar/asn1-x509'
import {
  type Extension,
  type JsonGeneralName,
  Name,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificate as Readable,
} from '@peculiar/x509'
import type { SubjectAltName } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import { Secret } from '#domain/secret.ts'

/** Keys, and requests that are signed by them, for whoever has a certificate made: the portal, and each node. */

export interface Subject {
  readonly commonName: string
  readonly organisation?: string | undefined
}

/** Whom a certificate is for: somebody, or whoever has another certificate. */
export interface Named {
  readonly subject: Subject | X509Certificate
  readonly names: readonly SubjectAltName[]
}

/** A private key as PKCS#8. */
export function makeKey(): Secret {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

export function publicKeyOf(key: Secret): KeyObject {
  return createPublicKey(key.reveal())
}

/** A request for a certificate (PKCS#10). */
export async function makeRequest({ subject, names }: Named, key: Secret): Promise<string> {
  const { signingKey, signingAlgorithm } = await signerOf(key)
  const spki = publicKeyOf(key).export({ type: 'spki', format: 'der' })
  const publicKey = await crypto.subtle.importKey('spki', spki, signingAlgorithm, true, ['verify'])
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: nameIn(subject),
    keys: { privateKey: signingKey, publicKey },
    signingAlgorithm,
    extensions: alternativeNames(names),
  })
  return `${made.toString('pem')}\n`
}

/** The extension with the names; none where there are none. */
export function alternativeNames(names: readonly SubjectAltName[]): Extension[] {
  if (names.length === 0) return []
  return [new SubjectAlternativeNameExtension(names.map(jsonName))]
}

function jsonName({ type, value }: SubjectAltName): JsonGeneralName {
  return { type: type === 'uri' ? 'url' : type, value }
}

// Put together by hand: the library takes commas, quotes and signs of numbers in texts for more than themselves.
export function nameIn(subject: Subject | X509Certificate): Name {
  // As it stands there, whatever kinds of strings it is made of.
  if (subject instanceof X509Certificate) return new Readable(subject.raw).subjectName
  const { commonName, organisation } = subject
  const parts = [...(organisation === undefined ? [] : [['2.5.4.10', organisation]]), ['2.5.4.3', commonName]]
  return new Name(
    new Attributes(
      parts.map(([type = '', text = '']) => {
        const value = new AttributeValue({ utf8String: text })
        return new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])
      }),
    ),
  )
}

const hashes: Readonly<Record<string, string>> = { 'P-384': 'SHA-384', 'P-521': 'SHA-512' }
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

const signatures: Readonly<Record<string, string>> = {
  ec: 'ECDSA',
  rsa: 'RSASSA-PKCS1-v1_5',
  ed25519: 'Ed25519',
}

/** A key as WebCrypto signs with it. Throws a Problem where it is of a kind that nothing is signed with here. */
export async function signerOf(key: Secret): Promise<{
  signingKey: CryptoKey
  signingAlgorithm: { name: string; namedCurve: string; hash: string }
}> {
  const read = createPrivateKey(key.reveal())
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = read
  const namedCurve = curves[details?.namedCurve ?? '']
  const name = signatures[type ?? '']
  if (name === undefined || (type === 'ec' && namedCurve === undefined))
    throw new Problem('certificate.unreadable', `Nothing can be signed with a key of the kind ${type}.`)
  const signingAlgorithm = {
    name,
    namedCurve: namedCurve ?? '',
    hash: hashes[namedCurve ?? ''] ?? 'SHA-256',
  }
  const der = read.export({ type: 'pkcs8', format: 'der' })
  const signingKey = await crypto.subtle.importKey('pkcs8', der, signingAlgorithm, false, ['sign'])
  return { signingKey, signingAlgorithm }
}
