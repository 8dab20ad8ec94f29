import { setImmediate } from 'node:timers/promises'
import type { InboundTls, KeyPair, OutboundTls } from '#policies/settings.ts'
import { certificatesIn } from './serve/peers.ts'
import type { LiveRoute, Plan } from './serve/plan.ts'
import type { Pool } from './serve/upstream/pool.ts'

/** Of one upstream, over all pools to it and all processes. Counts rise only; the rest is of now. */
export interface UpstreamFigures {
  readonly connections: number
  readonly idle: number
  readonly pending: number
  /** Pools whose circuit is open. */
  readonly circuitsOpen: number
  /** Pools that take any certificate. */
  readonly unverified: number
  readonly circuitRefusals: number
  readonly retries: number
  readonly retriesRefused: number
  /** By how they ended: `succeeded` or `failed`. */
  readonly healthChecks: ReadonlyMap<string, number>
  /** TLS handshakes by how they ended: `ok`, or why not. */
  readonly handshakes: ReadonlyMap<string, number>
  /** Handshakes by what was shown (serve/peers.ts). */
  readonly peers: ReadonlyMap<string, number>
  /** Exchanges by what their connections came to (serve/agreements.ts). */
  readonly agreed: ReadonlyMap<string, number>
  readonly endpoints: ReadonlyMap<string, EndpointFigures>
}

export interface EndpointFigures {
  /** Pools that have it. */
  readonly pools: number
  readonly connections: number
  /** Pools that find it unwell. */
  readonly unhealthy: number
  /** Pools that have ejected it. */
  readonly ejected: number
}

/** A certificate that the gateway shows or goes by. */
export interface CertificateFigures {
  readonly use: 'listener' | 'listener-ca' | 'upstream' | 'upstream-ca'
  /** The id of an API that it is for, the first of several. */
  readonly api: string
  readonly subject: string
  /** Epoch seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** Of the DER, lower-case hex. */
  readonly sha256: string
}

/** Pools are looked at in slices, so that a scrape never stops traffic for long. */
const slice = 100

/** What the pools of a plan have to say, by the names of their upstreams. */
export async function upstreamsOf(plan: Plan): Promise<Map<string, UpstreamFigures>> {
  const figures = new Map<string, UpstreamFigures>()
  let looked = 0
  for (const pool of poolsOf(plan)) {
    const known = figures.get(pool.name)
    figures.set(pool.name, figuresOf(pool, known))
    if (++looked % slice === 0) await setImmediate()
  }
  return figures
}

function poolsOf(plan: Plan): Set<Pool> {
  return new Set(
    plan.routes.flatMap(({ upstream, destinations = [] }) => [
      upstream,
      ...destinations.map(({ pool }) => pool),
    ]),
  )
}

const nothing: UpstreamFigures = {
  connections: 0,
  idle: 0,
  pending: 0,
  circuitsOpen: 0,
  unverified: 0,
  circuitRefusals: 0,
  retries: 0,
  retriesRefused: 0,
  healthChecks: new Map(),
  handshakes: new Map(),
  peers: new Map(),
  agreed: new Map(),
  endpoints: new Map(),
}

function figuresOf(pool: Pool, before: UpstreamFigures = nothing): UpstreamFigures {
  const now = pool.figures()
  const { healthChecks, tls } = now
  return {
    connections: before.connections + now.connections,
    idle: before.idle + now.idle,
    pending: before.pending + now.pending,
    circuitsOpen: before.circuitsOpen + Number(now.isCircuitOpen),
    unverified: before.unverified + Number(tls?.verifies === false),
    circuitRefusals: before.circuitRefusals + now.circuitRefusals,
    retries: before.retries + now.retries,
    retriesRefused: before.retriesRefused + now.retriesRefused,
    healthChecks: added(before.healthChecks, healthChecks === null ? {} : { ...healthChecks }),
    handshakes: added(before.handshakes, tls === null ? {} : { ok: tls.established, ...tls.failed }),
    peers: added(before.peers, Object.fromEntries(tls?.peers ?? [])),
    agreed: added(before.agreed, Object.fromEntries(now.agreed)),
    endpoints: endpointsOf(now.endpoints, before.endpoints),
  }
}

function added(
  before: ReadonlyMap<string, number>,
  counts: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const sum = new Map(before)
  for (const [name, count] of Object.entries(counts)) sum.set(name, (sum.get(name) ?? 0) + count)
  return sum
}

function endpointsOf(
  now: ReturnType<Pool['figures']>['endpoints'],
  before: UpstreamFigures['endpoints'],
): UpstreamFigures['endpoints'] {
  const sum = new Map(before)
  for (const { url, connections, isHealthy, isEjected } of now) {
    const known = sum.get(url) ?? { pools: 0, connections: 0, unhealthy: 0, ejected: 0 }
    sum.set(url, {
      pools: known.pools + 1,
      connections: known.connections + connections,
      unhealthy: known.unhealthy + Number(!isHealthy),
      ejected: known.ejected + Number(isEjected),
    })
  }
  return sum
}

/** The certificates of a plan, each once, under its use, API and subject. */
export function certificatesOf(plan: Plan): Map<string, CertificateFigures> {
  const found = new Map<string, CertificateFigures>()
  const seen = new Set<string>()
  const add = (use: CertificateFigures['use'], api: string, pem: string) => {
    if (pem === '' || seen.has(`${use} ${pem}`)) return
    seen.add(`${use} ${pem}`)
    for (const certificate of certificatesIn(pem)) {
      const subject = certificate.subject.replaceAll('\n', ', ')
      const notBefore = certificate.validFromDate.getTime() / 1_000
      const notAfter = certificate.validToDate.getTime() / 1_000
      const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
      found.set(`${use} ${sha256}`, { use, api, subject, notBefore, notAfter, sha256 })
    }
  }
  for (const route of plan.routes) addOf(route, add)
  return found
}

type Add = (use: CertificateFigures['use'], api: string, pem: string) => void

function addOf({ id, inboundTls, upstream, destinations = [] }: LiveRoute, add: Add): void {
  if (inboundTls !== undefined) addTls('listener', id, inboundTls, add)
  for (const pool of [upstream, ...destinations.map((destination) => destination.pool)])
    if (pool.outboundTls !== undefined) addTls('upstream', id, pool.outboundTls, add)
}

function addTls(
  use: 'listener' | 'upstream',
  api: string,
  tls: { certificate: KeyPair | undefined } & Pick<InboundTls | OutboundTls, 'trustedCa'>,
  add: Add,
): void {
  add(use, api, tls.certificate?.certificate ?? '')
  add(`${use}-ca`, api, tls.trustedCa)
}
