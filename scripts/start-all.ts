import path from 'node:path'
import { ensureBuild } from './build.ts'
import { ensureClient } from './client.ts'
import { keep, masterKeyFile, openDataFolder, readKept } from './data-folder.ts'
import { startDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import type { StartOptions } from './options.ts'
import {
  demos,
  type Mode,
  type Start,
  type StartedSts,
  startDemos,
  startGateway,
  startPortal,
  startSts,
  untilHealthy,
} from './parts.ts'
import { isFree, requireFree } from './ports.ts'
import type { Running } from './running.ts'
import type { DemoName, Seeded, SeedWish } from './seed.ts'
import { makeSteps, type Steps } from './steps.ts'
import { summary } from './summary.ts'
import { startPart } from './supervise.ts'

/** Starts one thing after the other, and says how it goes; what was started is kept in `running`. */
export async function startAll(options: StartOptions, mode: Mode, running: Running): Promise<void> {
  const steps = makeSteps()
  const report = (line: string) => steps.line(`  ! ${new Date().toISOString().slice(11, 19)}  ${line}`)
  const next: Steps['step'] = (title, work, note) => {
    running.halted.throwIfAborted()
    return steps.step(title, work, note)
  }
  const begun = performance.now()
  await requireFreePorts(options)
  await openDataFolder(options.dataFolder)
  const database = await readyDatabase(next, (say) => openDatabase(options, running, say, report))

  const logFolder = path.join(options.dataFolder, 'log')
  const start: Start = async (part) =>
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
  const httpsPort = await sampleHttpsPort(options)
  if (options.demo) {
    await next(
      'Demo upstreams',
      () => startDemos(upstreams, mode, start),
      () => Object.values(upstreams).join(', '),
    )
  }
  const seeded = await next(
    'Sample data',
    (say) => seedWith(options, { upstreams, httpsPort }, oidc.issuer, sts, say),
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

async function readyDatabase(
  next: Steps['step'],
  open: (say: (text: string) => void) => Promise<string>,
): Promise<string> {
  await next(
    'Database client',
    () => ensureClient(),
    (outcome) => (outcome === 'current' ? 'up to date' : outcome),
  )
  const url = await next('Database', open, databaseNote)
  await next(
    'Migrations',
    () => migrate(url),
    (applied) => (applied.length === 0 ? 'up to date' : `${applied.length} applied`),
  )
  return url
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
    ...(await masterKeys(options.dataFolder)),
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

// As a file, so that the keys are in no process's environment and can change while the portal runs.
async function masterKeys(folder: string): Promise<Record<string, string>> {
  const { HEXGATE_MASTER_KEY: given, HEXGATE_MASTER_KEY_FILE: file } = process.env
  if (given) return { HEXGATE_MASTER_KEY: given }
  return { HEXGATE_MASTER_KEY_FILE: file || (await masterKeyFile(folder)) }
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

/** The port of the sample's HTTPS: chosen once, since the gateway's configuration names it. */
async function sampleHttpsPort(options: StartOptions): Promise<number> {
  const kept = await readKept(options.dataFolder, 'https-port')
  if (kept) {
    if (options.demo && options.gateway)
      await requireFree(Number(kept), options.address, 'gateway, HTTPS', '--data')
    return Number(kept)
  }
  const taken = new Set([options.port, options.stsPort, options.gatewayPort, options.adminPort])
  for (let port = options.httpsPort; port < 65_536; port++)
    if (!taken.has(port) && (await isFree(port))) return port
  return options.httpsPort
}

async function seedWith(
  options: StartOptions,
  { upstreams, httpsPort }: { upstreams: Record<DemoName, number>; httpsPort: number },
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
    httpsPort,
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
  return () =>
    demo ? 'organisation, gateway, four APIs, CAs, contexts, topology' : 'organisation and gateway alone'
}
