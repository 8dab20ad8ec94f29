import { isTls13Suite } from '#domain/cipher-suite.ts'
import type { Address } from './address.ts'
import { listenerId } from './address.ts'
import type { Path } from './document.ts'
import type { Placed, Register } from './register.ts'
import type { ApiInstance, InstanceTls, ServiceTls } from './resources.ts'
import type { Reference, Secrets } from './secrets.ts'

/** The configuration of a `tls` or `tls-outbound` policy. */
export type TlsConfig = Readonly<Record<string, unknown>>

/** Versions, suites and protocols as policies say them. */
export function parametersOf({
  minVersion,
  maxVersion,
  cipherSuites,
  alpn,
}: InstanceTls | ServiceTls): TlsConfig {
  return {
    ...(minVersion === undefined ? {} : { minversion: minVersion }),
    ...(maxVersion === undefined ? {} : { maxversion: maxVersion }),
    ...(cipherSuites === undefined ? {} : { ciphers: cipherSuites }),
    ...(alpn === undefined ? {} : { alpn }),
  }
}

/** The `tls` of an instance or a service, and where it stands. */
interface Written<T> {
  readonly tls: T
  readonly at: Reference
}

/** Turns the `tls` members of instances and services into the configurations of the policies that do it. */
export class TlsReader {
  readonly #register: Register
  readonly #secrets: Secrets

  constructor(register: Register, secrets: Secrets) {
    this.#register = register
    this.#secrets = secrets
  }

  /** Undefined where something is missing, which is then said. */
  inbound({ tls, at }: Written<InstanceTls>): TlsConfig | undefined {
    this.#noteSuites(tls, at)
    const inside = (...path: Path): Reference => ({ ...at, path: [...at.path, ...path] })
    const { certificate, clientValidation } = tls
    const keyPair = this.#secrets.keyPair(certificate.secretName, inside('certificate', 'secretName'))
    if (clientValidation === undefined) {
      return keyPair && { mode: 'DISABLE', certificate: keyPair, ...parametersOf(tls) }
    }
    const { mode, trustedCA, crl, subjectAltNames } = clientValidation
    const ofClients = (member: string) => inside('clientValidation', member, 'secretName')
    if (mode !== 'DISABLE' && trustedCA === undefined) {
      const detail = `${mode} needs a trustedCA that client certificates come from`
      this.#register.report(at, [...at.path, 'clientValidation'], detail)
      return undefined
    }
    const authorities = trustedCA && this.#secrets.authorities(trustedCA.secretName, ofClients('trustedCA'))
    const revocations = crl && this.#secrets.revocations(crl.secretName, ofClients('crl'))
    if (keyPair === undefined || (trustedCA && !authorities) || (crl && !revocations)) return undefined
    return {
      mode,
      certificate: keyPair,
      ...(authorities === undefined ? {} : { trustedCA: authorities }),
      ...(revocations === undefined ? {} : { crl: revocations }),
      ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
      ...parametersOf(tls),
    }
  }

  /** Undefined where something is missing, which is then said. */
  outbound({ tls, at }: Written<ServiceTls>): TlsConfig | undefined {
    this.#noteSuites(tls, at)
    const { certificate, trustedCA, crl, skipValidation, serverName, subjectAltNames } = tls
    const inside = (member: string): Reference => ({ ...at, path: [...at.path, member, 'secretName'] })
    const keyPair = certificate && this.#secrets.keyPair(certificate.secretName, inside('certificate'))
    const authorities = trustedCA && this.#secrets.authorities(trustedCA.secretName, inside('trustedCA'))
    const revocations = crl && this.#secrets.revocations(crl.secretName, inside('crl'))
    if ((certificate && !keyPair) || (trustedCA && !authorities) || (crl && !revocations)) return undefined
    if (skipValidation === true) {
      const detail = 'the certificate of the upstream is not verified: whoever answers there is believed'
      this.#register.note('warning', at, [...at.path, 'skipValidation'], detail)
    }
    return {
      ...(keyPair === undefined ? {} : { certificate: keyPair }),
      ...(authorities === undefined ? {} : { trustedCA: authorities }),
      ...(revocations === undefined ? {} : { crl: revocations }),
      ...(skipValidation === undefined ? {} : { skipValidation }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
      ...parametersOf(tls),
    }
  }

  #noteSuites({ minVersion, maxVersion, cipherSuites = [] }: InstanceTls | ServiceTls, at: Reference): void {
    if (cipherSuites.length === 0 || !cipherSuites.every(isTls13Suite)) return
    if (minVersion === '1.3' || maxVersion === '1.2') return
    const detail = 'all of these suites are of TLS 1.3, so that nothing below it can be agreed on'
    this.#register.note('warning', at, [...at.path, 'cipherSuites'], detail)
  }
}

/** An instance, where it listens, and the TLS that it says itself. */
export interface Listening {
  readonly instance: Placed<ApiInstance>
  readonly address: Address
  readonly tls: TlsConfig | undefined
}

/**
 * The TLS of every https instance. As certificates are chosen by listener and host, an instance without its own
 * takes that of another one there.
 */
export function inboundTlsOf(
  all: readonly Listening[],
  register: Register,
  ownCertificate: (host: string) => { crt: string; key: string },
): ReadonlyMap<Placed<ApiInstance>, TlsConfig> {
  const byPlace = new Map<string, Listening>()
  const placeName = ({ address }: Listening) => `${listenerId(address)} ${address.host}`
  for (const one of all) {
    if (one.tls === undefined) continue
    if (!byPlace.has(placeName(one))) byPlace.set(placeName(one), one)
  }
  const found = new Map<Placed<ApiInstance>, TlsConfig>()
  for (const one of all) {
    if (one.address.protocol !== 'https') continue
    const tls = one.tls ?? byPlace.get(placeName(one))?.tls
    if (tls === undefined) {
      const detail =
        'https without a certificate: the gateway made one for itself, which no client can verify; name a Secret in spec.tls.certificate'
      register.note('warning', one.instance, ['spec', 'address'], detail)
    }
    found.set(one.instance, tls ?? { mode: 'DISABLE', certificate: ownCertificate(one.address.host) })
  }
  return found
}
