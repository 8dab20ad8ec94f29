import { z } from 'zod'
import type { Watch } from './certificate.ts'
import { type Actual, actual, badnessOf, type ContextRef } from './context.ts'
import { inlineProof, type KnownContext, type Proof, proof } from './proof.ts'
import { mainUpstream } from './routing.ts'
import type { ApiView, GatewayView, Listener, NetworkView, Stored, UpstreamView } from './stored.ts'
import { clientModes, type InboundSide, type OutboundSide, tlsParameters } from './trust.ts'

/** What settings say of a hop: how it is protected, by which context, and what proves it. */

const stopKinds = ['consumer', 'firewall', 'gateway', 'api'] as const

/** Where a leg begins or ends. A firewall's id is its network's. */
export const stop = z.object({ kind: z.enum(stopKinds), id: z.string(), name: z.string() })
export type Stop = z.infer<typeof stop>

const legTls = z.object({
  /** How client certificates are asked for; null towards an upstream, which asks itself. */
  mode: z.enum(clientModes).nullable(),
  ...tlsParameters,
  /** The name that the upstream's certificate must have; null towards clients. */
  serverName: z.string().nullable(),
})

export type LegTls = z.infer<typeof legTls>

export const reading = z.object({
  actual,
  /** Whose settings say so; null where nothing of it is stored. */
  declaredBy: stop.nullable(),
  tls: legTls.nullable(),
  proof: proof.nullable(),
})
export type Reading = z.infer<typeof reading>

/** What readings are judged by. */
export interface Trust {
  readonly contexts: ReadonlyMap<string, KnownContext>
  readonly watch: Watch
  readonly now: Date
}

const unknown: Actual = { state: 'not-declared' }
const nothing = { tls: null, proof: null }

export function gatewayStop({ id, name }: GatewayView): Stop {
  return { kind: 'gateway', id, name }
}
export function apiStop({ id, name }: ApiView): Stop {
  return { kind: 'api', id, name }
}
export function firewallStop({ id, firewall }: NetworkView): Stop {
  return { kind: 'firewall', id, name: firewall ?? '' }
}

// ── listeners ───────────────────────────────────────────────────────────────

/** An API on a listener; `holder` is the API whose TLS it is served under, null without TLS. */
export interface Served {
  readonly listener: Listener
  readonly holder: ApiView | null
}

/** Which APIs of a gateway are served where, as its nodes decide it: by listener, host and `tls` policies. */
export function servedAt(gateway: GatewayView, apis: readonly ApiView[]): (api: ApiView) => Served[] {
  const tables = new Map(gateway.listeners.map((listener) => [listener.id, holdersOn(listener, apis)]))
  return (api) =>
    gateway.listeners.flatMap((listener): Served[] => {
      if (!isMeantFor(api, listener)) return []
      // What an API asks of TLS would mean nothing on such a listener: there it is not served.
      if (listener.protocol === 'http') return api.inbound ? [] : [{ listener, holder: null }]
      const holder = api.inbound ? api : tables.get(listener.id)?.(api.host)
      return holder ? [{ listener, holder }] : []
    })
}

/** The same for every API of a topology. */
export function servedByApi({
  gateways,
  apis,
}: Pick<Stored, 'gateways' | 'apis'>): ReadonlyMap<string, readonly Served[]> {
  const apisAt = Map.groupBy(apis, ({ gatewayId }) => gatewayId)
  return new Map(
    gateways.flatMap((gateway) => {
      const here = apisAt.get(gateway.id) ?? []
      const servedHere = servedAt(gateway, here)
      return here.map((api) => [api.id, servedHere(api)] as const)
    }),
  )
}

export function isMeantFor({ listenerIds }: ApiView, { id }: Listener): boolean {
  return listenerIds.length === 0 || listenerIds.includes(id)
}

/** The API whose certificate is shown for a host: that of the host, that of any host, or the only one there is. */
function holdersOn(listener: Listener, apis: readonly ApiView[]): (host: string) => ApiView | undefined {
  const holders = apis
    .filter((api) => api.enabled && api.inbound && isMeantFor(api, listener))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const byHost = new Map(holders.toReversed().map((api) => [api.host, api]))
  const isOne = new Set(holders.map(({ inbound }) => sideKey(inbound))).size === 1
  const fallback = byHost.get('*') ?? (isOne ? holders[0] : undefined)
  return (host) => byHost.get(host) ?? fallback
}

/** Equal for two sides that ask for the same TLS, as far as can be told. */
export function sideKey(side: InboundSide | null): string {
  if (!side) return ''
  const { contextId, inline, mode, minVersion, maxVersion, ciphers, subjectAltNames } = side
  const prints = (all: readonly { sha256: string }[] = []) => all.map(({ sha256 }) => sha256)
  return JSON.stringify([
    contextId,
    prints(inline?.chain),
    prints(inline?.trusted).toSorted(),
    mode,
    minVersion,
    maxVersion,
    ciphers,
    subjectAltNames.toSorted(),
  ])
}

// ── readings ────────────────────────────────────────────────────────────────

