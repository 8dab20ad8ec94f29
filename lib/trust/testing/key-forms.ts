import { createPrivateKey } from 'node:crypto'

/**
 * A private key in every form in which it could leak: its PEM without line breaks, each line of it that holds some of
 * the secret, its DER, its number. What a certificate may say of it is in none of them.
 */
export function formsOfKey(pem: string): string[] {
  const key = createPrivateKey(pem)
  const { d = '' } = key.export({ format: 'jwk' })
  const number = Buffer.from(d, 'base64url')
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const bare = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const wholes = [bare, d, number.toString('hex'), der.toString('base64'), der.toString('hex')]
  return [...new Set([...wholes.flatMap((form) => [form, form.slice(20, 60)]), ...secretLines(pem, number)])]
}

/** Enough of a secret to be no chance. */
const secretBytes = 12

function secretLines(pem: string, number: Buffer): string[] {
  return pem.split('\n').filter((line) => {
    if (!/^[A-Za-z0-9+/=]{24,}$/.test(line.trim())) return false
    const bytes = Buffer.from(line, 'base64')
    for (let at = 0; at + secretBytes <= number.length; at += 1)
      if (bytes.includes(number.subarray(at, at + secretBytes))) return true
    return false
  })
}
