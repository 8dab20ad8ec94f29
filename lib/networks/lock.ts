import type { Actor } from '../actor.ts'
import type { Tx } from '../db.ts'

/**
 * Lets one write at a time change an organisation's topology: two writes that are each right alone could
 * together put a party where it may not stand, or a network inside itself. The lock ends with the transaction.
 */
export async function lockTopology(tx: Tx, actor: Actor): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`topology:${actor.organisationId}`}, 0))`
}
