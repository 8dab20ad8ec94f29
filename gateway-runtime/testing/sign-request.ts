// The library below needs the polyfill before it is loaded.
import 'reflect-metadata'
import { createPrivateKey, randomBytes } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequest,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Authority } from './certificates.ts'

/** Signs a request as a CA does that makes sure of nothing but the proof of possession. */
export async function signRequest(authority: Authority, csr: string, lifetimeMs: number): Promise<string> {
  const request = new Pkcs10CertificateRequest(csr)
  if (!(await request.verify())) throw new Error('the request is not signed by its key')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const names = request.getExtension('2.5.29.17')
  const made = await X509CertificateGenerator.create({
    serialNumber: `4${randomBytes(15).toString('hex').slice(1)}`,
    subject: request.subjectName,
    issuer: new X509Certificate(authority.certificate).subjectName,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + lifetimeMs),
    publicKey: request.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ...(names === null ? [] : [names]),
    ],
  })
  return `${made.toString('pem')}\n`
}
