import type { Verdict } from '#domain/context.ts'
import type { FindingCode, Severity } from '#domain/finding.ts'
import type { Location, NetworkClass } from '#domain/network.ts'
import type { Owner } from '#domain/party.ts'
import type { GatewayRole } from '#domain/pattern.ts'
import type { Deployment } from '#domain/topology.ts'
import type { Look } from '../ui/state.tsx'

/** How each state of the topology is shown. A new state does not compile until it has a word and a tone. */

export const verdictLook: Record<Verdict, Look> = {
  'as-expected': { label: 'as expected', tone: 'ok' },
  below: { label: 'less than expected', tone: 'err' },
  'wrong-context': { label: 'another context than expected', tone: 'err' },
  'not-declared': { label: 'not declared', tone: 'idle' },
}

export const severityLook: Record<Severity, Look & { plural: string }> = {
  error: { label: 'error', plural: 'errors', tone: 'err' },
  warning: { label: 'warning', plural: 'warnings', tone: 'warn' },
}

export const findingTitle: Record<FindingCode, string> = {
  'leg.plaintext-crossing': 'Plaintext across a boundary',
  'leg.one-way-tls': 'TLS without client authentication',
  'leg.wrong-context': 'Another context than the pattern expects',
  'leg.mtls-absent': 'No mTLS inside',
  'flow.no-firewall': 'No firewall at the boundary',
}

/** What stands under a hexagon whose leg has a finding. */
export const findingMark: Record<FindingCode, string> = {
  'leg.plaintext-crossing': 'plain HTTP',
  'leg.one-way-tls': 'one-way TLS',
  'leg.wrong-context': 'wrong context',
  'leg.mtls-absent': 'plain HTTP',
  'flow.no-firewall': 'no firewall',
}

export const deploymentLook: Record<Deployment, Look> = {
  'not-deployed': { label: 'not deployed', tone: 'idle' },
  waiting: { label: 'waiting for nodes', tone: 'busy' },
  partly: { label: 'on some nodes', tone: 'warn' },
  serving: { label: 'serving', tone: 'ok' },
}

export const laneLook: Record<NetworkClass, { title: string; hint: string; fill: string; dashed: boolean }> =
  {
    'non-org-external': {
      title: 'Non-organisation external',
      hint: 'untrusted: the third party runs the CA',
      fill: 'var(--zone-non)',
      dashed: true,
    },
    'org-external': {
      title: 'Organisation external',
      hint: 'trusted, another network',
      fill: 'var(--zone-ext)',
      dashed: true,
    },
    'org-internal': {
      title: 'Organisation internal',
      hint: 'owned, the gateway stands here',
      fill: 'var(--zone-int)',
      dashed: false,
    },
  }

export const ownerLabel: Record<Owner, string> = { organisation: 'own', 'third-party': 'third party' }

export const locationLabel: Record<Location, string> = {
  cloud: 'cloud',
  vpc: 'VPC',
  cluster: 'cluster',
  'data-centre': 'data centre',
  'on-premises': 'on-premises',
}

export const roleLabel: Record<GatewayRole, string> = {
  ingress: 'ingress',
  egress: 'egress',
  'ingress-and-egress': 'ingress and egress',
}
