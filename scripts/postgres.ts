import { type ChildProcess, spawn } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Failure, messageOf } from './failure.ts'
import { freePort, isFree } from './ports.ts'
import { copyNative, identity, isReachable, nativeFolder, unprivileged } from './postgres-binaries.ts'

/** A running PostgreSQL of our own. */
export interface Postgres {
  readonly pid: number
  /** The address of the `hexgate` database, with its password. */
  readonly url: string
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<void>
  /** Ends it cleanly: connections are cut, everything committed is on disk. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** False gives up durability for speed; for tests alone. */
  durable?: boolean
  /** The port that it must have; otherwise that of the last start, or another one when that is taken. */
  port?: number
  /** Told what a person should know, e.g. that the data lies elsewhere. */
  say?: (line: string) => void
}

const database = 'hexgate'
const readyWithinMs = 60_000
const stopWithinMs = 20_000
const logBytesMax = 10_000_000

interface Cluster {
  /** Password, port and log: ours. */
  folder: string
  /** Where PostgreSQL keeps its files: its own user's. */
  data: string
  bin: string
  password: string
}

/** Starts the PostgreSQL that lives in `folder`, making it first when there is none. */
export async function startPostgres(folder: string, options: PostgresOptions = {}): Promise<Postgres> {
  const cluster = await prepareCluster(folder, options.say ?? (() => {}))
  await endPrevious(cluster)
  const durable = options.durable ?? true
  if (!(await exists(madeMark(cluster)))) await initialise(cluster, durable)
  const port = options.port === undefined ? await keptPort(cluster) : await requirePort(options.port)
  const child = await launch(cluster, port, durable)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await createDatabase(cluster, port)
  return {
    pid: child.pid ?? 0,
    url: urlOf(cluster, port, database),
    exited,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGINT')
      const ended = await Promise.race([exited.then(() => true), sleep(stopWithinMs, false, { ref: false })])
      if (!ended) child.kill('SIGQUIT')
      await exited
    },
  }
}

// ── Making it ───────────────────────────────────────────────────────────────

async function prepareCluster(folder: string, say: (line: string) => void): Promise<Cluster> {
  await mkdir(folder, { recursive: true })
  const home = await reachableHome(folder, say)
  const native = await nativeFolder()
  const runnable = (await isReachable(native)) ? native : await copyNative(native, path.join(home, 'native'))
  const data = path.join(home, 'data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await giveToServer(data)
  return { folder, data, bin: path.join(runnable, 'bin'), password: await keptPassword(folder) }
}

/** Where PostgreSQL's own files go: the folder itself, unless its user cannot get there. */
async function reachableHome(folder: string, say: (line: string) => void): Promise<string> {
  const kept = await readFile(path.join(folder, 'location'), 'utf8').catch(() => null)
  if (kept) return kept.trim()
  if (await isReachable(folder)) return folder
  if (await exists(madeMark({ data: path.join(folder, 'data') }))) {
    throw new Failure(
      `PostgreSQL's own user can no longer reach its files in ${folder}: let others pass through every folder ` +
        'that leads there (chmod o+x).',
    )
  }
  const home = path.join('/var/lib/hexgate', hash('sha256', await realpath(folder)).slice(0, 12))
  await mkdir(home, { recursive: true, mode: 0o755 })
  if (!(await isReachable(home))) {
    throw new Failure(
      `PostgreSQL does not run as root, and the user it runs as can reach neither ${folder} nor ${home}. ` +
        'Choose another folder with --data, or start as an ordinary user.',
    )
  }
  await writeFile(path.join(folder, 'location'), `${home}\n`)
  say(`PostgreSQL's own user cannot reach ${folder}, so the database lies in ${home}.`)
  return home
}

async function keptPassword(folder: string): Promise<string> {
  const file = path.join(folder, 'password')
  const kept = await readFile(file, 'utf8').catch(() => null)
  if (kept) return kept.trim()
  const made = randomBytes(24).toString('base64url')
  await writeFile(file, `${made}\n`, { mode: 0o600 })
  return made
}

// Written when the cluster is whole, so that one whose making was cut short is made again.
function madeMark(cluster: Pick<Cluster, 'data'>): string {
  return `${cluster.data}.made`
}

async function initialise(cluster: Cluster, durable: boolean): Promise<void> {
  await rm(cluster.data, { recursive: true, force: true })
  await mkdir(cluster.data, { mode: 0o700 })
  const passwordFile = `${cluster.data}.password`
  await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 })
  for (const file of [cluster.data, passwordFile]) await giveToServer(file)
  try {
    await initdb(cluster, passwordFile, durable)
    await writeFile(madeMark(cluster), '')
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function giveToServer(file: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(file, unprivileged.uid, unprivileged.gid)
}

async function initdb(cluster: Cluster, passwordFile: string, durable: boolean): Promise<void> {
  const args = ['-D', cluster.data, '-U', 'hexgate', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const child = spawn(
    path.join(cluster.bin, 'initdb'),
    [...args, '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions', ...(durable ? [] : ['--no-sync'])],
    { ...identity(), cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`initdb does not start: ${error.message}`)))
    child.once('close', resolve)
  })
  if (code !== 0) throw new Failure(`The database cannot be made: ${lastLine(output.join(''))}`)
}

