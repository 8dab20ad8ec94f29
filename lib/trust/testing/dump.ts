import pg from 'pg'
import { env } from '../../env.ts'

/** Every row of every table as text: what somebody has who stole the database. */
export async function databaseText(): Promise<string> {
  const client = new pg.Client({ connectionString: env().DATABASE_URL })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    )
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`)
      texts.push(`${name}\n${rows.map(({ text }) => text).join('\n')}`)
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
