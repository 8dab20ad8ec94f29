import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

// A linter compares the words of an import; where ../../policies leads depends on where it stands. So relative
// imports may not leave their top-level folder at all, and what crosses folders goes by the #aliases, which
// .oxlintrc.json judges.

const sources = [
  'app',
  'cli',
  'components',
  'contract',
  'demo',
  'diagram',
  'dialects',
  'domain',
  'gateway-runtime',
  'lib',
  'policies',
  'scripts',
  'sts',
  'tls',
]

/** Folders whose names say nothing about the product. */
const emptyNames = new Set(['utils', 'helpers', 'types', 'services', 'common', 'misc', 'hooks', 'src'])

/** What breaks the layout's rules, one line each. */
export async function floorFaults(root: string): Promise<string[]> {
  const files = await Promise.all(sources.map((folder) => filesUnder(root, folder)))
  const faults = await Promise.all(files.flat().map((file) => faultsIn(root, file)))
  return faults.flat()
}

async function filesUnder(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  return entries
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}

async function faultsIn(root: string, file: string): Promise<string[]> {
  const text = await readFile(path.join(root, file), 'utf8')
  return [...nameFaults(file), ...escapes(file, text)]
}

function nameFaults(file: string): string[] {
  const parts = file.replace(/\.[cm]?tsx?$/, '').split(path.sep)
  const empty = parts.find((part) => emptyNames.has(part))
  return empty ? [`${file}: "${empty}" says nothing about what is in it`] : []
}

const specifier = /(?:^|[\s;}])(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** Relative imports of a file that lead out of its top-level folder. */
export function escapes(file: string, text: string): string[] {
  const [home = ''] = file.split(path.sep)
  return [...text.matchAll(specifier)].flatMap(([, wanted = '']) => {
    const target = path.normalize(path.join(path.dirname(file), wanted))
    const stays = target.startsWith(`${home}${path.sep}`) || target === 'package.json'
    return stays ? [] : [`${file}: ${wanted} leaves ${home}; use #${target}`]
  })
}
