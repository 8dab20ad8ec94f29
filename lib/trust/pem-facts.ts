import { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '#domain/certificate.ts'
import { factsOf } from './x509.ts'

/** Certificates out of PEM texts that are kept, which pages look at again and again. */

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

// To read one takes a signature check; the same few hundred stand in all policies.
const read = new Map<string, CertificateFacts | null>()
const readMax = 5_000

/** The certificates of a text, each by itself. */
export function blocksOf(pem: string): string[] {
  return pem.match(block) ?? []
}

/** The facts of at most so many certificates, in the order of the text; null where one of them cannot be read. */
export function factsInPem(pem: string, most: number): CertificateFacts[] | null {
  const facts = blocksOf(pem).slice(0, most).map(factsOfBlock)
  return facts.every((each) => each !== null) ? facts : null
}

function factsOfBlock(text: string): CertificateFacts | null {
  const before = read.get(text)
  if (before !== undefined) return before
  if (read.size >= readMax) read.clear()
  const made = tryReading(text)
  read.set(text, made)
  return made
}

function tryReading(text: string): CertificateFacts | null {
  try {
    return factsOf(new X509Certificate(text))
  } catch {
    // What no policy could use is refused where it is saved; here it only cannot be judged.
    return null
  }
}
