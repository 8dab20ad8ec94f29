import { z } from 'zod'
import { subjectAltName } from './certificate.ts'

/** Who is really there: the far ends of TLS connections, as nodes have seen them. */

export const sides = ['inbound', 'outbound'] as const
export type Side = (typeof sides)[number]

const observedPeer = z.object({
  apiId: z.string(),
  side: z.enum(sides),
  /** Of the leaf that it showed, RFC 4514. */
  subject: z.string(),
  issuer: z.string(),
  names: z.array(subjectAltName),
  /** Of the trusted certificate that its chain ended at; null where the node did not say. */
  anchorSha256: z.string().nullable(),
  /** The party that it was taken for; null where nothing says which it is. */
  partyId: z.string().nullable(),
  lastSeenAt: z.iso.datetime(),
})

export const observed = z.object({
  /** When nodes began to look. */
  since: z.iso.datetime(),
  peers: z.array(observedPeer),
})

export type ObservedPeer = z.infer<typeof observedPeer>
export type Observed = z.infer<typeof observed>
