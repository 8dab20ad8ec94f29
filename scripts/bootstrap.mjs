// Runs before anything is installed, under whatever Node there is (20 or later), hence plain JavaScript without
// packages. It installs the packages, finds a Node that runs TypeScript, and hands over to scripts/run.ts.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isOlder, suitableNode } from './suitable-node.mjs'

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const [verb = '', ...rest] = process.argv.slice(2)

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function main() {
  if (isOlder(process.versions.node, [20, 0])) {
    throw new Error(`Hexgate needs Node 20 or later to install itself; this is ${process.versions.node}.`)
  }
  for (const file of ['package.json', 'package-lock.json', 'scripts/run.ts', `scripts/${verb}.ts`]) {
    if (existsSync(path.join(checkout, file))) continue
    throw new Error(`The checkout is incomplete: ${file} is missing. Run "git status" in ${checkout}.`)
  }
  await install()
  process.env.PATH = `${path.join(checkout, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`
  const node = suitableNode(checkout)
  if (node === process.execPath) {
    watchParent(() => process.kill(process.pid, 'SIGTERM'))
    process.argv.splice(1, 1, path.join(checkout, 'scripts', 'run.ts'))
    await import('./run.ts')
  } else {
    await handOver(node)
  }
}

// ── Packages ────────────────────────────────────────────────────────────────

async function install() {
  const stampFile = path.join(checkout, 'node_modules', '.hexgate-installed')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === packagesHash()) return
  const started = Date.now()
  const show = (mark, text) =>
    process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[2K' : ''}  ${mark} ${text}`)
  show('·', `Packages  installing, which takes a minute or two${process.stdout.isTTY ? '' : '\n'}`)
  const { code, output } = await npmInstall()
  if (code !== 0) {
    const reason = output.split('\n').filter((line) => /npm (?:error|ERR!)/.test(line))
    throw new Error(
      `\nThe packages cannot be installed:\n${(reason.length > 0 ? reason : [output]).join('\n')}`,
    )
  }
  writeFileSync(stampFile, packagesHash())
  show('✓', `Packages  installed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

function packagesHash() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'package-lock.json'])
    hash.update(readFileSync(path.join(checkout, file)))
  return hash.update(`${process.platform}-${process.arch}`).digest('hex')
}

// "npm ci" refuses a lock file that was made on another platform; "npm install" takes it as it is.
function npmInstall() {
  // What npm would write into the lock file depends on its version; an install of a checkout leaves it as it is.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const child = npm?.endsWith('.js')
    ? spawn(process.execPath, [npm, ...args], { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn('npm', args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

// ── Node ────────────────────────────────────────────────────────────────────

// npm runs its scripts in a shell, and a signal that is sent to npm alone ends that shell without a word to us.
function watchParent(gone) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, 300)
  timer.unref()
}

// The channel tells the child when this process is killed; signals are passed on, since one sent to this
// process alone would not reach it.
function handOver(node) {
  const child = spawn(node, [path.join(checkout, 'scripts', 'run.ts'), verb, ...rest], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  watchParent(() => child.kill('SIGTERM'))
  if (process.env.npm_lifecycle_event) whenOrphaned(() => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      process.exitCode = code ?? 1
      resolve()
    })
  })
}

// npm that is ended by a signal does not always pass it on; what it started must not go on without it.
function whenOrphaned(end) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    end()
  }, 500)
  watch.unref()
}
