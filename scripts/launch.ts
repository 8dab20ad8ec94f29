import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PreparedSts } from '#sts/prepare.ts'
import { ensureBuild } from './build.ts'
import { ensureClient } from './client.ts'
import { keep, masterKey, openDataFolder, readKept } from './data-folder.ts'
import { startDatabase } from './database.ts'
import { Failure, messageOf } from './failure.ts'
import { migrate } from './migrate.ts'
import type { StartOptions } from './options.ts'
import { isFree, requireFree } from './ports.ts'
import type { DemoName, Seeded, SeedWish } from './seed.ts'
import { makeSteps, type Steps } from './steps.ts'
import { summary } from './summary.ts'
import { answers, type Part, type RunningPart, startPart } from './supervise.ts'

export type Mode = 'production' | 'development'

const demos: readonly DemoName[] = ['orders', 'customers', 'freight']

/** Starts everything, shows it, keeps it running, and stops it in order. Answers the exit code. */
export async function launch(options: StartOptions, mode: Mode): Promise<number> {
  const running = new Running()
  const stopWished = onStopSignal()
  const starting = startAll(options, mode, running)
  try {
    const first = await Promise.race([
      starting.then(() => 'up' as const),
      stopWished.then(() => 'stop' as const),
    ])
    if (first === 'up') await stopWished
    console.log('\n  Stopping …')
    running.halt()
    await starting.catch(() => {})
    await running.stopAll()
    console.log('  Stopped.')
    return 0
  } catch (error) {
    console.error(`\n${error instanceof Failure ? error.message : describe(error)}`)
    running.halt()
    await running.stopAll()
    return 1
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
}

/** What has been started so far, to be stopped in the opposite order. */
class Running {
  readonly #parts: { stop(): Promise<void> }[] = []
  readonly #halted = new AbortController()

  /** Aborted once all is to stop: nothing more may be started. */
  get halted(): AbortSignal {
    return this.#halted.signal
  }

  halt(): void {
    this.#halted.abort(new Failure('The start was stopped.'))
  }

  add<T extends { stop(): Promise<void> }>(part: T): T {
    this.#parts.push(part)
    return part
  }

  async stopAll(): Promise<void> {
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) {
      await part.stop().catch((error: unknown) => console.error(messageOf(error)))
    }
  }
}

// Every stop is bounded in time, so that a second signal has nothing to add; npm often sends one.
function onStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
}

// ── The steps ───────────────────────────────────────────────────────────────

async function startAll(options: StartOptions, mode: Mode, running: Running): Promise<void> {
  const steps = makeSteps()
  const report = (line: string) => steps.line(`  ! ${new Date().toISOString().slice(11, 19)}  ${line}`)
  const next: Steps['step'] = (title, work, note) => {
    running.halted.throwIfAborted()
    return steps.step(title, work, note)
  }
  const begun = performance.now()
  const { dataFolder } = options
  await requireFreePorts(options)
  await openDataFolder(dataFolder)
  await ensureClientStep(next)

  const database = await next('Database', (say) => openDatabase(options, running, say, report), databaseNote)
  await next(
    'Migrations',
    () => migrate(database),
    (applied) => (applied.length === 0 ? 'up to date' : `${applied.length} applied`),
  )

  const logFolder = path.join(dataFolder, 'log')
  const start = async (part: Part) =>
    running.add(await startPart(part, logFolder, { report, halted: running.halted }))
  const sts = options.oidc
    ? null
    : await next(
        'Identity provider',
        () => startSts(options, mode, start),
        ({ issuer }) => issuer,
      )
  const oidc = options.oidc ?? portalLogin(sts)
  const environment = await portalEnvironment(options, database, oidc, sts !== null)
  Object.assign(process.env, environment)

  const upstreams = await demoPorts(options)
  if (options.demo) {
    await next(
      'Demo upstreams',
      () => startDemos(upstreams, mode, start),
      () => Object.values(upstreams).join(', '),
    )
  }
  const seeded = await next(
    'Sample data',
    (say) => seedWith(options, upstreams, oidc.issuer, sts, say),
    seedNote(options),
  )
  if (mode === 'production') await next('Portal build', (say) => ensureBuild(say, running.halted))
  await next(
    'Portal',
    () => startPortal(options, environment, mode, start),
    () => options.portalUrl,
  )
  if (options.gateway) {
    await next(
      'Gateway',
      () => startGateway(options, seeded, mode, start),
      () => `http://localhost:${options.gatewayPort}`,
    )
  }
  await next('Health', () => untilHealthy(options, running.halted))
  steps.line(summary({ options, sts, seeded, seconds: (performance.now() - begun) / 1_000 }))
}

