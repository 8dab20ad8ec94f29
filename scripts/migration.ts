import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'
import { migrationsFolder } from './migrate.ts'
import { throwawayPostgres } from './throwaway-postgres.ts'

// npm run migration -- NAME: writes the difference between the schema as last migrated, of which a copy is kept,
// and the schema as it is now. Prisma's own command would download an engine and want a database for this.

const schemaFile = path.join(checkout, 'prisma', 'schema.prisma')
const snapshotFile = path.join(migrationsFolder, 'schema.snapshot.prisma')

interface Engine {
  diff(input: unknown): Promise<{ stdout: string | null }>
}

async function loadEngine(schema: string, url: string): Promise<Engine> {
  const require = createRequire(import.meta.url)
  const module = '@prisma/schema-engine-wasm/schema_engine_bg'
  const bindings = await import(module)
  const file = path.join(path.dirname(require.resolve(module)), 'schema_engine_bg.wasm')
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    './schema_engine_bg.js': bindings,
  })
  bindings.__wbg_set_wasm(instance.exports)
  // What the package's own loader does; its exports have no declaration.
  ;(instance.exports as { __wbindgen_start(): void }).__wbindgen_start()
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(url))
  return bindings.SchemaEngine.new({ datamodels: [[schemaFile, schema]] }, () => {}, adapter)
}

/** The SQL that takes a database from one schema to another; an empty `from` means from nothing. */
export async function difference(from: string, to: string): Promise<string> {
  // The engine asks no database about two schemas, but connects to one all the same.
  const postgres = await throwawayPostgres()
  try {
    const engine = await loadEngine(to, postgres.url)
    const target = (content: string) => ({ tag: 'schemaDatamodel', files: [{ path: schemaFile, content }] })
    const { stdout } = await engine.diff({
      from: from === '' ? { tag: 'empty' } : target(from),
      to: target(to),
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return stdout ?? ''
  } finally {
    await postgres.stop()
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const name = args[0] ?? ''
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new Failure('Name the migration in lower case: npm run migration -- add-contexts')
  }
  const schema = await readFile(schemaFile, 'utf8')
  const before = await readFile(snapshotFile, 'utf8').catch(() => '')
  const sql = await difference(before, schema)
  if (/^\s*(?:-- This is an empty migration\.)?\s*$/.test(sql)) {
    throw new Failure('The schema has not changed since the last migration.')
  }
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = path.join(migrationsFolder, `${stamp}_${name}`)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'migration.sql'), sql)
  await writeFile(snapshotFile, schema)
  await writeFile(path.join(migrationsFolder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  console.log(
    `${path.relative(checkout, folder)}/migration.sql. Read it, and add by hand what the schema cannot say.`,
  )
}
