import { agreement, observing, peer } from '../../testing/peers.ts'
import { sound } from '../../testing/sound.ts'
import { party } from '../../testing/stored.ts'
import { bothFlows, firewallLeg, outerLeg, seeing, shopLeg, upstreamLeg } from './findings.ts'
import type { Row } from './row.ts'

/** What nodes see and what is declared, where the two differ. */
export const observedRows: readonly Row[] = [
  {
    code: 'flow.undeclared-peer',
    severity: 'warning',
    when: 'somebody calls whose flow is not declared',
    stored: {
      ...seeing(peer({ clientIds: ['Batch'], subject: 'CN=batch' }), peer()),
      parties: [...sound.parties, party('Batch', 'consumer', 'VPC')],
    },
    about: 'api:Orders',
    why: 'CN=batch, from CN=Internal CA, calls Orders and was last seen on 2026-05-31T12:00:00.000Z: no flow from Batch to it is declared.',
    fix: 'add-flow api:Orders',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'flow.never-seen',
    severity: 'warning',
    when: 'a declared consumer never came',
    stored: seeing(peer({ clientIds: ['Shop'] })),
    about: 'flow:Partner to Orders',
    why: 'Partner to Orders is declared, but no node has seen Partner call since 2026-05-02.',
    fix: 'remove-flow flow:Partner to Orders',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'leg.downgraded',
    severity: 'warning',
    when: 'an upstream does not ask for the certificate that is declared',
    stored: {
      ...sound,
      observed: observing({ agreements: [agreement({ side: 'outbound', isMutual: false })] }),
    },
    about: 'api:Orders',
    why: 'The upstream of Orders is reached by one-way TLS, where mutual TLS is declared',
    fix: 'edit-tls api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
]
