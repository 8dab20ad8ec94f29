import { contextOf } from '../context.ts'
import { type Finding, type FindingCode, type Fix, found, type Severity } from '../finding.ts'
import { type LegReading, type LegView, readingsOf } from '../leg.ts'
import { ascending, listed } from '../listing.ts'
import { networkClassName } from '../network.ts'
import { aboutLeg, apiNames, between, farNetwork, type World } from './world.ts'

/** What is to be said against a leg: how it is protected, by which context, and where external TLS ends. */
export function lintLegs(world: World): Finding[] {
  return world.legs.flatMap((leg) => [...protection(leg, world), ...withoutFirewall(leg, world)])
}

// ── protection ──────────────────────────────────────────────────────────────

/** What a code means: how grave it is where, what is said of a leg, and the part of the name that tells it apart. */
interface Rule {
  readonly code: FindingCode
  readonly severity: (leg: LegView) => Severity
  readonly holds: (reading: LegReading, leg: LegView) => boolean
  readonly says: (reading: LegReading, leg: LegView) => string
  readonly because: (reading: LegReading, leg: LegView) => string
  readonly detail?: (reading: LegReading) => string
}

const graverOutside = ({ crosses }: LegView): Severity => (crosses ? 'error' : 'warning')
const settingOf = ({ actual }: LegReading) => ('because' in actual ? actual.because : '')

const rules: readonly Rule[] = [
  {
    code: 'leg.plaintext-crossing',
    severity: () => 'error',
    holds: ({ actual }, { crosses }) => actual.state === 'plain' && crosses,
    says: () => 'crosses a network boundary without TLS',
    because: settingOf,
  },
  {
    code: 'leg.mtls-absent',
    severity: () => 'warning',
    holds: ({ actual }, { crosses }) => actual.state === 'plain' && !crosses,
    says: () => 'has no mTLS, which is recommended inside the organisation too',
    because: settingOf,
  },
  {
    code: 'leg.one-way-tls',
    severity: graverOutside,
    holds: ({ actual }) => actual.state === 'one-way',
    says: (_, { side }) =>
      side === 'inbound' ? 'does not ask for a client certificate' : 'shows no client certificate',
    because: settingOf,
  },
  {
    code: 'leg.permissive',
    severity: graverOutside,
    holds: ({ actual }) => actual.state === 'permissive',
    says: () => 'takes a client certificate but does not need one',
    because: settingOf,
  },
  {
    code: 'leg.wrong-context',
    severity: () => 'error',
    holds: ({ actual }, { expected }) => {
      const context = contextOf(actual)
      return context !== null && expected !== null && context.class !== expected.class
    },
    says: (_, { expected }) =>
      expected
        ? `does not use a context that is ${networkClassName[expected.class]}, as the pattern expects`
        : '',
    because: ({ actual }) => {
      const context = contextOf(actual)
      return context ? `the context ${context.name} is ${networkClassName[context.class]}` : ''
    },
    detail: ({ actual }) => contextOf(actual)?.id ?? '',
  },
]

function protection(leg: LegView, world: World): Finding[] {
  if (!leg.expected) return []
  const readings = readingsOf(leg)
  return rules.flatMap((rule) => {
    const holding = readings.filter((reading) => rule.holds(reading, leg))
    return holding.length > 0 ? [broken(rule, leg, holding, world)] : []
  })
}

function broken(rule: Rule, leg: LegView, readings: readonly LegReading[], world: World): Finding {
  const reasons = readings.map((reading) => rule.because(reading, leg) + ofWhom(reading, leg, world))
  const apiIds = new Set(readings.flatMap((reading) => reading.apiIds))
  const flows = world.flowsOfLeg.get(leg.id) ?? []
  const touched = apiIds.size === 0 ? flows : flows.filter(({ apiId }) => apiIds.has(apiId))
  const details = readings.map((reading) => rule.detail?.(reading) ?? '').toSorted(ascending)
  const [first] = readings
  return found(
    {
      code: rule.code,
      severity: rule.severity(leg),
      about: aboutLeg(leg),
      why: `${between(leg)} ${first ? rule.says(first, leg) : ''}: ${listed(reasons)}.`,
      fix: fixOf(rule.code, leg, first),
      legIds: [leg.id],
      flowIds: touched.map(({ id }) => id).toSorted(ascending),
    },
    [...new Set(details)].join('+'),
  )
}

// Where the leg itself does not name the API, the reason does.
function ofWhom({ declaredBy, apiIds }: LegReading, { from, to }: LegView, world: World): string {
  if (declaredBy?.kind !== 'api' || [from, to].some(({ kind }) => kind === 'api')) return ''
  return ` (${apiNames(apiIds, world)})`
}

function fixOf(code: FindingCode, leg: LegView, reading: LegReading | undefined): Fix {
  const inner = leg.from.kind === 'gateway' ? leg.to : leg.from
  const { kind, id, name } = reading?.declaredBy ?? inner
  if (kind === 'firewall') {
    const label = `Choose another context for the firewall ${name}`
    return { kind: 'choose-context', label, target: { kind: 'network', id }, isSafe: false }
  }
  if (kind === 'gateway') {
    const label = `Open the gateway ${name}`
    return { kind: 'edit-listener', label, target: { kind: 'gateway', id }, isSafe: false }
  }
  const target = { kind: 'api', id } as const
  if (code === 'leg.wrong-context')
    return { kind: 'choose-context', label: `Choose another context for ${name}`, target, isSafe: false }
  if (reading?.actual.state === 'plain')
    return { kind: 'edit-upstream', label: `Open the API ${name}`, target, isSafe: false }
  return { kind: 'edit-tls', label: `Open the policies of ${name}`, target, isSafe: false }
}

// ── boundaries ──────────────────────────────────────────────────────────────

function withoutFirewall(leg: LegView, world: World): Finding[] {
  const direct = leg.from.kind !== 'firewall' && leg.to.kind !== 'firewall'
  const far = leg.crosses && direct ? farNetwork(leg, world) : null
  if (!far) return []
  return [
    found({
      code: 'flow.no-firewall',
      severity: 'warning',
      about: aboutLeg(leg),
      why: `No firewall ends external TLS at the boundary of ${far.name}, so no new context begins there.`,
      fix: {
        kind: 'add-firewall',
        label: `Add a firewall to ${far.name}`,
        target: { kind: 'network', id: far.id },
        isSafe: false,
      },
      legIds: [leg.id],
      flowIds: (world.flowsOfLeg.get(leg.id) ?? []).map(({ id }) => id).toSorted(ascending),
    }),
  ]
}
