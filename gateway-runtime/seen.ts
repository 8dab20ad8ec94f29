import type { Report } from '#contract/events.ts'
import { type AgreementReport, type CallerReport, type PeerReport, reportMax } from '#domain/node-report.ts'
import type { Side } from '#domain/peer.ts'
import type { PlaneFigures } from './data-plane.ts'
import { agreementFactsIn } from './serve/agreements.ts'
import { peerFactsIn } from './serve/peers.ts'

/** The part of a report that says who and what was seen in an interval. */
export class SeenInInterval {
  readonly #turns = {
    peers: new Turns<PeerReport>(reportMax.peers),
    callers: new Turns<CallerReport>(reportMax.callers),
    agreements: new Turns<AgreementReport>(reportMax.agreements),
  }

  between(before: PlaneFigures, now: PlaneFigures): Pick<Report, 'peers' | 'callers' | 'agreements'> {
    const routes = [...now.traffic.routes]
    const { peers, callers, agreements } = this.#turns
    return {
      peers: peers.take([
        ...routes.flatMap(([id, route]) =>
          peersOf('inbound', id, before.traffic.routes.get(id)?.peers, route.peers),
        ),
        ...[...now.upstreams].flatMap(([id, upstream]) =>
          peersOf('outbound', id, before.upstreams.get(id)?.peers, upstream.peers),
        ),
      ]),
      callers: callers.take(
        routes.flatMap(([id, route]) => callersOf(id, before.traffic.routes.get(id)?.callers, route.callers)),
      ),
      agreements: agreements.take([
        ...routes.flatMap(([id, route]) =>
          agreementsOf('inbound', id, before.traffic.routes.get(id)?.agreed, route.agreed),
        ),
        ...[...now.upstreams].flatMap(([id, upstream]) =>
          agreementsOf('outbound', id, before.upstreams.get(id)?.agreed, upstream.agreed),
        ),
      ]),
    }
  }
}

/** With more than so many nobody is missed either. */
const waitingMax = 20_000

type Counts = ReadonlyMap<string, number>

/** Those that were counted in between. What was made anew counts from zero. */
function risenIn(before: Counts | undefined, now: Counts): string[] {
  return [...now].flatMap(([key, count]) => (count === (before?.get(key) ?? 0) ? [] : [key]))
}

// api:ID, upstream:ID and upstream:ID:NAME
function apiIn(id: string): string {
  return id.split(':')[1] ?? ''
}

/** Clients by the requests that they made, upstreams by their handshakes. */
function peersOf(side: Side, id: string, before: Counts | undefined, now: Counts): PeerReport[] {
  return risenIn(before, now).map((key) => {
    const [subject, issuer, names, anchorSha256, sha256, client] = peerFactsIn(key)
    const clientId = client === null ? {} : { clientId: client }
    return { apiId: apiIn(id), side, subject, issuer, names: [...names], anchorSha256, sha256, ...clientId }
  })
}

function callersOf(id: string, before: Counts | undefined, now: Counts): CallerReport[] {
  return risenIn(before, now).map((client) => ({ apiId: apiIn(id), clientId: client === '' ? null : client }))
}

function agreementsOf(side: Side, id: string, before: Counts | undefined, now: Counts): AgreementReport[] {
  return risenIn(before, now).map((key) => {
    const [version, cipher, isMutual] = agreementFactsIn(key)
    return { apiId: apiIn(id), side, version, cipher, isMutual }
  })
}

/** Where more is to be told than fits, the rest waits for the next report, those first that came first. */
class Turns<T> {
  readonly #max: number
  readonly #waiting = new Map<string, T>()

  constructor(max: number) {
    this.#max = max
  }

  take(all: readonly T[]): T[] {
    for (const one of all) {
      const key = JSON.stringify(one)
      if (this.#waiting.size < waitingMax) this.#waiting.set(key, one)
    }
    const told = [...this.#waiting].slice(0, this.#max)
    for (const [key] of told) this.#waiting.delete(key)
    return told.map(([, one]) => one)
  }
}
