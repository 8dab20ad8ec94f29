import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { delimiter, join, relative } from 'node:path'
import type { Source } from '#dialects/flex/document.ts'

export type Sources = { ok: true; sources: readonly Source[] } | { ok: false; faults: readonly string[] }

/** Folders inside folders deeper than this are a loop or a mistake. */
const depthMax = 8
const filesMax = 10_000

/** The folders that an argument names: `DIR`, or several of them joined as PATH does it. */
export function foldersIn(argument: string): string[] {
  return argument.split(delimiter).filter((folder) => folder !== '')
}

/** One YAML file: what faults call it, and where it is behind all symbolic links. */
interface Found {
  readonly file: string
  readonly real: string
}

async function find(folder: string, root: string, depth: number, into: Found[]): Promise<void> {
  if (depth > depthMax) throw new Error(`folders are nested deeper than ${depthMax}`)
  const entries = await readdir(folder)
  // Names with a dot in front are those of editors, of version control, and of mounted ConfigMaps' own folders.
  for (const name of entries.filter((one) => !one.startsWith('.')).toSorted()) {
    const path = join(folder, name)
    const kind = await stat(path).catch(() => undefined)
    if (kind?.isDirectory() === true) await find(path, root, depth + 1, into)
    else if (/\.ya?ml$/.test(name)) into.push({ file: relative(root, path), real: await realpath(path) })
    if (into.length > filesMax) throw new Error(`more than ${filesMax} files`)
  }
}

async function filesIn(folders: readonly string[]): Promise<Found[]> {
  const all: Found[] = []
  for (const folder of folders) {
    const found: Found[] = []
    await find(folder, folder, 0, found)
    all.push(
      ...found.map(({ file, real }) => ({ real, file: folders.length === 1 ? file : join(folder, file) })),
    )
  }
  return all
}

const looksMax = 5

/**
 * Reads every YAML file of folders and the folders inside them. A mounted ConfigMap changes all its files at once, by
 * turning one link: what is read must be of one state, so that it is read again when links were turned meanwhile.
 */
async function readSources(folders: readonly string[]): Promise<Source[]> {
  let found = await filesIn(folders)
  for (let look = 1; ; look++) {
    const sources = await Promise.all(
      found.map(async ({ file, real }) => ({ file, text: await readFile(real, 'utf8') })),
    ).catch((error: unknown) => {
      if (look === looksMax) throw error
      return undefined
    })
    const after = await filesIn(folders)
    if (sources !== undefined && (look === looksMax || JSON.stringify(after) === JSON.stringify(found)))
      return sources
    found = after
  }
}

/** The YAML files that an argument of `--local` stands for, or why they cannot be read. */
export async function sourcesIn(argument: string): Promise<Sources> {
  try {
    return { ok: true, sources: await readSources(foldersIn(argument)) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, faults: [`${argument} cannot be read: ${reason}`] }
  }
}
