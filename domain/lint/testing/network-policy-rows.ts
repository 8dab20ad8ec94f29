import { bothFlows, firewallLeg, shopLeg, upstreamLeg } from './findings.ts'
import {
  admitAll,
  among,
  denyAll,
  edgeEgress,
  ordersLetsIn,
  toKeys,
  toNames,
  toUpstream,
} from './network-policies.ts'
import type { Row } from './row.ts'

/** Applied NetworkPolicies that stop what is declared. */
export const networkPolicyRows: readonly Row[] = [
  {
    code: 'netpol.no-ingress-to-gateway',
    severity: 'error',
    when: 'nothing lets clients in after a default deny',
    stored: among(denyAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'Nothing in the policies of production lets anybody reach edge on TCP port 443: 1 policy (default-deny-all) selects the pod and none of its rules let it in.',
    fix: 'allow-traffic network-policies:production',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'the upstream of a declared flow cannot be reached',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from the upstream of Orders on TCP port 8443: 2 policies (default-deny-all and edge-egress) select the pod and none of its rules let it out.',
    fix: 'allow-traffic network-policies:production',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'the upstream does not let the gateway in',
    stored: among(denyAll, admitAll, edgeEgress(toUpstream, toNames('TCP', 'UDP'), toKeys)),
    about: 'network-policies:production',
    why: '1 policy (default-deny-all) selects the pod and none of its rules let it in.',
    fix: 'allow-traffic network-policies:production',
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'DNS goes over UDP alone',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('UDP'), toKeys)),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from DNS over TCP on TCP port 53',
    fix: 'allow-traffic network-policies:production',
    flows: bothFlows,
  },
  {
    code: 'netpol.egress-blocked',
    severity: 'error',
    when: 'key sets cannot be fetched',
    stored: among(denyAll, admitAll, ordersLetsIn, edgeEgress(toUpstream, toNames('TCP', 'UDP'))),
    about: 'network-policies:production',
    why: 'the policies of production keeps edge from JWKS of idp.example on TCP port 443',
    fix: 'allow-traffic network-policies:production',
    flows: bothFlows,
  },
]
