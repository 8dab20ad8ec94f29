import type { ContextClass } from './context.ts'
import type { NetworkClass } from './network.ts'
import { type Owner, type Placed, type PlacementRefusal, refusePlacement } from './party.ts'

/** Classification: which use case and pattern a flow is, from who owns its ends and where they stand. */

export const useCases = [1, 2, 3, 4] as const
export type UseCase = (typeof useCases)[number]

export const patterns = ['1A', '1B', '2', '3', '4', '5', '6', '7', '8', '9'] as const
export type Pattern = (typeof patterns)[number]

export const gatewayRoles = ['ingress', 'egress', 'ingress-and-egress'] as const
export type GatewayRole = (typeof gatewayRoles)[number]

/** What stands between consumer and provider: the required contexts, and the gateway among them. */
export type Hexagon = ContextClass | 'gateway'

export interface Classification {
  readonly useCase: UseCase
  readonly pattern: Pattern
  readonly role: GatewayRole
  /** From consumer to provider. Empty inside the organisation, where mTLS is recommended but not required. */
  readonly hexagons: readonly Hexagon[]
}

const green = 'org-external'
const white = 'org-internal'
const grey = 'non-org-external'

const useCaseOf: Record<Owner, Record<Owner, UseCase>> = {
  // API owned by → consumer owned by
  organisation: { organisation: 1, 'third-party': 2 },
  'third-party': { organisation: 3, 'third-party': 4 },
}

type Row = Omit<Classification, 'useCase'>
const inside: Omit<Row, 'pattern'> = { role: 'ingress', hexagons: [] }

// Provider's network → consumer's network.
const rows: Record<NetworkClass, Record<NetworkClass, Row>> = {
  'org-internal': {
    'org-internal': { pattern: '1B', ...inside },
    'org-external': { pattern: '2', role: 'ingress', hexagons: [green, white, 'gateway'] },
    'non-org-external': { pattern: '5', role: 'ingress', hexagons: [grey, white, 'gateway'] },
  },
  'org-external': {
    'org-internal': { pattern: '3', role: 'egress', hexagons: ['gateway', white, green] },
    'org-external': {
      pattern: '4',
      role: 'ingress-and-egress',
      hexagons: [green, white, 'gateway', white, green],
    },
    'non-org-external': {
      pattern: '6',
      role: 'ingress-and-egress',
      hexagons: [grey, white, 'gateway', white, green],
    },
  },
  'non-org-external': {
    'org-internal': { pattern: '7', role: 'egress', hexagons: ['gateway', white, grey] },
    'org-external': {
      pattern: '8',
      role: 'ingress-and-egress',
      hexagons: [green, white, 'gateway', white, grey],
    },
    'non-org-external': {
      pattern: '9',
      role: 'ingress-and-egress',
      hexagons: [grey, white, 'gateway', white, grey],
    },
  },
}

export interface Ends {
  readonly provider: Omit<Placed, 'kind'>
  readonly consumer: Omit<Placed, 'kind'>
  /** Whether both stand in one network; it matters inside the organisation only. */
  readonly sameNetwork: boolean
}

export type Classified =
  | { readonly kind: 'classified'; readonly classification: Classification }
  | { readonly kind: 'refused'; readonly refusals: readonly PlacementRefusal[] }

/** Names the use case, the pattern, the gateway's role and the hexagons of a flow, or says which party stands wrong. */
export function classify({ provider, consumer, sameNetwork }: Ends): Classified {
  const refusals = [
    refusePlacement({ ...provider, kind: 'provider' }),
    refusePlacement({ ...consumer, kind: 'consumer' }),
  ].filter((refusal) => refusal !== null)
  if (refusals.length > 0) return { kind: 'refused', refusals }

  const row = rows[provider.networkClass][consumer.networkClass]
  const pattern = row.pattern === '1B' && sameNetwork ? '1A' : row.pattern
  const useCase = useCaseOf[provider.owner][consumer.owner]
  return { kind: 'classified', classification: { ...row, pattern, useCase } }
}
