import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Postgres, startPostgres } from './postgres.ts'

const prefix = 'hexgate-throwaway-'

/** A PostgreSQL in a temporary folder, without durability, gone when it is stopped. */
export async function throwawayPostgres(): Promise<Postgres> {
  await clearAbandoned()
  const folder = await mkdtemp(path.join(os.tmpdir(), prefix))
  await chmod(folder, 0o711)
  await writeFile(path.join(folder, 'owner'), String(process.pid))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const postgres = await startPostgres(folder, { durable: false })
    return { ...postgres, stop: () => postgres.stop().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

// A test run that was killed could not clean up; the next one does it.
async function clearAbandoned(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const folder = path.join(os.tmpdir(), name)
    const owner = Number(await readFile(path.join(folder, 'owner'), 'utf8').catch(() => '0'))
    if (!(owner > 0) || isAlive(owner)) continue
    const lines = await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
    endQuietly(Number(lines.split('\n')[0]))
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function endQuietly(pid: number): void {
  if (!(pid > 0)) return
  try {
    process.kill(pid, 'SIGQUIT')
  } catch {
    // It ended by itself.
  }
}
