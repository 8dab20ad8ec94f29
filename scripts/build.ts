import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Failure } from './failure.ts'
import { checkout } from './folders.ts'

// Everything that the portal's bundle is made of.
const sources = [
  'app',
  'components',
  'lib',
  'domain',
  'contract',
  'policies',
  'diagram',
  'dialects',
  'tls',
  'public',
  'prisma/schema.prisma',
  'next.config.ts',
  'postcss.config.mjs',
  'proxy.ts',
  'instrumentation.ts',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
]

const buildFolder = path.join(checkout, '.next')
const stampFile = path.join(buildFolder, 'built-from')

/** Builds the portal, unless what is there was built from the same sources. */
export async function ensureBuild(
  say: (text: string) => void,
  halted: AbortSignal,
): Promise<'built' | 'current'> {
  const wanted = await sourceHash()
  const kept = await readFile(stampFile, 'utf8').catch(() => '')
  if (kept === wanted && existsSync(path.join(buildFolder, 'BUILD_ID'))) return 'current'
  await rm(stampFile, { force: true })
  say('takes a minute the first time')
  await build(halted)
  if (!existsSync(path.join(buildFolder, 'BUILD_ID')))
    throw new Failure('The portal was not built; try "npx next build".')
  await writeFile(stampFile, wanted)
  return 'built'
}

async function build(halted: AbortSignal): Promise<void> {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
  const env = {
    ...process.env,
    NODE_ENV: 'production' as const,
    NEXT_TELEMETRY_DISABLED: '1',
    HEXGATE_BUILD_FOR_START: '1',
  }
  // In a process group of its own, with whatever workers it makes, so that all of it can be ended.
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: checkout,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const endGroup = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  process.once('exit', endGroup)
  halted.addEventListener('abort', endGroup)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  process.removeListener('exit', endGroup)
  halted.throwIfAborted()
  if (code !== 0)
    throw new Failure(`The portal cannot be built.\n${output.trim().split('\n').slice(-40).join('\n')}`)
}

/** A hash over names and contents of all sources. Tests are none of them. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const file of await filesUnder(path.join(checkout, source))) {
      hash
        .update(path.relative(checkout, file))
        .update('\0')
        .update(await readFile(file))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

async function filesUnder(place: string): Promise<string[]> {
  if (!existsSync(place)) return []
  const entries = await readdir(place, { withFileTypes: true, recursive: true }).catch(() => null)
  if (!entries) return [place]
  return entries
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}
