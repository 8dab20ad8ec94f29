import { db } from './db.ts'
import { hubHealth } from './hub/health.ts'
import { log } from './log.ts'

export interface Health {
  status: 'ok' | 'unavailable'
  /** What is wrong, in words for people; nothing about addresses or versions. */
  problems: { part: string; detail: string }[]
}

const partAnswersWithinMs = 1_000

// `npm start` names what else must serve before it can say that all does: { "gateway": "http://…/ready" }.
async function silentParts(): Promise<string[]> {
  const parts = Object.entries(
    JSON.parse(process.env['HEXGATE_WATCHED_PARTS'] || '{}') as Record<string, string>,
  )
  const answers = await Promise.all(
    parts.map(async ([name, url]) => {
      const signal = AbortSignal.timeout(partAnswersWithinMs)
      const ok = await fetch(url, { signal, cache: 'no-store' }).then(
        (response) => response.ok,
        () => false,
      )
      return ok ? [] : [name]
    }),
  )
  return answers.flat()
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
  for (const part of await silentParts()) problems.push({ part, detail: `The ${part} does not serve.` })
  return { status: problems.length === 0 ? 'ok' : 'unavailable', problems }
}
