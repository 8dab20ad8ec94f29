import { z } from 'zod'
import type { Permission } from './access.ts'

/** Findings: what is wrong or doubtful about the topology, why, and what mends it. */

/** The gravest first. A note is no fault: it says what would be one elsewhere. */
export const severities = ['error', 'warning', 'note'] as const
export type Severity = (typeof severities)[number]

export const findingCodes = [
  'leg.plaintext-crossing',
  'leg.one-way-tls',
  'leg.permissive',
  'leg.wrong-context',
  'leg.mtls-absent',
  'leg.downgraded',
  'flow.no-firewall',
  'flow.undeclared-peer',
  'flow.never-seen',
  'context.keystore-not-issued',
  'context.grey-ca-is-ours',
  'context.internal-used-outside',
  'context.skip-validation',
  'context.absent',
  'cert.expired',
  'cert.not-yet-valid',
  'cert.expiring',
  'cert.chain-incomplete',
  'cert.self-signed-in-production',
  'cert.self-signed-in-development',
  'cert.weak-key',
  'cert.wrong-usage',
  'tls.version-cipher-mismatch',
  'listener.port-conflict',
  'netpol.no-ingress-to-gateway',
  'netpol.egress-blocked',
] as const
export type FindingCode = (typeof findingCodes)[number]

const subjectKinds = [
  'leg',
  'flow',
  'api',
  'network',
  'gateway',
  'listener',
  'context',
  'certificate',
  'authority',
  'network-policies',
] as const

/** What a finding is about. A listener's id is its gateway's and its own: `edge/https`. */
export const subject = z.object({ kind: z.enum(subjectKinds), id: z.string(), name: z.string() })
export type Subject = z.infer<typeof subject>

const fixKinds = [
  'add-firewall',
  'edit-listener',
  'edit-upstream',
  'deploy',
  'edit-tls',
  'set-tls-versions',
  'make-context',
  'choose-context',
  'edit-context',
  'issue-certificate',
  'rotate-certificate',
  'complete-chain',
  'rotate-authority',
  'allow-traffic',
  'add-flow',
  'remove-flow',
] as const

/** An action that mends a finding. */
const fix = z.object({
  kind: z.enum(fixKinds),
  label: z.string(),
  target: z.object({ kind: z.enum(subjectKinds), id: z.string() }),
  isSafe: z.boolean().describe('Changes nothing that works: one click may do it'),
})
export type Fix = z.infer<typeof fix>

/** The actions that one click may do, and what whoever clicks must be allowed. */
export const safeFixes = {
  'set-tls-versions': 'apis.write',
  'rotate-certificate': 'trust.write',
  'complete-chain': 'trust.write',
} as const satisfies Partial<Record<Fix['kind'], Permission>>
export type SafeFix = keyof typeof safeFixes

/** The action of a fix where one click may do it. */
export function safeFixIn({ kind, isSafe }: Pick<Fix, 'kind' | 'isSafe'>): SafeFix | null {
  return isSafe && Object.hasOwn(safeFixes, kind) ? (kind as SafeFix) : null
}

export const finding = z.object({
  /** The same for as long as the same is wrong with the same thing. */
  id: z.string(),
  code: z.enum(findingCodes),
  severity: z.enum(severities),
  about: subject,
  /** One sentence that names the things. */
  why: z.string(),
  fix,
  /** What it touches. */
  legIds: z.array(z.string()),
  flowIds: z.array(z.string()),
})
export type Finding = z.infer<typeof finding>

/** A finding with its name; `detail` tells apart what is said of one thing under one code. */
export function found(said: Omit<Finding, 'id'>, detail = ''): Finding {
  const { code, about } = said
  return { id: `${code}@${about.kind}:${about.id}${detail && `#${detail}`}`, ...said }
}
