import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writing that survives a lost machine, and a folder that belongs to one process. */

/** Writes through a temporary file: after it, the file is whole and on the disk, or as it was before. */
export async function writeDurably(
  path: string,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of pieces) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

/** The 32 bytes of the folder's key, made at the first call. Nobody but the owner may read it. */
export async function folderKey(path: string): Promise<Buffer> {
  const known = await readIfThere(path)
  if (known === undefined) {
    await writeDurably(path, [randomBytes(32)])
    return readFile(path)
  }
  if (known.length !== 32) throw new Error(`${path} is no key: it has ${known.length} bytes, not 32`)
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) await chmod(path, 0o600)
  return known
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** When a process began, in the kernel's ticks; its number alone may belong to another one by now. */
async function beginningOf(pid: number): Promise<string> {
  const line = await readIfThere(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces; what follows it does not. The beginning is the 22nd field.
  const fields = line
    ?.toString('latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields?.[19] ?? ''
}

async function isHeld(path: string): Promise<boolean> {
  const [pid = '', beginning = ''] = (await readlink(path).catch(() => '')).split(' ')
  const number = Number(pid)
  if (!Number.isInteger(number) || number <= 0 || number === process.pid) return false
  try {
    process.kill(number, 0)
  } catch (error) {
    return isCode(error, 'EPERM')
  }
  return (await beginningOf(number)) === beginning
}

/**
 * Takes a folder for this process. Throws when another one that is alive has it; a dead one's claim is void. The claim
 * is a link to nowhere, which is made at once with what it says, and finds room where the disk is full.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  const content = `${process.pid} ${await beginningOf(process.pid)}`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await symlink(content, path)
      return () => rm(path, { force: true })
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
      if (await isHeld(path)) break
      await rm(path, { force: true })
    }
  }
  throw new Error(`${dirname(path)} is in use by another gateway-runtime (${path})`)
}
