import { AsyncLocalStorage } from 'node:async_hooks'
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
const holder = globalThis as { hexgateDb?: PrismaClient; hexgateTogether?: AsyncLocalStorage<Tx> }

function together(): AsyncLocalStorage<Tx> {
  holder.hexgateTogether ??= new AsyncLocalStorage()
  return holder.hexgateTogether
}

/** The database. Call it where the query is made: nothing connects while modules load. */
export function db(): PrismaClient {
  const joined = together().getStore()
  // It lacks what opens transactions alone, for which there is `transaction`.
  if (joined) return joined as PrismaClient
  holder.hexgateDb ??= connect()
  return holder.hexgateDb
}

export type Tx = Prisma.TransactionClient

/** Runs `work` in one transaction; it commits whole or not at all. */
export function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const joined = together().getStore()
  return joined ? work(joined) : db().$transaction(work)
}

/**
 * Runs use cases that have transactions of their own as one: all of what they write commits, or nothing does. `work`
 * sees what was written in it, and nobody else does before its end.
 */
export function allTogether<T>(timeoutMsMax: number, work: () => Promise<T>): Promise<T> {
  return db().$transaction((tx) => together().run(tx, work), { timeout: timeoutMsMax })
}
