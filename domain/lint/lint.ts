import type { Finding } from '../finding.ts'
import { ascending } from '../listing.ts'
import { lintAgreements } from './agreements.ts'
import { lintCertificates } from './certificates.ts'
import { lintContexts } from './contexts.ts'
import { lintLegs } from './legs.ts'
import { lintListeners } from './listeners.ts'
import { lintNetworkPolicies } from './network-policies.ts'
import { lintPeers } from './peers.ts'
import type { World } from './world.ts'

const subjects = [
  lintLegs,
  lintContexts,
  lintCertificates,
  lintListeners,
  lintNetworkPolicies,
  lintPeers,
  lintAgreements,
]

/** Everything that is to be said against a topology, each thing once and always in the same order. */
export function lint(world: World): Finding[] {
  const byId = new Map(subjects.flatMap((judge) => judge(world)).map((finding) => [finding.id, finding]))
  return [...byId.values()].toSorted((a, b) => ascending(a.id, b.id))
}