async function requireFreePorts(options: StartOptions): Promise<void> {
  await requireFree(options.port, options.address, 'portal', '--port')
  if (!options.oidc) await requireFree(options.stsPort, '127.0.0.1', 'identity provider', '--sts-port')
  if (!options.gateway) return
  await requireFree(options.gatewayPort, options.address, 'gateway', '--gateway-port')
  await requireFree(options.adminPort, '127.0.0.1', 'gateway admin', '--admin-port')
}

function ensureClientStep(step: Steps['step']) {
  return step(
    'Database client',
    () => ensureClient(),
    (outcome) => (outcome === 'current' ? 'up to date' : outcome),
  )
}

async function openDatabase(
  options: StartOptions,
  running: Running,
  say: (text: string) => void,
  report: (line: string) => void,
): Promise<string> {
  if (options.databaseUrl) return options.databaseUrl
  const folder = path.join(options.dataFolder, 'postgres')
  return running.add(await startDatabase(folder, say, report)).url
}

function databaseNote(url: string): string {
  const { host, pathname } = new URL(url)
  return `PostgreSQL at ${host}${pathname}`
}

type Start = (part: Part) => Promise<RunningPart>

// Reloads a process when one of its own files changes.
function watching(mode: Mode): string[] {
  return mode === 'development' ? ['--watch', '--watch-preserve-output'] : []
}

interface StartedSts extends PreparedSts {
  issuer: string
}

async function startSts(options: StartOptions, mode: Mode, start: Start): Promise<StartedSts> {
  const { prepareSts } = await import('#sts/prepare.ts')
  const folder = path.join(options.dataFolder, 'sts')
  const prepared = await prepareSts(folder, options.password ? { password: options.password } : {})
  const issuer = `http://${new URL(options.portalUrl).hostname}:${options.stsPort}`
  await start({
    name: 'identity provider',
    args: [...watching(mode), 'sts/main.ts'],
    env: {
      HEXGATE_STS_PORT: String(options.stsPort),
      // Browsers that reach the portal must reach the provider too.
      HEXGATE_STS_ADDRESS: options.address,
      HEXGATE_STS_ISSUER: issuer,
      HEXGATE_STS_DATA: folder,
      HEXGATE_PORTAL_URL: options.portalUrl,
    },
    readyUrl: stsProbe(options),
  })
  return { ...prepared, issuer }
}

function portalLogin(sts: StartedSts | null) {
  if (!sts) throw new Error('neither a bundled nor another identity provider')
  return { issuer: sts.issuer, clientId: sts.portalClient.id, clientSecret: sts.portalClient.secret }
}

async function portalEnvironment(
  options: StartOptions,
  database: string,
  oidc: { issuer: string; clientId: string; clientSecret: string },
  bundledSts: boolean,
): Promise<Record<string, string>> {
  return {
    DATABASE_URL: database,
    HEXGATE_MASTER_KEY: await masterKey(options.dataFolder, process.env['HEXGATE_MASTER_KEY']),
    HEXGATE_PORTAL_URL: options.portalUrl,
    HEXGATE_PORTAL_PORT: String(options.port),
    HEXGATE_PORTAL_ADDRESS: options.address,
    OIDC_ISSUER: oidc.issuer,
    OIDC_CLIENT_ID: oidc.clientId,
    OIDC_CLIENT_SECRET: oidc.clientSecret,
    HEXGATE_BUNDLED_STS: String(bundledSts),
    HEXGATE_ALLOW_PRIVATE_ADDRESSES: process.env['HEXGATE_ALLOW_PRIVATE_ADDRESSES'] ?? 'true',
  }
}

/** The ports of the demo upstreams: chosen once, since the imported APIs name them. */
async function demoPorts(options: StartOptions): Promise<Record<DemoName, number>> {
  const kept = await readKept(options.dataFolder, 'demo-ports')
  const ports = kept ? kept.split(' ').map(Number) : []
  for (let port = options.demoPort; ports.length < demos.length && port < 65_536; port++) {
    if (await isFree(port)) ports.push(port)
  }
  if (!kept && options.demo) await keep(options.dataFolder, 'demo-ports', ports.join(' '))
  const [orders = 0, customers = 0, freight = 0] = ports
  const chosen = { orders, customers, freight }
  if (options.demo) {
    for (const name of demos) await requireFree(chosen[name], '127.0.0.1', `demo upstream ${name}`, '--data')
  }
  return chosen
}

