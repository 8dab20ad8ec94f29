import { defineConfig } from 'prisma/config'

// The CLI would download an engine binary before it generates anything; generation needs none,
// so any existing file will do. Migrations are applied by scripts/migrate.ts instead.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
})
