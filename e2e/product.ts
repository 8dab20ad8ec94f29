import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Where a started product answers, and how to sign in. */
export interface Addresses {
  portal: string
  gateway: string
  admin: string
  sts: string
  password: string
  dataFolder: string
}

export interface Product extends Addresses {
  /** Of the process that was started; all others descend from it. */
  pid: number
  output(): string
  /** Ends it as Ctrl-C does; answers the exit code. */
  stop(): Promise<number | null>
}

const root = path.resolve(import.meta.dirname, '..')
const startLimitMs = 15 * 60_000

/** Starts the product as a user does, on free ports and with a data folder of its own. */
export async function startProduct(
  options: { extra?: readonly string[]; dataFolder?: string } = {},
): Promise<Product> {
  const [port, sts, gateway, admin, https, ...demo] = await freePorts(8)
  const dataFolder = options.dataFolder ?? (await mkdtemp(path.join(tmpdir(), 'hexgate-e2e-')))
  // Where its user cannot pass, PostgreSQL keeps its files elsewhere, and they would outlive the test.
  await chmod(dataFolder, 0o711)
  const password = 'correct horse battery'
  const args = [
    ...[
      '--port',
      `${port}`,
      '--sts-port',
      `${sts}`,
      '--gateway-port',
      `${gateway}`,
      '--admin-port',
      `${admin}`,
      '--https-port',
      `${https}`,
    ],
    ...['--demo-port', `${Math.min(...demo)}`, '--data', dataFolder, '--password', password],
    ...(options.extra ?? []),
  ]
  const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'start', ...args], {
    cwd: root,
    env: withoutTestEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr.on('data', (text: Buffer) => (output += text.toString()))
  const product: Product = {
    portal: `http://localhost:${port}`,
    gateway: `http://localhost:${gateway}`,
    admin: `http://127.0.0.1:${admin}`,
    sts: `http://localhost:${sts}`,
    password,
    dataFolder,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      const code = await end(child)
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true })
      return code
    },
  }
  await untilHealthy(product, child)
  return product
}

async function untilHealthy(product: Product, child: ChildProcess): Promise<void> {
  const until = Date.now() + startLimitMs
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`The product did not start:\n${product.output()}`)
    const answer = await fetch(`${product.portal}/api/health`).catch(() => null)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  await product.stop()
  throw new Error(`The product was not healthy in time:\n${product.output()}`)
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  return exited
}

// What a test run sets for its own processes must not leak into the product.
function withoutTestEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of Object.keys(env)) {
    if (/^(?:NODE_ENV|DATABASE_URL|OIDC_.+|VITEST.*)$/.test(name)) Reflect.deleteProperty(env, name)
  }
  return env
}

/** Ports that nobody listens on, the last three of them next to each other. */
async function freePorts(count: number): Promise<[number, number, number, number, number, ...number[]]> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const singles = await Promise.all(Array.from({ length: count - 3 }, () => freePort(0)))
    const first = 20_000 + Math.floor(Math.random() * 20_000)
    const run = await Promise.all([0, 1, 2].map((step) => freePort(first + step).catch(() => null)))
    const [a, b, c, d, e] = singles
    const triple = run.filter((port) => port !== null)
    if (a && b && c && d && e && triple.length === 3 && new Set([...singles, ...triple]).size === count) {
      return [a, b, c, d, e, ...triple]
    }
  }
  throw new Error('no free ports')
}

/** A port that is free now; with a number, that one or an error. */
export function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
