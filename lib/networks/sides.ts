import { z } from 'zod'
import type { Watch } from '#domain/certificate.ts'
import { mainUpstream, routing } from '#domain/routing.ts'
import type { UpstreamView } from '#domain/stored.ts'
import type { InboundSide, InlineCertificates, OutboundSide } from '#domain/trust.ts'
import { mapSecrets } from '#policies/secrets.ts'
import { type KeyPair, someContext, type TlsParameters, type TlsVersion } from '#policies/settings.ts'
import { tls } from '#policies/tls/policy.ts'
import { tlsCertificateMonitoring } from '#policies/tls-certificate-monitoring/policy.ts'
import { tlsOutbound } from '#policies/tls-outbound/policy.ts'
import { factsInPem } from '../trust/pem-facts.ts'

/** TLS of an API on both sides and the watch over its certificates, as its policies say them. */

interface PolicyRow {
  readonly kind: string
  readonly enabled: boolean
  readonly config: unknown
  /** Names of the upstreams that it is for; none means all. */
  readonly upstreams: readonly string[]
}

/** The kinds that are read here. */
export const trustPolicies = [tls.kind, tlsOutbound.kind, tlsCertificateMonitoring.kind]

// Keys stay sealed: of one no more is said here than that it is there.
const somePrivateKey = '-----BEGIN PRIVATE KEY-----'

export function inboundSideOf(policies: readonly PolicyRow[]): InboundSide | null {
  const config = configOf(policies, tls)
  return config ? inboundOf(config) : null
}

export function outboundSideOf(policies: readonly PolicyRow[]): OutboundSide | null {
  const config = configOf(policies, tlsOutbound)
  return config ? outboundOf(config) : null
}

export function watchOf(policies: readonly PolicyRow[]): Watch | null {
  const config = configOf(policies, tlsCertificateMonitoring)
  return config
    ? { expiryWarningDays: config.expiryWarningDays, lifetimeFraction: config.lifetimeFraction }
    : null
}

/** Undefined where no such policy is in force, and where it says what cannot be. */
function configOf<Config>(
  policies: readonly PolicyRow[],
  { kind, config }: { kind: string; config: z.ZodType<Config> },
): Config | undefined {
  const row = policies.find((policy) => policy.enabled && policy.kind === kind)
  return row ? config.safeParse(mapSecrets(kind, row.config, () => somePrivateKey)).data : undefined
}

function inboundOf(config: z.infer<typeof tls.config>): InboundSide | null {
  const settings = tls.inboundTls?.(config, someContext)
  return settings ? { ...common(settings, config), mode: settings.mode } : null
}

function outboundOf(config: z.infer<typeof tlsOutbound.config>): OutboundSide | null {
  const settings = tlsOutbound.upstream?.(config, someContext).tls
  if (!settings) return null
  const { certificate, skipValidation, serverName } = settings
  return {
    ...common(settings, config),
    hasCertificate: certificate !== undefined,
    skipValidation,
    serverName,
  }
}

const versions: Record<TlsVersion, '1.2' | '1.3'> = { 'TLSv1.2': '1.2', 'TLSv1.3': '1.3' }
const withContext = z.object({ contextRef: z.string() })

interface Settings extends TlsParameters {
  readonly certificate: KeyPair | undefined
  readonly trustedCa: string
  readonly subjectAltNames: readonly string[]
}

function common(
  settings: Settings,
  config: unknown,
): Pick<InboundSide, keyof InboundSide & keyof OutboundSide> {
  const contextId = withContext.safeParse(config).data?.contextRef ?? null
  return {
    contextId,
    inline: contextId === null ? inlineOf(settings) : null,
    minVersion: versions[settings.minVersion],
    maxVersion: versions[settings.maxVersion],
    ciphers: [...settings.ciphers],
    subjectAltNames: [...settings.subjectAltNames],
  }
}

// A page has no use for the whole list of a system's CAs.
const certificatesMax = 20

function inlineOf({ certificate, trustedCa }: Settings): InlineCertificates | null {
  const chain = factsInPem(certificate?.certificate ?? '', certificatesMax)
  const trusted = factsInPem(trustedCa, certificatesMax)
  return chain && trusted && { chain, trusted }
}

/** Everywhere that requests of an instance may go, with the TLS that its policies say for each. */
export function upstreamsOf(
  instance: { readonly upstreamUrl: string; readonly upstream: unknown; readonly destinations: unknown },
  policies: readonly PolicyRow[],
): UpstreamView[] {
  const { upstream, destinations } = routing.parse({
    upstream: instance.upstream,
    destinations: instance.destinations,
  })
  const main = upstream.endpoints.length > 0 ? upstream.endpoints : [{ url: instance.upstreamUrl }]
  return [{ name: mainUpstream, endpoints: main }, ...destinations].map(({ name, endpoints }) => {
    const own = policies.filter(({ upstreams }) => upstreams.length === 0 || upstreams.includes(name))
    return { name, urls: endpoints.map(({ url }) => url), outbound: outboundSideOf(own) }
  })
}
