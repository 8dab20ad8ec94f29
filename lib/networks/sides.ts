import { z } from 'zod'
import type { Watch } from '#domain/certificate.ts'
import { routing } from '#domain/routing.ts'
import type { ApiView } from '#domain/stored.ts'
import type { InboundSide, OutboundSide } from '#domain/trust.ts'
import { mapSecrets } from '#policies/secrets.ts'
import type { TlsParameters, TlsVersion } from '#policies/settings.ts'
import { tls } from '#policies/tls/policy.ts'
import { tlsCertificateMonitoring } from '#policies/tls-certificate-monitoring/policy.ts'
import { tlsOutbound } from '#policies/tls-outbound/policy.ts'

/** TLS of an API on both sides and the watch over its certificates, as its policies say them. */

interface PolicyRow {
  readonly kind: string
  readonly enabled: boolean
  readonly config: unknown
}

/** The kinds that are read here. */
export const trustPolicies = [tls.kind, tlsOutbound.kind, tlsCertificateMonitoring.kind]

// Keys stay sealed: of one no more is said here than that it is there.
const somePrivateKey = '-----BEGIN PRIVATE KEY-----'

export function sidesOf(policies: readonly PolicyRow[]): Pick<ApiView, 'inbound' | 'outbound' | 'watch'> {
  const configOf = <Config>({ kind, config }: { kind: string; config: z.ZodType<Config> }) => {
    const row = policies.find((policy) => policy.enabled && policy.kind === kind)
    return row ? config.safeParse(mapSecrets(kind, row.config, () => somePrivateKey)).data : undefined
  }
  const [inbound, outbound] = [configOf(tls), configOf(tlsOutbound)]
  return {
    inbound: inbound ? inboundOf(inbound) : null,
    outbound: outbound ? outboundOf(outbound) : null,
    watch: watchOf(configOf(tlsCertificateMonitoring)),
  }
}

function inboundOf(config: z.infer<typeof tls.config>): InboundSide | null {
  const settings = tls.inboundTls?.(config)
  return settings ? { ...common(settings, config), mode: settings.mode } : null
}

function outboundOf(config: z.infer<typeof tlsOutbound.config>): OutboundSide | null {
  const settings = tlsOutbound.upstream?.(config).tls
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

function common(
  settings: TlsParameters & { readonly subjectAltNames: readonly string[] },
  config: unknown,
): Pick<InboundSide, keyof InboundSide & keyof OutboundSide> {
  return {
    contextId: withContext.safeParse(config).data?.contextRef ?? null,
    inline: null,
    minVersion: versions[settings.minVersion],
    maxVersion: versions[settings.maxVersion],
    ciphers: [...settings.ciphers],
    subjectAltNames: [...settings.subjectAltNames],
  }
}

function watchOf(config: z.infer<typeof tlsCertificateMonitoring.config> | undefined): Watch | null {
  if (!config) return null
  const { expiryWarningDays, lifetimeFraction } = config
  return { expiryWarningDays, lifetimeFraction }
}

/** Every address that requests of an instance may go to: its upstream's and those of its destinations. */
export function upstreamUrlsOf(instance: {
  readonly upstreamUrl: string
  readonly upstream: unknown
  readonly destinations: unknown
}): string[] {
  const { upstream, destinations } = routing.safeParse({
    upstream: instance.upstream,
    destinations: instance.destinations,
  }).data ?? { upstream: { endpoints: [] }, destinations: [] }
  const own = upstream.endpoints.map(({ url }) => url)
  const others = destinations.flatMap(({ endpoints }) => endpoints.map(({ url }) => url))
  return [...new Set([...(own.length > 0 ? own : [instance.upstreamUrl]), ...others])]
}
