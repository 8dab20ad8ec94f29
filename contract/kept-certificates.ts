import { z } from 'zod'
import { subjectAltName } from '#domain/certificate.ts'

/** Certificates whose keys nodes make themselves: what the portal orders, and what a node has signed. */

/** The capability of a node that keeps certificates. */
export const keepsCertificates = 'certificates/kept'

export const keptOrder = z.strictObject({
  certificateId: z.uuid(),
  /** What people call it. */
  name: z.string().min(1).max(200),
  commonName: z.string().min(1).max(64),
  names: z.array(subjectAltName).max(100),
  /** The node renews it so long before its end, or with a third of its time left. */
  renewBeforeDays: z.number().min(0),
  /** What was made for a lower one is renewed at once. */
  generation: z.int().min(1),
  /** What was signed last for this node, the leaf first; null while nothing is. */
  chain: z.string().nullable(),
})

/** portal → node: all that it is to keep. Answered once what could be had at once is there. */
export const keptOrders = z.strictObject({ orders: z.array(keptOrder).max(1_000) })
export const keptOrdersAnswer = z.object({
  faults: z.array(z.object({ certificateId: z.uuid(), reason: z.string().max(1_000) })).max(1_000),
})

/** node → portal: a request, signed by the new key (PKCS#10). The node is who it authenticated as. */
export const signingRequest = z.strictObject({ certificateId: z.uuid(), csr: z.string().max(20_000) })
export const signingAnswer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('signed'), chain: z.string() }),
  /** It is signed elsewhere, and comes with the orders. */
  z.object({ status: z.literal('waiting') }),
  z.object({ status: z.literal('refused'), reason: z.string() }),
])

export type KeptOrder = z.infer<typeof keptOrder>
export type KeptOrders = z.infer<typeof keptOrders>
export type KeptOrdersAnswer = z.infer<typeof keptOrdersAnswer>
export type SigningRequest = z.infer<typeof signingRequest>
export type SigningAnswer = z.infer<typeof signingAnswer>
