import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** DER (X.690 §8.1): a tag, the length of the content, the content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const length =
    body.length < 0x80
      ? Buffer.of(body.length)
      : body.length < 0x100
        ? Buffer.of(0x81, body.length)
        : Buffer.of(0x82, body.length >> 8, body.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, body])
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts)
const set = (...parts: readonly Buffer[]) => der(0x31, ...parts)
const octets = (content: Buffer) => der(0x04, content)
const bits = (content: Buffer) => der(0x03, Buffer.of(0), content)
const text = (content: string) => der(0x0c, Buffer.from(content))
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const yes = der(0x01, Buffer.of(0xff))

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const commonName = oid('550403')

/** UTCTime up to 2049 (RFC 5280 §4.1.2.5.1). */
function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function extension(id: string, isCritical: boolean, content: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [yes] : []), octets(content))
}

function extensionsFor(host: string): Buffer {
  const dnsName = der(0x82, Buffer.from(host))
  return der(
    0xa3,
    sequence(
      extension('551d13', true, sequence()),
      // digitalSignature
      extension('551d0f', true, der(0x03, Buffer.of(7, 0x80))),
      // serverAuth
      extension('551d25', false, sequence(oid('2b06010505070301'))),
      extension('551d11', false, sequence(dnsName)),
    ),
  )
}

const dayMs = 86_400_000
const daysValid = 397

export interface KeyPairPem {
  readonly crt: string
  readonly key: string
}

function selfSigned(host: string, now: Date): KeyPairPem {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const name = sequence(set(sequence(commonName, text(host.slice(0, 64)))))
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(now.getTime() - dayMs)), utcTime(new Date(now.getTime() + daysValid * dayMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionsFor(host),
  )
  const certificate = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, privateKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    crt: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/**
 * Certificates that the process makes for itself, for https addresses that are given none: they encrypt, and no
 * client can verify them. One for each host as long as the maker lives, so that reading a folder again changes nothing.
 */
export function certificateMaker(now: () => Date = () => new Date()): (host: string) => KeyPairPem {
  const made = new Map<string, KeyPairPem>()
  return (host) => {
    const name = host === '*' ? 'localhost' : host
    const known = made.get(name)
    if (known !== undefined) return known
    const fresh = selfSigned(name, now())
    made.set(name, fresh)
    return fresh
  }
}
