import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'

const program = (name: string) => () => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** What the tests run that no package of npm brings, by the names of Debian's packages, and how it is found. */
const packages = {
  chromium: () => {
    const chosen = process.env['HEXGATE_CHROMIUM']
    return chosen ? existsSync(chosen) : browsers.some((file) => existsSync(file))
  },
  curl: program('curl'),
  faketime: () => fakeTimeLibrary() !== undefined,
  'nghttp2-client': program('h2load'),
  openssl: program('openssl'),
  'redis-server': program('redis-server'),
  slowhttptest: program('slowhttptest'),
} as const

export type DebianPackage = keyof typeof packages
export const allPackages = Object.keys(packages) as DebianPackage[]

/** The library that moves the clock of a process, loaded by LD_PRELOAD. */
export function fakeTimeLibrary(): string | undefined {
  return globSync('/usr/lib/{,*/}faketime/libfaketimeMT.so.1')[0]
}

/** What is not there, and how to get it, in a sentence; null where all of it is. */
export function missing(names: readonly DebianPackage[]): string | null {
  const absent = names.filter((name) => !packages[name]())
  if (absent.length === 0) return null
  const hint = absent.includes('chromium') ? ', or set HEXGATE_CHROMIUM' : ''
  return `What Debian's ${listed(absent)} would bring is not there: apt-get install ${absent.join(' ')}${hint}.`
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? `package ${names[0]}` : `packages ${names.join(', ')}`
}

/** Installs what is not there, where that is allowed; answers what is missing all the same, or null. */
export function ensurePackages(names: readonly DebianPackage[] = allPackages): string | null {
  const absent = names.filter((name) => !packages[name]())
  const mayInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0
  if (absent.length === 0 || !mayInstall) return missing(names)
  console.log(`  · installing ${absent.join(', ')}`)
  const failure = install(absent)
  const left = missing(names)
  return left === null || failure === null ? left : `${left} Installing it failed: ${failure}`
}

function install(names: readonly DebianPackage[]): string | null {
  // In this run level a package starts no server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  // Another test run may be at the same.
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...names]]) {
    const { status, stderr } = spawnSync('apt-get', [...wait, ...args], { env, encoding: 'utf8' })
    if (status !== 0) return `apt-get ${args[0]}: ${stderr.trim().split('\n').at(-1)}`
  }
  return null
}
