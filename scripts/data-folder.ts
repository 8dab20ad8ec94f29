import { randomBytes } from 'node:crypto'
import { access, chmod, constants, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Failure, messageOf } from './failure.ts'

/** Makes the data folder, or refuses in one line when it cannot be used. */
export async function openDataFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new Failure(`The data folder ${folder} cannot be read: ${messageOf(error)}`)
  })
  if (found && !found.isDirectory()) throw new Failure(`The data folder ${folder} is not a folder.`)
  try {
    // PostgreSQL's own user passes through it; what is secret inside is protected file by file.
    if (!found) await makeFolder(folder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Failure(`The data folder ${folder} cannot be used: ${messageOf(error)}`)
  }
}

// Node's own recursive mkdir never ends where folders cannot be made, as under /proc.
async function makeFolder(folder: string): Promise<void> {
  const parent = path.dirname(folder)
  const isMissing = await stat(parent).then(
    () => false,
    () => parent !== folder,
  )
  if (isMissing) await makeFolder(parent)
  await mkdir(folder, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

/** The file of the master keys under which the database's secrets are sealed; made at the first start. */
export async function masterKeyFile(folder: string): Promise<string> {
  const name = 'master-key'
  if ((await readKept(folder, name)) === null) await keep(folder, name, randomBytes(32).toString('base64'))
  return path.resolve(folder, name)
}

/** What was kept under a name, or null. */
export async function readKept(folder: string, name: string): Promise<string | null> {
  const file = path.join(folder, name)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new Failure(`${file} cannot be read: ${messageOf(error)}`)
  })
  return text === null || text.trim() === '' ? null : text.trim()
}

/** Keeps a text under a name, whole or not at all. */
export async function keep(folder: string, name: string, text: string): Promise<void> {
  const file = path.join(folder, name)
  await writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 })
  await chmod(`${file}.new`, 0o600)
  await rename(`${file}.new`, file)
}
