import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import type { Addresses } from './product.ts'

/** Where the product's embedded PostgreSQL listens. */
export async function databasePort({ dataFolder }: Addresses): Promise<number> {
  return Number(await readFile(path.join(dataFolder, 'postgres', 'port'), 'utf8'))
}

/** A connection of the test's own to the product's database. */
export async function connectDatabase(product: Addresses, database = 'hexgate'): Promise<pg.Client> {
  const password = (await readFile(path.join(product.dataFolder, 'postgres', 'password'), 'utf8')).trim()
  const client = new pg.Client({
    host: '127.0.0.1',
    port: await databasePort(product),
    user: 'hexgate',
    password,
    database,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Everything that the database holds, as text. */
export async function databaseText(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`)
    texts.push(...rows.map(({ text }) => text))
  }
  return texts.join('\n')
}

/** The newest revision, after checking at one moment that all of its gateway's revisions are whole. */
export async function wholeHead(client: pg.Client): Promise<{ number: number; hash: string }> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    return await readHead(client)
  } finally {
    await client.query('COMMIT')
  }
}

async function readHead(client: pg.Client): Promise<{ number: number; hash: string }> {
  const one = async (sql: string) => Number((await client.query<{ n: string }>(sql)).rows[0]?.n)
  const head = await one('SELECT "headRevision" AS n FROM "Gateway"')
  const counts = {
    revisions: await one('SELECT count(*) AS n FROM "Revision"'),
    audited: await one(
      `SELECT count(*) AS n FROM "AuditEntry" WHERE action IN ('revision.deploy', 'revision.rollback') AND outcome = 'done'`,
    ),
    missing: await one(
      `SELECT count(*) AS n FROM "Revision" r, jsonb_each_text(r.manifest -> 'items') i
       WHERE NOT EXISTS (SELECT 1 FROM "Item" WHERE hash = i.value AND "organisationId" = r."organisationId")`,
    ),
  }
  if (counts.revisions !== head || counts.audited !== head || counts.missing > 0) {
    throw new Error(`half a revision: head ${head}, ${JSON.stringify(counts)}`)
  }
  const { rows } = await client.query<{ hash: string }>('SELECT hash FROM "Revision" WHERE number = $1', [
    head,
  ])
  return { number: head, hash: rows[0]?.hash ?? '' }
}
