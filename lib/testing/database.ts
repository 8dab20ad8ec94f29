import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { PrismaClient } from '#prisma/generated/client.ts'

/** A migrated database of the test file's own. */
export interface TestDatabase {
  url: string
  /** Ends the connections of lib/db.ts; the database goes with the run. */
  close: () => Promise<void>
}

/**
 * Makes an empty, migrated database and points lib/env.ts and lib/db.ts at it. Call it in `beforeAll`,
 * before anything asks for the environment.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const response = await fetch(inject('databases'), { method: 'POST' })
  const url = await response.text()
  if (!response.ok) throw new Error(url)
  Object.assign(process.env, {
    DATABASE_URL: url,
    HEXGATE_MASTER_KEY: randomBytes(32).toString('base64'),
    HEXGATE_PORTAL_URL: 'http://localhost:3000',
    OIDC_ISSUER: 'http://127.0.0.1:1/none',
    OIDC_CLIENT_ID: 'portal',
    OIDC_CLIENT_SECRET: 'test-secret',
    HEXGATE_ALLOW_PRIVATE_ADDRESSES: 'true',
  })
  return { url, close: disconnect }
}

async function disconnect(): Promise<void> {
  const holder = globalThis as { hexgateDb?: PrismaClient }
  await holder.hexgateDb?.$disconnect()
  delete holder.hexgateDb
}
