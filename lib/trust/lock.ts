import type { Actor } from '../actor.ts'
import type { Tx } from '../db.ts'

/**
 * Lets one write at a time change what an organisation trusts: two that are each right alone could together take a
 * CA away that a context just came to name. Take it before anything else. It ends with the transaction.
 */
export async function lockTrust(tx: Tx, actor: Actor): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`trust:${actor.organisationId}`}, 0))`
}
