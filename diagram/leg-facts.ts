import { actualText, type Expected, type Verdict } from '#domain/context.ts'
import { type LegView, readingFor } from '#domain/leg.ts'
import type { NetworkClass } from '#domain/network.ts'
import type { Proof } from '#domain/proof.ts'
import type { LegTls } from '#domain/reading.ts'
import { failingText, legFailures } from './handshakes.ts'
import { modeWord, validityLook, verdictLook } from './looks.ts'
import type { Line } from './lines.ts'
import type { Model } from './model.ts'
import { peersOn, type SeenPeer } from './peers.ts'
import type { Look } from './tone.ts'
import { legTraffic, legTrafficText } from './traffic.ts'
import { daysText, expectedText, legTitle, versionsText } from './words.ts'

/** All that the map and its panel say of one leg, in words, as it is for one API. */
export interface LegFacts {
  readonly id: string
  readonly title: string
  readonly class: NetworkClass | null
  readonly expected: string
  readonly actual: string
  readonly verdict: Look
  /** Null where no setting says how TLS is spoken. */
  readonly tls: string | null
  /** From the leaf to the CA, with what is missing; null where no chain is known. */
  readonly chain: string | null
  /** The certificate of the chain that ends first. */
  readonly ends: Ends | null
  readonly traffic: string | null
  /** Null where no node can see. */
  readonly peers: readonly SeenPeer[] | null
}

export interface Ends {
  readonly subject: string
  readonly daysLeft: number
  readonly look: Look
}

export function legFacts(model: Model, leg: LegView, { api, flow }: Pick<Line, 'api' | 'flow'>): LegFacts {
  const { actual, verdict, tls, proof } = api ? readingFor(leg, api.id) : leg
  const traffic = legTraffic(model, leg)
  const failing = failingText(legFailures(model, leg))
  return {
    id: leg.id,
    title: legTitle(leg),
    class: leg.expected?.class ?? null,
    expected: expectedText(leg.expected),
    actual: actualText(actual),
    verdict: verdictOf(leg.expected, verdict),
    tls: tls && tlsText(tls),
    chain: proof && chainText(proof),
    ends: proof && firstEnd(proof),
    traffic: [traffic && legTrafficText(traffic), failing].filter((text) => text !== null).join(', ') || null,
    peers: peersOn(model, leg, flow),
  }
}

/** How expectation and fact compare; inside the organisation less than mTLS is less than recommended. */
export function verdictOf(expected: Expected | null, verdict: Verdict): Look {
  const isRecommended = verdict === 'below' && expected !== null && !expected.required
  return isRecommended ? { label: 'less than recommended', tone: 'warn' } : verdictLook[verdict]
}

function tlsText(tls: LegTls): string {
  const { mode, ciphers, subjectAltNames, serverName } = tls
  return [
    ...(mode === null ? [] : [modeWord[mode]]),
    versionsText(tls),
    ...(ciphers.length > 0 ? [`ciphers ${ciphers.join(' ')}`] : []),
    ...(subjectAltNames.length > 0 ? [`allowed names ${subjectAltNames.join(' ')}`] : []),
    ...(serverName ? [`server name ${serverName}`] : []),
  ].join(', ')
}

function chainText({ links, anchor, missing, fails }: Proof): string {
  return [
    ...links.map(({ subject, daysLeft }) => `${subject} (${daysText(daysLeft)})`),
    ...(missing === null ? [] : [`missing ${missing}, an unknown authority`]),
    ...(anchor === null ? [] : [`trusted through ${anchor}`]),
    ...(fails === null ? [] : [`handshakes fail: ${fails}`]),
  ].join(' → ')
}

function firstEnd({ links }: Proof): Ends | null {
  const [first] = links.toSorted((a, b) => a.daysLeft - b.daysLeft)
  return first ? { subject: first.subject, daysLeft: first.daysLeft, look: validityLook[first.state] } : null
}

/** The soonest of several. */
export function soonest(ends: readonly (Ends | null)[]): Ends | null {
  return ends.reduce((a, b) => (a && b ? (b.daysLeft < a.daysLeft ? b : a) : (a ?? b)), null)
}