/** What is known of the hop on which clients of an API reach its gateway: of several ways the worst. */
export function inboundReading(gateway: GatewayView, served: readonly Served[], trust: Trust): Reading {
  const at = gatewayStop(gateway)
  const plain = served.find(({ holder }) => holder === null)
  if (plain) {
    const because = `the gateway's listener on port ${plain.listener.port} takes plain HTTP`
    return { actual: { state: 'plain', because }, declaredBy: at, ...nothing }
  }
  const readings = served.flatMap(({ holder }) =>
    holder?.inbound ? [underTls(holder, holder.inbound, trust)] : [],
  )
  const worst = readings.reduce<Reading | null>(
    (bad, next) => (bad && badness(bad) >= badness(next) ? bad : next),
    null,
  )
  return worst ?? { actual: unknown, declaredBy: at, ...nothing }
}

function badness({ actual: known }: Reading): number {
  return badnessOf(known, 'as-expected')
}

function underTls(holder: ApiView, side: InboundSide, trust: Trust): Reading {
  const context = contextNamed(side, trust)
  if (context === undefined) return { actual: unknown, declaredBy: apiStop(holder), ...nothing }
  const ref = context?.ref ?? null
  const states: Record<InboundSide['mode'], Actual> = {
    STRICT: { state: 'mutual', context: ref },
    PERMISSIVE: {
      state: 'permissive',
      because: 'mode PERMISSIVE lets clients without a certificate in',
      context: ref,
    },
    DISABLE: {
      state: 'one-way',
      because: 'mode DISABLE asks clients for no certificate',
      context: ref,
    },
  }
  return {
    actual: states[side.mode],
    declaredBy: apiStop(holder),
    tls: { mode: side.mode, serverName: null, ...parametersOf(side) },
    proof: proofFor(side, context, trust, true),
  }
}

/** What is known of the hop on which a gateway reaches one of an API's upstreams. */
export function outboundReading(api: ApiView, upstream: UpstreamView, trust: Trust): Reading {
  const declaredBy = apiStop(api)
  const { urls, outbound } = upstream
  const plain = urls.find((url) => /^(?:http|ws):/.test(url))
  if (plain !== undefined) {
    const because = `the upstream address ${plain} is plain HTTP`
    return { actual: { state: 'plain', because }, declaredBy, ...nothing }
  }
  if (!urls.some((url) => /^(?:https|wss):/.test(url))) return { actual: unknown, declaredBy, ...nothing }
  if (!outbound) {
    const because = `no tls-outbound policy gives the gateway a certificate to show${to(upstream)}`
    return { actual: { state: 'one-way', because, context: null }, declaredBy, ...nothing }
  }
  const context = contextNamed(outbound, trust)
  if (context === undefined) return { actual: unknown, declaredBy, ...nothing }
  return {
    actual: towardsUpstream(outbound, context, to(upstream)),
    declaredBy,
    tls: { mode: null, serverName: outbound.serverName || null, ...parametersOf(outbound) },
    proof: proofFor(outbound, context, trust, false),
  }
}

// Where an API has one upstream alone, nobody needs its name.
function to({ name }: UpstreamView): string {
  return name === mainUpstream ? '' : ` towards ${name}`
}

function towardsUpstream(side: OutboundSide, context: KnownContext | null, whom: string): Actual {
  const ref = context?.ref ?? null
  if (side.skipValidation) {
    const because = `skipValidation takes any certificate that is shown${whom}`
    return { state: 'unverified', because, context: ref }
  }
  const shows = context ? context.keystore !== null : side.hasCertificate
  if (shows) return { state: 'mutual', context: ref }
  const because = context
    ? `the context ${context.ref.name} has no certificate to show${whom}`
    : `the tls-outbound policy has no certificate to show${whom}`
  return { state: 'one-way', because, context: ref }
}

/** What is known of the hop beyond a network's firewall: the context that the firewall ends, where somebody named it. */
export function firewallReading(network: NetworkView, { contexts }: Trust): Reading {
  const context = network.firewallContextId === null ? undefined : contexts.get(network.firewallContextId)
  if (!context) return { actual: unknown, declaredBy: null, ...nothing }
  const ref: ContextRef = context.ref
  return {
    actual: { state: 'mutual', context: ref },
    declaredBy: firewallStop(network),
    tls: null,
    proof: context.proof,
  }
}

/** Undefined where a side names a context that is not there; null where it names none. */
function contextNamed(
  { contextId }: InboundSide | OutboundSide,
  { contexts }: Trust,
): KnownContext | null | undefined {
  return contextId === null ? null : contexts.get(contextId)
}

function parametersOf({ minVersion, maxVersion, ciphers, subjectAltNames }: InboundSide | OutboundSide) {
  return { minVersion, maxVersion, ciphers, subjectAltNames }
}

function proofFor(
  { inline }: InboundSide | OutboundSide,
  context: KnownContext | null,
  { now, watch }: Trust,
  mustShow: boolean,
): Proof | null {
  if (context === null) return inline && inlineProof(inline, now, watch)
  if (context.proof || !mustShow) return context.proof
  const fails = `the context ${context.ref.name} has no certificate to show`
  return { links: [], anchor: null, missing: null, fails }
}
