import type { TLSSocket } from 'node:tls'
import type { TlsSession } from '#policies/exchange.ts'

/** What the two ends of connections came to: version and suite of TLS, and whether both showed certificates. */

/** What is reported of it; its JSON text is what counts are kept under. Both are null without TLS. */
export type AgreementFacts = readonly [version: string | null, cipher: string | null, isMutual: boolean]

/** All that processes have met, in the order in which they did: a request counts by the place, which costs nothing. */
const met: string[] = []
const places = new Map<string, number>()
/** There are some dozens of suites. */
const MET_MAX = 256

/** The place of what was agreed on. */
function placeOf(...facts: AgreementFacts): number {
  const key = JSON.stringify(facts)
  let place = places.get(key)
  if (place === undefined) {
    place = met.length
    if (place >= MET_MAX) return place
    met.push(key)
    places.set(key, place)
  }
  return place
}

export const WITHOUT_TLS = placeOf(null, null, false)

/** Of a connection behind its handshake; the caller knows whether the client showed a certificate that was asked for. */
export function agreementOf(socket: TLSSocket, isMutual: boolean): number {
  const version = socket.getProtocol()?.replace('TLSv', '') ?? ''
  return placeOf(version, socket.getCipher().standardName, isMutual)
}

/** TLS of a client's connection, with the place of what was agreed on. */
export class AgreedSession implements TlsSession {
  readonly version: string
  readonly cipher: string
  readonly serverName: string | undefined
  readonly peer: TlsSession['peer']
  readonly agreement: number

  constructor(socket: TLSSocket, { serverName, peer }: Pick<TlsSession, 'serverName' | 'peer'>) {
    this.version = socket.getProtocol() ?? ''
    this.cipher = socket.getCipher().standardName
    this.serverName = serverName
    this.peer = peer
    this.agreement = agreementOf(socket, peer !== undefined)
  }
}

/** How often what was agreed on was used. */
export class AgreementCounts {
  private readonly counts: number[] = []

  add(agreement: number): void {
    this.counts[agreement] = (this.counts[agreement] ?? 0) + 1
  }

  get figures(): ReadonlyMap<string, number> {
    const figures = new Map<string, number>()
    for (const [place, key] of met.entries()) {
      const count = this.counts[place] ?? 0
      if (count > 0) figures.set(key, count)
    }
    return figures
  }
}

/** What a key of the figures says. */
export function agreementFactsIn(key: string): AgreementFacts {
  // Written above, in this process or a sibling of the same build.
  return JSON.parse(key) as AgreementFacts
}