async function startDemos(ports: Record<DemoName, number>, mode: Mode, start: Start): Promise<void> {
  await Promise.all(
    demos.map((name) =>
      start({
        name: `demo upstream ${name}`,
        args: [...watching(mode), `demo/${name}/main.ts`],
        env: { PORT: String(ports[name]) },
        readyUrl: `http://127.0.0.1:${ports[name]}/health`,
        stopWithinMs: 2_000,
      }),
    ),
  )
}

async function seedWith(
  options: StartOptions,
  upstreams: Record<DemoName, number>,
  issuer: string,
  sts: StartedSts | null,
  say: (text: string) => void,
): Promise<Seeded> {
  // Prisma reads relations of a transaction side by side, of which pg warns at every first start.
  process.noDeprecation = true
  // Only now: its modules want the generated client and the environment.
  const [{ seed }, { db }] = await Promise.all([import('./seed.ts'), import('#lib/db.ts')])
  const wish: SeedWish = {
    dataFolder: options.dataFolder,
    demo: options.demo,
    gatewayAddress: options.address,
    gatewayPort: options.gatewayPort,
    upstreams,
    pipeline: sts ? { issuer, clientId: sts.pipelineClient.id } : null,
  }
  try {
    return await seed(wish, say)
  } finally {
    await db().$disconnect()
  }
}

function seedNote({ demo }: StartOptions) {
  return () => (demo ? 'organisation, gateway, three APIs, topology' : 'organisation and gateway alone')
}

async function startPortal(
  options: StartOptions,
  environment: Record<string, string>,
  mode: Mode,
  start: Start,
): Promise<void> {
  const nodeEnv =
    mode === 'production' ? { NODE_ENV: 'production' } : { NODE_ENV: 'development', HEXGATE_DEV: '1' }
  await start({
    name: 'portal',
    args: ['server.ts'],
    env: { ...environment, ...nodeEnv, ...watchedParts(options), NEXT_TELEMETRY_DISABLED: '1' },
    readyUrl: healthUrl(options),
    isReady: async (response) => response.ok || (await onlyOthersMissing(response)),
    readyWithinMs: 120_000,
  })
}

// What the portal's health speaks for besides itself, so that its 200 means that all of it serves.
function watchedParts(options: StartOptions): Record<string, string> {
  const parts = {
    ...(options.gateway ? { gateway: `http://127.0.0.1:${options.adminPort}/ready` } : {}),
    ...(options.oidc ? {} : { 'identity provider': stsProbe(options) }),
  }
  return { HEXGATE_WATCHED_PARTS: JSON.stringify(parts) }
}

// The gateway, which is started after the portal.
async function onlyOthersMissing(response: Response): Promise<boolean> {
  const { problems } = (await response.json()) as { problems: { part: string }[] }
  return problems.every(({ part }) => part === 'gateway')
}

function stsProbe({ address, stsPort }: StartOptions): string {
  return `http://${dialled(address)}:${stsPort}/.well-known/openid-configuration`
}

async function startGateway(
  options: StartOptions,
  { gatewayKey }: Seeded,
  mode: Mode,
  start: Start,
): Promise<void> {
  await start({
    name: 'gateway',
    args: [...watching(mode), 'gateway-runtime/main.ts'],
    env: {
      NODE_ENV: mode,
      HEXGATE_PORTAL: options.portalUrl,
      HEXGATE_GATEWAY_KEY: gatewayKey,
      HEXGATE_DATA: path.join(options.dataFolder, 'gateway'),
      HEXGATE_HTTP_PORT: String(options.gatewayPort),
      HEXGATE_HTTP_ADDRESS: options.address,
      HEXGATE_ADMIN_PORT: String(options.adminPort),
      // The demo upstreams, and whatever else somebody tries out on this machine.
      HEXGATE_ALLOW_LOOPBACK_UPSTREAMS: process.env['HEXGATE_ALLOW_PRIVATE_ADDRESSES'] ?? 'true',
    },
    readyUrl: `http://127.0.0.1:${options.adminPort}/ready`,
    stopWithinMs: 20_000,
  })
}

async function untilHealthy(options: StartOptions, halted: AbortSignal): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await answers(healthUrl(options)))) {
    if (Date.now() > deadline) throw new Failure(`The portal is not well: see ${healthUrl(options)}.`)
    await sleep(100, undefined, { signal: halted })
  }
}

function healthUrl({ address, port }: StartOptions): string {
  return `http://${dialled(address)}:${port}/api/health`
}

// Listening at every address is no address to dial.
function dialled(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return address.includes(':') ? `[${address}]` : address
}
