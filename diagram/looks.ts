import type { ValidityState } from '#domain/certificate.ts'
import type { Verdict } from '#domain/context.ts'
import type { FindingCode, Severity } from '#domain/finding.ts'
import type { Location, NetworkClass } from '#domain/network.ts'
import type { Owner } from '#domain/party.ts'
import type { GatewayRole } from '#domain/pattern.ts'
import type { Deployment } from '#domain/stored.ts'
import type { ClientMode } from '#domain/trust.ts'
import type { FlowShow } from './filter.ts'
import type { Look } from './tone.ts'

/** How each state of the topology is shown. A new state does not compile until it has a word and a tone. */

export const verdictLook: Record<Verdict, Look> = {
  'as-expected': { label: 'as expected', tone: 'ok' },
  below: { label: 'less than expected', tone: 'err' },
  'wrong-context': { label: 'another context than expected', tone: 'err' },
  'without-context': { label: 'mTLS without a context', tone: 'warn' },
  broken: { label: 'handshakes fail', tone: 'err' },
  'not-declared': { label: 'not declared', tone: 'idle' },
}

export const severityLook: Record<Severity, Look & { plural: string }> = {
  error: { label: 'error', plural: 'errors', tone: 'err' },
  warning: { label: 'warning', plural: 'warnings', tone: 'warn' },
  note: { label: 'note', plural: 'notes', tone: 'idle' },
}

/** The line of a leg. Protection is a matter of dashes, gravity one of colour, so that both read by themselves. */
export const verdictDash: Record<Verdict, string | undefined> = {
  'as-expected': undefined,
  below: '6 4',
  'wrong-context': '6 4',
  'without-context': undefined,
  broken: '2 4',
  'not-declared': undefined,
}

export const validityLook: Record<ValidityState, Look> = {
  valid: { label: 'valid', tone: 'ok' },
  expiring: { label: 'expires soon', tone: 'warn' },
  critical: { label: 'expires very soon', tone: 'err' },
  expired: { label: 'expired', tone: 'err' },
  'not-yet-valid': { label: 'not valid yet', tone: 'err' },
}

/** Where there is no room for the sentence. */
export const modeWord: Record<ClientMode, string> = {
  STRICT: 'STRICT',
  PERMISSIVE: 'PERMISSIVE',
  DISABLE: 'no client certificate',
}

export const modeLabel: Record<ClientMode, string> = {
  STRICT: 'STRICT: a valid client certificate is needed',
  PERMISSIVE: 'PERMISSIVE: a client certificate is checked where one is shown',
  DISABLE: 'DISABLE: no client certificate is asked for',
}

export const findingTitle: Record<FindingCode, string> = {
  'leg.plaintext-crossing': 'Plaintext across a boundary',
  'leg.one-way-tls': 'TLS without client authentication',
  'leg.permissive': 'Clients without a certificate get in',
  'leg.wrong-context': 'Another context than the pattern expects',
  'leg.mtls-absent': 'No mTLS inside',
  'leg.downgraded': 'Less was agreed on than is declared',
  'flow.no-firewall': 'No firewall at the boundary',
  'flow.undeclared-peer': 'Seen, but not declared',
  'flow.never-seen': 'Declared, but never seen',
  'context.keystore-not-issued': 'Keystore and truststore do not match',
  'context.grey-ca-is-ours': 'Our own CA in a third party’s context',
  'context.internal-used-outside': 'Internal context used outside',
  'context.skip-validation': 'The far side is not verified',
  'context.absent': 'Certificates without a context',
  'cert.expired': 'Certificate expired',
  'cert.not-yet-valid': 'Certificate not valid yet',
  'cert.expiring': 'Certificate expires',
  'cert.chain-incomplete': 'Certificate chain incomplete',
  'cert.self-signed-in-production': 'Self-signed in production',
  'cert.self-signed-in-development': 'Self-signed in development',
  'cert.weak-key': 'Key too short',
  'cert.wrong-usage': 'Certificate for another use',
  'tls.version-cipher-mismatch': 'TLS versions and cipher suites disagree',
  'listener.port-conflict': 'APIs in each other’s way',
  'netpol.no-ingress-to-gateway': 'Clients are kept from the gateway',
  'netpol.egress-blocked': 'The gateway is kept from what it needs',
}

/** What stands under a hexagon whose leg has a finding. */
export const findingMark: Record<FindingCode, string> = {
  'leg.plaintext-crossing': 'plain HTTP',
  'leg.one-way-tls': 'one-way TLS',
  'leg.permissive': 'permissive',
  'leg.wrong-context': 'wrong context',
  'leg.mtls-absent': 'plain HTTP',
  'leg.downgraded': 'downgraded',
  'flow.no-firewall': 'no firewall',
  'flow.undeclared-peer': 'unknown peer',
  'flow.never-seen': 'never seen',
  'context.keystore-not-issued': 'wrong keystore',
  'context.grey-ca-is-ours': 'our own CA',
  'context.internal-used-outside': 'wrong context',
  'context.skip-validation': 'not verified',
  'context.absent': 'no context',
  'cert.expired': 'expired',
  'cert.not-yet-valid': 'not valid yet',
  'cert.expiring': 'expires soon',
  'cert.chain-incomplete': 'chain gap',
  'cert.self-signed-in-production': 'self-signed',
  'cert.self-signed-in-development': 'self-signed',
  'cert.weak-key': 'weak key',
  'cert.wrong-usage': 'wrong usage',
  'tls.version-cipher-mismatch': 'TLS mismatch',
  'listener.port-conflict': 'port conflict',
  'netpol.no-ingress-to-gateway': 'no ingress',
  'netpol.egress-blocked': 'no egress',
}

export const deploymentLook: Record<Deployment, Look> = {
  'not-deployed': { label: 'not deployed', tone: 'idle' },
  waiting: { label: 'waiting for nodes', tone: 'busy' },
  partly: { label: 'on some nodes', tone: 'warn' },
  serving: { label: 'serving', tone: 'ok' },
  deployed: { label: 'deployed', tone: 'idle' },
}

export const laneLook: Record<NetworkClass, { title: string; hint: string; dashed: boolean }> = {
  'non-org-external': {
    title: 'Non-organisation external',
    hint: 'untrusted: the third party runs the CA',
    dashed: true,
  },
  'org-external': {
    title: 'Organisation external',
    hint: 'trusted, another network',
    dashed: true,
  },
  'org-internal': {
    title: 'Organisation internal',
    hint: 'owned, the gateway stands here',
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

export const showLabel: Record<FlowShow, string> = {
  plaintext: 'Plaintext',
  permissive: 'Permissive',
  'never-seen': 'Never seen',
  undeclared: 'Seen, not declared',
}
