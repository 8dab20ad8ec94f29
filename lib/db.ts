import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from '#prisma/generated/client.ts'
import { env } from './env.ts'

// A query that cannot get a connection or an answer in this time fails with a clear problem
// instead of queueing without bound behind a database that hangs.
const timeoutMs = 5_000

function connect(): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: env().DATABASE_URL,
    max: 10,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
  })
  return new PrismaClient({ adapter, transactionOptions: { maxWait: timeoutMs, timeout: 2 * timeoutMs } })
}

// Next loads this module once for each of its bundles and again after every edit in development;
// the pool must not be made again each time.
const holder = globalThis as { hexgateDb?: PrismaClient }

/** The database. Call it where the query is made: nothing connects while modules load. */
export function db(): PrismaClient {
  holder.hexgateDb ??= connect()
  return holder.hexgateDb
}

export type Tx = Prisma.TransactionClient

/** Runs `work` in one transaction; it commits whole or not at all. */
export function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return db().$transaction(work)
}
