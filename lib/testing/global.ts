import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { ensureClient } from '#scripts/client.ts'
import { messageOf } from '#scripts/failure.ts'
import { migrate } from '#scripts/migrate.ts'
import type { Postgres } from '#scripts/postgres.ts'
import { throwawayPostgres } from '#scripts/throwaway-postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a test file asks for its database. */
    databases: string
  }
}

/** One PostgreSQL for the whole run, started when the first test file asks for a database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureClient()
  let server: Promise<Postgres> | undefined
  let last: Promise<unknown> = Promise.resolve()
  // One at a time: PostgreSQL refuses to copy a template while another session uses it.
  const create = () => {
    server ??= start()
    const made = Promise.all([server, last]).then(([postgres]) => createDatabase(postgres))
    last = made.catch(() => {})
    return made
  }
  const door = createServer((_request, response) => {
    create().then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    )
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  project.provide('databases', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    await close(door)
    await server?.then((postgres) => postgres.stop())
  }
}

// The server's own database is the template; nobody else connects to it.
async function start(): Promise<Postgres> {
  const postgres = await throwawayPostgres()
  await migrate(postgres.url)
  return postgres
}

let count = 0

async function createDatabase(postgres: Postgres): Promise<string> {
  const name = `test_${++count}`
  const address = new URL(postgres.url)
  const template = address.pathname.slice(1)
  address.pathname = '/postgres'
  const client = new pg.Client({ connectionString: address.href })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  } finally {
    await client.end()
  }
  address.pathname = `/${name}`
  return address.href
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
