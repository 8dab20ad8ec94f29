import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { KeyPair } from '#policies/settings.ts'
import { readCertificate } from './certificate.ts'
import { TlsFault } from './fault.ts'

/** The blocks of a PEM text that have that label. */
export function blocksOf(pem: string, label: string): string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----`, 'g')) ?? []
}

/** The certificates of a PEM text. Throws where there is none, or one that cannot be read: OpenSSL would pass over it. */
export function certificatesOf(pem: string, path: readonly string[]): X509Certificate[] {
  const where = path.join('.')
  const blocks = blocksOf(pem, 'CERTIFICATE')
  if (blocks.length === 0) throw new TlsFault(path, `${where} holds no certificate in PEM form`)
  return blocks.map((block, index) => {
    try {
      const certificate = new X509Certificate(block)
      readCertificate(certificate.raw)
      return certificate
    } catch {
      throw new TlsFault(path, `certificate ${index + 1} of ${where} cannot be read`)
    }
  })
}

/** Throws where the certificate or the key cannot be used, or where they do not belong together. */
export function checkKeyPair({ certificate, key }: KeyPair): void {
  const [leaf] = certificatesOf(certificate, ['certificate', 'crt'])
  const path = ['certificate', 'key']
  if (key === '') throw new TlsFault(path, 'certificate.key is missing')
  let read: KeyObject
  try {
    read = createPrivateKey(key)
  } catch {
    throw new TlsFault(path, `certificate.key ${/ENCRYPTED/.test(key) ? 'is encrypted' : 'cannot be read'}`)
  }
  if (leaf?.checkPrivateKey(read) !== true)
    throw new TlsFault(path, 'certificate.key does not belong to certificate.crt')
}
