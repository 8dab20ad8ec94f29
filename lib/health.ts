import { db } from './db.ts'
import { hubHealth } from './hub/health.ts'
import { log } from './log.ts'

export interface Health {
  status: 'ok' | 'unavailable'
  /** What is wrong, in words for people; nothing about addresses or versions. */
  problems: { part: 'database' | 'hub'; detail: string }[]
}

/** Whether the portal can do its work. */
export async function readHealth(): Promise<Health> {
  const problems: Health['problems'] = []
  try {
    await db().$queryRaw`SELECT 1`
  } catch (error) {
    log.debug({ err: error }, 'the database does not answer')
    problems.push({ part: 'database', detail: 'The database does not answer; gateways go on serving.' })
  }
  if (!hubHealth()?.listening) {
    problems.push({ part: 'hub', detail: 'Nodes and browsers are not told of changes at the moment.' })
  }
  return { status: problems.length === 0 ? 'ok' : 'unavailable', problems }
}
