import { z } from 'zod'
import { subjectAltName } from './certificate.ts'
import { identityKinds } from './party-identity.ts'

/** Who and what is really there, as nodes have seen it: far ends of TLS, clients under contract, what TLS came to. */

export const sides = ['inbound', 'outbound'] as const
export type Side = (typeof sides)[number]

const id = z.string()
const moment = z.iso.datetime()

export const observedPeer = z.object({
  apiId: id,
  side: z.enum(sides),
  /** Of the leaf that it showed, RFC 4514. */
  subject: z.string(),
  issuer: z.string(),
  names: z.array(subjectAltName),
  sha256: z.string().nullable().describe('Of the leaf; null where the node did not say'),
  /** Of the trusted certificate that its chain ended at; null where the node did not say. */
  anchorSha256: z.string().nullable(),
  clientIds: z.array(id).describe('The clients that called over its connections, by their keys or tokens'),
  lastSeenAt: moment,
})

export const observedCaller = z.object({
  apiId: id,
  clientId: id
    .nullable()
    .describe('Null for whoever was let through with neither certificate, key nor token'),
  lastSeenAt: moment,
})

/** What the two ends of a connection came to. */
export const observedAgreement = z.object({
  apiId: id,
  side: z.enum(sides),
  version: z.string().nullable().describe('1.3, 1.2; null without TLS'),
  cipher: z.string().nullable().describe('The IANA name of the suite; null without TLS'),
  isMutual: z.boolean().describe('Whether the client of that side showed a certificate that was asked for'),
  firstSeenAt: moment,
  lastSeenAt: moment,
})

const watched = z.object({
  since: moment.describe('When a node first reported on it'),
  publishedAt: moment
    .nullable()
    .describe(
      'When what its gateway is to serve now was published: what was seen before was of something else',
    ),
})

const seen = {
  apis: z.record(id, watched).describe('The APIs that nodes watch'),
  callers: z.array(observedCaller),
  agreements: z.array(observedAgreement),
}

export const observed = z.object({ ...seen, peers: z.array(observedPeer) })

/** How a peer was recognised: by what its party declares, or by the client that it calls as. */
export const recognitions = [...identityKinds, 'client'] as const

const peerView = observedPeer.extend({
  partyId: id.nullable().describe('The party that it is; null where none or several fit'),
  recognisedBy: z.enum(recognitions).nullable(),
  possibleIds: z.array(id).describe('Where several parties fit: which'),
})

export const observedView = z.object({ ...seen, peers: z.array(peerView) })

export type ObservedPeer = z.infer<typeof observedPeer>
export type ObservedCaller = z.infer<typeof observedCaller>
export type ObservedAgreement = z.infer<typeof observedAgreement>
export type Observed = z.infer<typeof observed>
export type Recognition = (typeof recognitions)[number]
export type PeerView = z.infer<typeof peerView>
export type ObservedView = z.infer<typeof observedView>
