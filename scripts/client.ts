import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'

const schemaFile = path.join(checkout, 'prisma', 'schema.prisma')
const stampFile = path.join(checkout, 'prisma', 'generated', '.made-from')

/** Generates the Prisma client when the schema, or Prisma itself, is another one than it was made from. */
export async function ensureClient(): Promise<'generated' | 'current'> {
  const require = createRequire(import.meta.url)
  const cli = path.join(path.dirname(require.resolve('prisma/package.json')), 'build', 'index.js')
  const { version } = require('prisma/package.json') as { version: string }
  const stamp = hash('sha256', `${version}\n${await readFile(schemaFile, 'utf8')}`)
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return 'current'
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  await promisify(execFile)(process.execPath, [cli, 'generate'], { cwd: checkout, env }).catch((error) => {
    throw new Failure(
      `The database client cannot be generated: ${String(error.stderr || error.message).trim()}`,
    )
  })
  await writeFile(stampFile, stamp)
  return 'generated'
}
