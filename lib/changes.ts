import type { Changed } from '#contract/events.ts'
import type { Tx } from './db.ts'

/** PostgreSQL channels that the hub of every portal replica listens on. */
export const changedChannel = 'hexgate_changed'
export const publishedChannel = 'hexgate_published'
/** Its payload is the id of a node that is to do something. */
export const commandedChannel = 'hexgate_commanded'

/** Tells browsers of the organisation that something changed, once the transaction commits. */
export async function announceChange(tx: Tx, organisationId: string, change: Changed): Promise<void> {
  const payload = JSON.stringify({ organisationId, ...change })
  await tx.$executeRaw`SELECT pg_notify(${changedChannel}, ${payload})`
}
