import { dayMs } from '../certificate.ts'
import { type Finding, type Fix, found } from '../finding.ts'
import { type LegReading, type LegView, readingsOf } from '../leg.ts'
import { ascending } from '../listing.ts'
import { type ObservedAgreement, type Side, sides } from '../peer.ts'
import type { ApiView } from '../stored.ts'
import { type Seen, seenOf } from './seen.ts'
import { aboutApi, touching, type World } from './world.ts'

/** Where less was agreed on than is declared, or than was usual: TLS that was turned down on the way. */
export function lintAgreements(world: World): Finding[] {
  const ways = declaredWays(world)
  return seenOf(world).flatMap((seen) =>
    sides.flatMap((side) => {
      const declared = ways.get(wayName(side, seen.api.id))
      const agreements = seen.agreements.filter((each) => each.side === side)
      if (!declared || agreements.length === 0) return []
      return [
        ...belowDeclared(seen, agreements, declared, world),
        ...fallen(seen, agreements, declared, world),
      ]
    }),
  )
}

/** What settings say of one side of an API, over all of its legs. */
interface Declared {
  readonly side: Side
  readonly readings: readonly LegReading[]
  readonly crosses: boolean
}

const wayName = (side: Side, apiId: string) => `${side} ${apiId}`

function declaredWays({ legs }: World): ReadonlyMap<string, Declared> {
  const ways = new Map<string, { side: Side; readings: LegReading[]; crosses: boolean }>()
  for (const leg of legs)
    for (const reading of readingsOf(leg)) for (const id of reading.apiIds) add(leg, reading, id)
  return ways

  function add({ side, crosses }: LegView, reading: LegReading, apiId: string): void {
    const name = wayName(side, apiId)
    const way = ways.get(name) ?? { side, readings: [], crosses: false }
    way.readings.push(reading)
    way.crosses ||= crosses
    ways.set(name, way)
  }
}

// ── less than is declared ───────────────────────────────────────────────────

interface Rule {
  readonly name: string
  readonly holds: (agreed: ObservedAgreement, declared: Declared) => boolean
  readonly says: (agreed: ObservedAgreement, declared: Declared) => string
}

const rules: readonly Rule[] = [
  {
    name: 'plain',
    holds: ({ version }, { readings }) =>
      version === null &&
      readings.every(({ actual: { state } }) => state !== 'plain' && state !== 'not-declared'),
    says: () => 'without TLS, which is declared',
  },
  {
    name: 'one-way',
    holds: ({ version, isMutual }, { readings }) =>
      version !== null && !isMutual && readings.every(({ actual }) => actual.state === 'mutual'),
    says: (_, { side }) =>
      side === 'inbound'
        ? 'by TLS without a client certificate, where mutual TLS is declared'
        : 'by one-way TLS, where mutual TLS is declared: the upstream did not ask for the certificate of the gateway',
  },
  {
    name: 'version',
    holds: ({ version }, declared) => {
      const least = leastVersion(declared)
      return version !== null && least !== null && version < least
    },
    says: ({ version }, declared) =>
      `by TLS ${version}, where TLS ${leastVersion(declared)} is the least that is declared`,
  },
]

function leastVersion({ readings }: Declared): string | null {
  const versions = readings.map(({ tls }) => tls?.minVersion ?? null)
  return versions.reduce(
    (least, next) => (least === null || next === null || least < next ? least : next),
    versions[0] ?? null,
  )
}

function belowDeclared(
  seen: Seen,
  agreements: readonly ObservedAgreement[],
  declared: Declared,
  world: World,
): Finding[] {
  const current = agreements.filter((agreed) => isCurrent(agreed, seen, world))
  return rules.flatMap((rule) => {
    const last = latest(current.filter((agreed) => rule.holds(agreed, declared)))
    return last
      ? [downgraded(seen.api, declared, rule.name, `${rule.says(last, declared)}${lastSeen(last)}`, world)]
      : []
  })
}

/** Seen in the last day, and of what is to be served now: what was mended is of no concern. */
function isCurrent({ lastSeenAt }: ObservedAgreement, { publishedAt }: Seen, { now }: World): boolean {
  return publishedAt !== null && lastSeenAt > publishedAt && now.getTime() - Date.parse(lastSeenAt) <= dayMs
}

// ── less than was usual ─────────────────────────────────────────────────────

/** A lower version that began when the highest one was seen no more: nobody speaks it any longer, though it is allowed. */
function fallen(
  seen: Seen,
  agreements: readonly ObservedAgreement[],
  declared: Declared,
  world: World,
): Finding[] {
  const last = latest(agreements.filter(({ version }) => version !== null))
  const [best] = agreements.toSorted((a, b) => ascending(b.version ?? '', a.version ?? ''))
  if (!last?.version || !best?.version || !isCurrent(last, seen, world)) return []
  const bestSeenAt = latest(agreements.filter(({ version }) => version === best.version))?.lastSeenAt ?? ''
  const began = agreements
    .filter(({ version }) => version === last.version)
    .map(({ firstSeenAt }) => firstSeenAt)
  const isTurnedDown = last.version < best.version && began.every((firstSeenAt) => firstSeenAt > bestSeenAt)
  if (!isTurnedDown || !mayBe(best.version, declared)) return []
  const why = `by TLS ${last.version}, and by TLS ${best.version} until ${bestSeenAt}, which is still allowed${lastSeen(last)}`
  return [downgraded(seen.api, declared, 'fallen', why, world)]
}

function mayBe(version: string, { readings }: Declared): boolean {
  return readings.every(({ tls }) => tls !== null && tls.maxVersion >= version)
}

// ── words ───────────────────────────────────────────────────────────────────

function latest(agreements: readonly ObservedAgreement[]): ObservedAgreement | undefined {
  return agreements.toSorted((a, b) => ascending(b.lastSeenAt, a.lastSeenAt))[0]
}

function lastSeen({ lastSeenAt }: ObservedAgreement): string {
  return ` (last seen on ${lastSeenAt})`
}

function downgraded(
  api: ApiView,
  { side, crosses }: Declared,
  name: string,
  how: string,
  world: World,
): Finding {
  const what = side === 'inbound' ? `${api.name} is called` : `The upstream of ${api.name} is reached`
  return found(
    {
      code: 'leg.downgraded',
      severity: crosses ? 'error' : 'warning',
      about: aboutApi(api),
      why: `${what} ${how}.`,
      fix: fixOf(api, side, name),
      ...touching(world.uses.ofSide(api.id, side)),
    },
    `${side} ${name}`,
  )
}

function fixOf({ id, name: api }: ApiView, side: Side, name: string): Fix {
  const target = { kind: 'api', id } as const
  if (name === 'fallen')
    return { kind: 'edit-tls', label: `Let ${api} speak the higher version alone`, target, isSafe: false }
  if (name === 'one-way' && side === 'outbound') {
    const label = `Have the upstream of ${api} ask for a client certificate`
    return { kind: 'edit-tls', label, target, isSafe: false }
  }
  return {
    kind: 'deploy',
    label: `See whether nodes serve what is declared of ${api}`,
    target,
    isSafe: false,
  }
}
