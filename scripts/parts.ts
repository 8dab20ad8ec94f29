import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PreparedSts } from '#sts/prepare.ts'
import { Failure } from './failure.ts'
import type { StartOptions } from './options.ts'
import type { DemoName, Seeded } from './seed.ts'
import { answers, type Part, type RunningPart } from './supervise.ts'

/** The processes that a start consists of: what each is started with, and when it counts as ready. */

export type Mode = 'production' | 'development'

export type Start = (part: Part) => Promise<RunningPart>

export const demos: readonly DemoName[] = ['orders', 'customers', 'freight']

// Reloads a process when one of its own files changes.
function watching(mode: Mode): string[] {
  return mode === 'development' ? ['--watch', '--watch-preserve-output'] : []
}

export interface StartedSts extends PreparedSts {
  issuer: string
}

/** The bundled identity provider, with its accounts and keys prepared. */
export async function startSts(options: StartOptions, mode: Mode, start: Start): Promise<StartedSts> {
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

export async function startDemos(ports: Record<DemoName, number>, mode: Mode, start: Start): Promise<void> {
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

export async function startPortal(
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

export async function startGateway(
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

/** Waits until the portal says that it and all that it watches serve. */
export async function untilHealthy(options: StartOptions, halted: AbortSignal): Promise<void> {
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

function stsProbe({ address, stsPort }: StartOptions): string {
  return `http://${dialled(address)}:${stsPort}/.well-known/openid-configuration`
}
