import type { ContractsItem } from '#contract/items.ts'
import type { Path, YamlDocument } from './document.ts'
import { keyOf, type Placed, type Register } from './register.ts'
import { apiKeysType, type Secret } from './resources.ts'

/** Where a Secret is named, so that a fault stands there. */
export interface Reference {
  readonly document: YamlDocument
  readonly path: Path
  readonly namespace: string
}

interface Entry {
  readonly field: 'data' | 'stringData'
  readonly name: string
  /** Undefined where it is not base64. */
  readonly text: string | undefined
}

function fromBase64(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
      Uint8Array.from(atob(text.replace(/\s+/g, '')), (character) => character.charCodeAt(0)),
    )
  } catch {
    return undefined
  }
}

function entriesOf({ resource: { data = {}, stringData = {} } }: Placed<Secret>): Entry[] {
  return [
    ...Object.entries(data).map(([name, text]) => ({ field: 'data' as const, name, text: fromBase64(text) })),
    ...Object.entries(stringData).map(([name, text]) => ({ field: 'stringData' as const, name, text })),
  ]
}

const notBase64 = 'is not base64; use stringData for plain text'

const pemOf = {
  certificate: /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/,
  key: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/,
  crl: /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/,
} as const

const pemWords = { certificate: 'a certificate', key: 'a private key', crl: 'a revocation list' } as const

/** Takes PEM texts and API keys out of Secrets; what is not there, or is something else, is a fault. */
export class Secrets {
  readonly #register: Register
  readonly #sha256: (text: string) => string

  constructor(register: Register, sha256: (text: string) => string) {
    this.#register = register
    this.#sha256 = sha256
  }

  /** The certificate with its chain, and its key, out of a Secret of the type kubernetes.io/tls. */
  keyPair(name: string, at: Reference): { crt: string; key: string } | undefined {
    const secret = this.#find(name, at)
    if (secret === undefined) return undefined
    const crt = this.#pem(secret, ['tls.crt'], 'certificate', at)
    const key = this.#pem(secret, ['tls.key'], 'key', at)
    return crt === undefined || key === undefined ? undefined : { crt, key }
  }

  /** The certificate with its chain alone, for whoever needs no key. */
  chain(name: string, at: Reference): string | undefined {
    const secret = this.#find(name, at)
    return secret === undefined ? undefined : this.#pem(secret, ['tls.crt'], 'certificate', at)
  }

  /** The CA certificates of a Secret: `ca.crt`, or `tls.crt` where that is all there is. */
  authorities(name: string, at: Reference): string | undefined {
    const secret = this.#find(name, at)
    return secret === undefined ? undefined : this.#pem(secret, ['ca.crt', 'tls.crt'], 'certificate', at)
  }

  /** The revocation list of a Secret: `ca.crl` or `tls.crl`. */
  revocations(name: string, at: Reference): string | undefined {
    const secret = this.#find(name, at)
    return secret === undefined ? undefined : this.#pem(secret, ['ca.crl', 'tls.crl'], 'crl', at)
  }

  /** One entry of a Secret as it is. */
  text(name: string, entry: string, at: Reference): string | undefined {
    const secret = this.#find(name, at)
    if (secret === undefined) return undefined
    const found = entriesOf(secret).find((one) => one.name === entry)
    if (found === undefined)
      this.#register.report(at, at.path, `${keyOf('Secret', at.namespace, name)} has no ${entry}`)
    else if (found.text === undefined) this.#register.report(secret, [found.field, entry], notBase64)
    return found?.text
  }

  /** The clients whose API keys a Secret holds. */
  clients(name: string, at: Reference): ContractsItem['clients'] {
    const secret = this.#find(name, at)
    if (secret === undefined) return []
    if (secret.resource.type !== apiKeysType) {
      const detail = `is no Secret of the type ${apiKeysType}`
      this.#register.report(at, at.path, `${keyOf('Secret', at.namespace, name)} ${detail}`)
      return []
    }
    return this.#clientsOf(secret)
  }

  #find(name: string, at: Reference): Placed<Secret> | undefined {
    const secret = this.#register.find('Secret', at.namespace, name)
    if (secret === undefined) {
      const maker = this.#register
        .of('Certificate')
        .find(
          ({ resource: { metadata, spec } }) =>
            metadata.namespace === at.namespace && spec.secretName === name,
        )
      const made =
        maker === undefined
          ? ''
          : `; the Certificate ${maker.resource.metadata.name} makes it in a cluster, from where it must be put here`
      this.#register.report(at, at.path, `there is no ${keyOf('Secret', at.namespace, name)}${made}`)
    }
    return secret
  }

  #pem(
    secret: Placed<Secret>,
    names: readonly string[],
    kind: keyof typeof pemOf,
    at: Reference,
  ): string | undefined {
    const entries = entriesOf(secret)
    const entry = names.flatMap((name) => entries.filter((one) => one.name === name))[0]
    if (entry === undefined) {
      const { name, namespace } = secret.resource.metadata
      const detail = `${keyOf('Secret', namespace, name)} has no ${names.join(' or ')}`
      this.#register.report(at, at.path, detail)
      return undefined
    }
    const { field, name, text } = entry
    if (text !== undefined && pemOf[kind].test(text)) return text
    const detail = text === undefined ? notBase64 : `holds no PEM text of ${pemWords[kind]}`
    this.#register.report(secret, [field, name], detail)
    return undefined
  }

  #clientsOf(secret: Placed<Secret>): ContractsItem['clients'] {
    const hashes = new Map<string, string>()
    const clients: ContractsItem['clients'] = []
    const entries = entriesOf(secret)
    for (const { field, name, text } of entries) {
      const fault = this.#keyFault(text, hashes)
      if (fault !== undefined) this.#register.report(secret, [field, name], fault)
      if (text === undefined || fault !== undefined) continue
      const hash = this.#hashOf(text)
      hashes.set(hash, name)
      if (clients.some((client) => client.id === name))
        this.#register.report(secret, [field, name], `${name} stands in data and in stringData`)
      clients.push({ id: name, name, keyHashes: [hash] })
    }
    if (entries.length === 0) this.#register.report(secret, [], 'holds no keys')
    return clients
  }

  #keyFault(text: string | undefined, hashes: ReadonlyMap<string, string>): string | undefined {
    if (text === undefined) return notBase64
    if (!/^[\x21-\x7e]{8,1024}$/.test(text)) return 'must be 8 to 1024 visible ASCII characters'
    const owner = hashes.get(this.#hashOf(text))
    return owner === undefined ? undefined : `is the key of ${owner} too`
  }

  #hashOf(text: string): string {
    return /^sha256:[0-9a-f]{64}$/.test(text) ? text.slice(7) : this.#sha256(text)
  }
}
