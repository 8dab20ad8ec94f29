import { z } from 'zod'
import {
  type CertificateFacts,
  certificateFacts,
  dayMs,
  type SubjectAltName,
  subjectAltName,
} from './certificate.ts'

/** Certificates that nodes keep: each node of a gateway has a key of its own, which it made and nobody else has. */

/** `awaited`: the node has not asked yet. `signed`: it has its certificate and is not seen to show it yet. */
export const keptStates = ['awaited', 'requested', 'signed', 'serving', 'failed'] as const
export type KeptState = (typeof keptStates)[number]

export const keptNode = z.object({
  nodeId: z.string(),
  hostname: z.string(),
  state: z.enum(keptStates),
  /** What waits to be signed (PKCS#10), as PEM. */
  request: z.string().nullable(),
  requestedAt: z.iso.datetime().nullable(),
  /** What was signed last. */
  leaf: certificateFacts.nullable(),
  signedAt: z.iso.datetime().nullable(),
  /** Why it came to nothing. */
  fault: z.string().nullable(),
})

/** What the nodes of a gateway were told to ask for. */
export const keptByNodes = z.object({
  gatewayId: z.string(),
  gatewayName: z.string(),
  commonName: z.string(),
  names: z.array(subjectAltName),
  issuerId: z
    .string()
    .nullable()
    .describe('The CA here that signs; null where requests are signed elsewhere'),
  issuerName: z.string().nullable(),
  lifetimeDays: z.number(),
  nodes: z.array(keptNode),
})
export type KeptNode = z.infer<typeof keptNode>
export type KeptByNodes = z.infer<typeof keptByNodes>

interface Standing {
  readonly request: string | null
  readonly leaf: Pick<CertificateFacts, 'sha256'> | null
  readonly fault: string | null
  /** The certificates that the node says it shows; null while it says nothing. */
  readonly shown: ReadonlySet<string> | null
}

/** How far a node is with its certificate. One that it shows stays in use whatever becomes of the next. */
export function keptStateOf({ request, leaf, fault, shown }: Standing): KeptState {
  if (fault !== null) return 'failed'
  if (leaf === null) return request === null ? 'awaited' : 'requested'
  return shown?.has(leaf.sha256) ? 'serving' : 'signed'
}

/** Why a request is not what was asked for; null where it is. */
export function whyNotAskedFor(
  request: { readonly commonName: string; readonly names: readonly SubjectAltName[] },
  wanted: { readonly commonName: string; readonly names: readonly SubjectAltName[] },
): string | null {
  if (request.commonName !== wanted.commonName)
    return `it is for ${request.commonName || 'nobody'}, and ${wanted.commonName} was asked for`
  const more = without(request.names, wanted.names)
  if (more.length > 0) return `nobody asked for ${more.join(', ')}`
  const less = without(wanted.names, request.names)
  return less.length > 0 ? `it leaves ${less.join(', ')} out` : null
}

function without(all: readonly SubjectAltName[], others: readonly SubjectAltName[]): string[] {
  return all
    .filter(({ type, value }) => !others.some((other) => other.type === type && other.value === value))
    .map(({ type, value }) => `${type}:${value}`)
}

/** When it is to be renewed: so many days before its end, and never earlier than with a third of its time left. */
export function renewalDueMs(
  { takenAt, notAfter }: { readonly takenAt: string; readonly notAfter: string },
  renewBeforeDays: number,
): number {
  const end = Date.parse(notAfter)
  return end - Math.min(renewBeforeDays * dayMs, (end - Date.parse(takenAt)) / 3)
}
