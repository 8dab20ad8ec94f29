import { z } from 'zod'
import type { Attachment } from '#dialects/flex/attachments.ts'
import { type FlexFault, faultsOf, type Path, type YamlDocument } from '#dialects/flex/document.ts'
import type { Register } from '#dialects/flex/register.ts'
import { type InstanceTls, type ServiceTls, secretInConfig } from '#dialects/flex/resources.ts'
import type { Reference, Secrets } from '#dialects/flex/secrets.ts'
import { parametersOf } from '#dialects/flex/tls.ts'
import type { CertificateFacts, Watch } from '#domain/certificate.ts'
import type { InboundSide, InlineCertificates, OutboundSide } from '#domain/trust.ts'
import { inboundSideOf, outboundSideOf, watchOf } from '#lib/networks/sides.ts'
import { factsInPem } from '#lib/trust/pem-facts.ts'
import { policyOf } from '#policies/index.ts'

/** A side of an API with the place at which its TLS is written. */
export interface WrittenSide<T> {
  readonly side: T
  readonly document: YamlDocument
  readonly path: Path
}

/** Certificates that nobody has here, and keys that are not wanted: that there is one is all that is said. */
const unseen = {
  certificate: '-----BEGIN CERTIFICATE-----',
  key: '-----BEGIN PRIVATE KEY-----',
}

const certificatesMax = 1_000

interface Material {
  readonly pem: string | undefined
  readonly at: Reference
}

/** Reads TLS where documents write it: members of instances and services, and policies. */
export class Sides {
  readonly unreadable: FlexFault[] = []
  readonly #register: Register
  readonly #secrets: Secrets

  constructor(register: Register, secrets: Secrets) {
    this.#register = register
    this.#secrets = secrets
  }

  ofInstance(tls: InstanceTls, at: Reference): WrittenSide<InboundSide> | null {
    const { certificate, clientValidation } = tls
    const chain = this.#named('chain', certificate.secretName, at, 'certificate')
    const ca = clientValidation?.trustedCA
    const trusted = ca && this.#named('authorities', ca.secretName, at, 'clientValidation', 'trustedCA')
    const config = {
      mode: clientValidation?.mode ?? 'DISABLE',
      certificate: { crt: chain.pem ?? unseen.certificate, key: unseen.key },
      ...(trusted ? { trustedCA: trusted.pem ?? unseen.certificate } : {}),
      ...(clientValidation?.subjectAltNames ? { subjectAltNames: clientValidation.subjectAltNames } : {}),
      ...parametersOf(tls),
    }
    return this.#inbound(config, { chain, trusted }, at)
  }

  ofService(tls: ServiceTls, at: Reference): WrittenSide<OutboundSide> | null {
    const { certificate, trustedCA, skipValidation, serverName, subjectAltNames } = tls
    const chain = certificate && this.#named('chain', certificate.secretName, at, 'certificate')
    const trusted = trustedCA && this.#named('authorities', trustedCA.secretName, at, 'trustedCA')
    const config = {
      ...(chain ? { certificate: { crt: chain.pem ?? unseen.certificate, key: unseen.key } } : {}),
      ...(trusted ? { trustedCA: trusted.pem ?? unseen.certificate } : {}),
      ...(skipValidation === undefined ? {} : { skipValidation }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
      ...parametersOf(tls),
    }
    return this.#outbound(config, { chain, trusted }, at)
  }

  ofPolicy(attachment: Attachment & { kind: 'tls' }): WrittenSide<InboundSide> | null
  ofPolicy(attachment: Attachment & { kind: 'tls-outbound' }): WrittenSide<OutboundSide> | null
  ofPolicy(attachment: Attachment): WrittenSide<InboundSide | OutboundSide> | null {
    const { document, path, namespace, config } = attachment
    const at = { document, path: [...path, 'config'], namespace }
    const chain = this.#inConfig('chain', config['certificate'], at, 'certificate')
    const trusted = this.#inConfig('authorities', config['trustedCA'], at, 'trustedCA')
    const filled = {
      ...config,
      ...(chain ? { certificate: { crt: chain.pem ?? unseen.certificate, key: unseen.key } } : {}),
      ...(trusted ? { trustedCA: trusted.pem ?? unseen.certificate } : {}),
      // Who was revoked is not judged here.
      crl: undefined,
    }
    const material = { chain, trusted }
    return attachment.kind === 'tls'
      ? this.#inbound(filled, material, at)
      : this.#outbound(filled, material, at)
  }

  watch({ kind, config, document, path, namespace }: Attachment): Watch | null {
    return watchOf(this.#rows(kind, config, { document, path: [...path, 'config'], namespace }))
  }

  #inbound(config: object, material: Parts, at: Reference): WrittenSide<InboundSide> | null {
    const side = inboundSideOf(this.#rows('tls', config, at))
    return side && { side: { ...side, inline: this.#inline(material) }, ...at }
  }

  #outbound(config: object, material: Parts, at: Reference): WrittenSide<OutboundSide> | null {
    const side = outboundSideOf(this.#rows('tls-outbound', config, at))
    return side && { side: { ...side, inline: this.#inline(material) }, ...at }
  }

  /** The policy as one that is attached; none where its configuration is wrong, which is then said. */
  #rows(kind: string, config: unknown, { document, path }: Reference): Parameters<typeof watchOf>[0] {
    const parsed = policyOf(kind)?.config.safeParse(config)
    if (parsed?.success) return [{ kind, enabled: true, config, upstreams: [] }]
    if (parsed) this.unreadable.push(...faultsOf(parsed.error, document, path))
    return []
  }

  #named(take: 'chain' | 'authorities', name: string, at: Reference, ...members: string[]): Material {
    const place = { ...at, path: [...at.path, ...members, 'secretName'] }
    return { pem: this.#secrets[take](name, place), at: place }
  }

  /** PEM that stands in a policy, or the Secret that it names. */
  #inConfig(
    take: 'chain' | 'authorities',
    value: unknown,
    at: Reference,
    member: string,
  ): Material | undefined {
    if (value === undefined) return undefined
    const named = secretInConfig.safeParse(value)
    if (named.success) return this.#named(take, named.data.secretName, at, member)
    const text = z.union([z.string(), z.looseObject({ crt: z.string() }).transform(({ crt }) => crt)])
    const pem = text.safeParse(value).data
    const isPem = pem?.includes(unseen.certificate) ?? false
    return { pem: isPem ? pem : undefined, at: { ...at, path: [...at.path, member] } }
  }

  #inline({ chain, trusted }: Parts): InlineCertificates | null {
    const [shown, anchors] = [this.#facts(chain), this.#facts(trusted)]
    return shown || anchors ? { chain: shown ?? [], trusted: anchors ?? [] } : null
  }

  #facts(material: Material | undefined): CertificateFacts[] | null {
    if (material?.pem === undefined) return null
    const facts = factsInPem(material.pem, certificatesMax)
    if (facts && facts.length > 0) return facts
    const detail = 'cannot be judged: one of the certificates there cannot be read'
    this.#register.report(material.at, material.at.path, detail)
    return null
  }
}

interface Parts {
  readonly chain?: Material | undefined
  readonly trusted?: Material | undefined
}
