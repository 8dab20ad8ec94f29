import { z } from 'zod'

/** What a node finds when it connects somewhere only to see what is there. */

const text = z.string().max(2_000)
const id = z.string().min(1).max(200)

export const probeTarget = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('upstream'),
      /** The API instance. */
      instanceId: id,
      /** `main`, or the name of one of its destinations. */
      upstream: id,
      /** One of its endpoints; the first without this. */
      url: z.string().max(2_000).optional(),
    })
    .meta({ title: 'An upstream of an API, as its requests reach it' }),
  z
    .strictObject({
      kind: z.literal('listener'),
      listenerId: id,
      /** The host that is asked for, as clients ask for it. */
      serverName: z.string().max(253).optional(),
    })
    .meta({ title: 'A listener of the node itself' }),
])
export type ProbeTarget = z.infer<typeof probeTarget>

/** In the order in which they happen. */
export const probeStages = ['resolve', 'connect', 'tls'] as const
export type ProbeStage = (typeof probeStages)[number]

const probedCertificate = z.object({
  subject: text,
  issuer: text,
  sha256: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  names: z.array(text).max(50),
})

export const probeReport = z.object({
  /** Where it connected to. */
  url: text,
  address: text.nullable(),
  outcome: z.enum(['ok', 'failed']),
  /** The stage that it failed at. */
  failedAt: z.enum(probeStages).nullable(),
  /** The code that requests fail with, or that says why not to trust what was found. */
  code: text.nullable(),
  /** One sentence. */
  detail: text,
  /** In milliseconds; null for what was not reached. */
  resolveMs: z.number().nullable(),
  connectMs: z.number().nullable(),
  tlsMs: z.number().nullable(),
  /** Null without TLS. */
  tls: z
    .object({
      version: text,
      cipher: text,
      /** What was agreed on; null where nothing was. */
      alpn: text.nullable(),
      serverName: text.nullable(),
      /** Whether the chain and the name were verified; null where nobody says which CAs should. */
      verified: z.boolean().nullable(),
      /** The subject of the certificate that the node offers; null where it has none. */
      ownSubject: text.nullable(),
    })
    .nullable(),
  /** As it was shown, the leaf first. */
  chain: z.array(probedCertificate).max(10),
})
export type ProbeReport = z.infer<typeof probeReport>
export type ProbedCertificate = z.infer<typeof probedCertificate>

/** A node must have answered by then, whatever it meets. */
export const probeMsMax = 4_000

/** A probe as it is kept. */
export const probeView = z.object({
  id: z.string(),
  gatewayId: z.string(),
  nodeId: z.string(),
  hostname: z.string(),
  target: probeTarget,
  /** `running` until the node has answered. */
  status: z.enum(['running', 'answered', 'not-served', 'no-answer']),
  report: probeReport.nullable(),
  startedAt: z.iso.datetime(),
  startedBy: z.string(),
})
export const probeList = z.object({ probes: z.array(probeView) })
export type ProbeView = z.infer<typeof probeView>