async function requirePort(port: number): Promise<number> {
  if (await isFree(port)) return port
  throw new Failure(`The database's port ${port} was taken meanwhile; free it.`)
}

async function keptPort(cluster: Cluster): Promise<number> {
  const file = path.join(cluster.folder, 'port')
  const kept = Number(await readFile(file, 'utf8').catch(() => '0'))
  if (kept > 0 && (await isFree(kept))) return kept
  const port = await freePort()
  await writeFile(file, `${port}\n`)
  return port
}

// ── Running it ──────────────────────────────────────────────────────────────

async function launch(cluster: Cluster, port: number, durable: boolean): Promise<ChildProcess> {
  const deadline = Date.now() + readyWithinMs
  for (;;) {
    const child = await spawnServer(cluster, port, durable)
    const outcome = await untilReady(cluster, port, child, deadline)
    if (outcome === 'ready') return child
    const reason = await lastLogLine(cluster)
    // The workers of a server that was killed outlive it for a moment and hold its memory.
    if (!/still in use|lock file/i.test(reason) || Date.now() > deadline) {
      throw new Failure(`PostgreSQL does not start: ${reason}`)
    }
    await sleep(200)
  }
}

async function spawnServer(cluster: Cluster, port: number, durable: boolean): Promise<ChildProcess> {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: durable ? '100' : '300',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = await openLog(cluster)
  // In a process group of its own: Ctrl-C at the terminal must reach it last, through us.
  const child = spawn(path.join(cluster.bin, 'postgres'), ['-D', cluster.data, ...args], {
    ...identity(),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  child.on('error', () => {})
  await log.close()
  return child
}

async function openLog(cluster: Cluster) {
  const file = path.join(cluster.folder, 'log')
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  )
  const log = await open(file, size > logBytesMax ? 'w' : 'a')
  await chmod(file, 0o600)
  return log
}

async function untilReady(cluster: Cluster, port: number, child: ChildProcess, deadline: number) {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return 'ended'
    const client = await connect(urlOf(cluster, port, 'postgres')).catch(() => null)
    if (client) {
      await client.end()
      return 'ready'
    }
    if (Date.now() > deadline) {
      child.kill('SIGQUIT')
      return 'ended'
    }
    await sleep(30)
  }
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = await connect(urlOf(cluster, port, 'postgres'))
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  } finally {
    await client.end()
  }
}

// ── A server that an earlier run left behind ────────────────────────────────

/** Ends a server that still runs on these files because whoever started it was killed. */
async function endPrevious(cluster: Cluster): Promise<void> {
  const pidFile = path.join(cluster.data, 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  if (!(pid > 0)) return
  if (!(await isPostgres(pid))) {
    // Left by a crash; another process may have got the number since, and PostgreSQL would not dare to start.
    await rm(pidFile, { force: true })
    return
  }
  await refuseWhenInUse(cluster, Number(lines[3]))
  process.kill(pid, 'SIGINT')
  for (let waited = 0; await isPostgres(pid); waited += 50) {
    if (waited === stopWithinMs) process.kill(pid, 'SIGQUIT')
    if (waited > 2 * stopWithinMs)
      throw new Failure(`The PostgreSQL of an earlier run (${pid}) does not end.`)
    await sleep(50)
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    return /^Name:\s+postgres$/m.test(status) && !/^State:\s+Z/m.test(status)
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function refuseWhenInUse(cluster: Cluster, port: number): Promise<void> {
  const client = await connect(urlOf(cluster, port, 'postgres')).catch(() => null)
  if (!client) return
  try {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS free', [ownerLock])
    if (rows[0]?.free !== true) {
      throw new Failure(`Another Hexgate is running from ${cluster.folder}. Stop it, or choose --data.`)
    }
  } finally {
    await client.end()
  }
}

const ownerLock = 7_239_446_501

/**
 * Marks the server as in use until the connection ends, even by the owner's death, so that a second start
 * from the same folder is refused instead of taking the database away from the first.
 */
export async function holdPostgres(postgres: Postgres): Promise<{ release(): Promise<void> }> {
  const url = new URL(postgres.url)
  url.pathname = '/postgres'
  const client = await connect(url.href)
  client.on('error', () => {})
  await client.query('SELECT pg_advisory_lock($1)', [ownerLock])
  return { release: () => client.end().catch(() => {}) }
}

// ── Small things ────────────────────────────────────────────────────────────

function urlOf(cluster: Cluster, port: number, name: string): string {
  return `postgresql://hexgate:${cluster.password}@127.0.0.1:${port}/${name}`
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  await client.connect()
  return client
}

async function lastLogLine(cluster: Cluster): Promise<string> {
  const text = await readFile(path.join(cluster.folder, 'log'), 'utf8').catch(messageOf)
  const tail = text.slice(-4_000).split('\n')
  return tail.findLast((line) => /FATAL|ERROR|PANIC|postgres:/.test(line)) ?? lastLine(text)
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'no reason given'
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
