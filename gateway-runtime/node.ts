import { createServer as createProbe } from 'node:net'
import type { Logger } from 'pino'
import type { Command, CommandAnswer, Report } from '#contract/events.ts'
import { reportMax } from '#domain/node-report.ts'
import { type Admin, maskedItem, type NodeView, openAdmin } from './admin.ts'
import { Revisions } from './apply.ts'
import {
  type DataPlane,
  type DataPlaneOptions,
  type OpenDataPlane,
  type PlaneFigures,
  serveHere,
} from './data-plane.ts'
import { createExposition, type NodeFigures } from './exposition.ts'
import { KeptCertificates } from './kept-certificates.ts'
import { KeptServing } from './kept-serving.ts'
import { Link, type Timing } from './link.ts'
import { LocalMode } from './local.ts'
import { ownMeans, withinMeans } from './means.ts'
import type { Options } from './options.ts'
import type { Contents } from './plan.ts'
import { IntervalFigures, type Traffic } from './reports.ts'
import { residentBytes } from './resident.ts'
import type { Limits } from './serve/limits.ts'
import type { ServerEvent } from './serve/server.ts'
import { type ListenerOverride, listenFault } from './serving.ts'
import { Store } from './store/store.ts'

/** The node cannot start: one line for the terminal. */
export class CannotStart extends Error {}

/** A node that runs. */
export interface RunningNode {
  readonly adminPort: number
  /** The ports that traffic comes in by; none until there is a configuration. */
  readonly ports: () => readonly number[]
  /** Lets running requests finish, then closes everything. */
  stop(): Promise<void>
}

/** What brings configurations: the portal or a folder. */
interface Origin {
  start(): Promise<void>
  stop(): Promise<void>
  event(event: ServerEvent): void
  readonly figures: () => NodeFigures
  readonly configuration: () => Record<string, unknown>
  readonly problems: () => string[]
}

interface Parts {
  readonly plane: DataPlane
  readonly options: Options
  readonly log: Logger
  readonly startedAtMs: number
}

/** Starts a node: the data plane and the admin port first, then what was stored or lies in the folder, then the link. */
export async function startNode(
  options: Options,
  log: Logger,
  timing?: Partial<Timing>,
  open: OpenDataPlane = serveHere,
): Promise<RunningNode> {
  let origin: Origin | undefined
  const { limits, lowered } = withinMeans(options.limits, ownMeans())
  const plane = await open(planeOptionsOf(options, limits), {
    event: (event, heldBack) => {
      log[event.level === 'warning' ? 'warn' : event.level]({ code: event.code, heldBack }, event.detail)
      if (event.level !== 'info') origin?.event(event)
    },
    log: (level, fields, text) => log[level](fields, text),
  })
  const parts: Parts = { plane, options, log, startedAtMs: performance.now() }
  let admin: Admin | undefined
  let isDraining = false
  try {
    origin =
      options.mode.kind === 'local'
        ? localOrigin(parts, options.mode.folder)
        : await portalOrigin(parts, timing)
    admin = await adminOf(
      options,
      viewOf(parts, origin, () => isDraining),
    )
    await origin.start()
  } catch (error) {
    await Promise.all([origin?.stop(), admin?.close(), plane.drain(0)])
    throw error
  }
  for (const line of lowered) log.info({ code: 'limits.lowered' }, line)
  return running(parts, origin, admin, () => {
    isDraining = true
  })
}

function running(
  { plane, options }: Parts,
  origin: Origin,
  admin: Admin,
  beginDraining: () => void,
): RunningNode {
  return {
    adminPort: admin.port,
    ports: () => plane.ports,
    stop: async () => {
      beginDraining()
      await Promise.all([origin.stop(), plane.drain(options.drainMs, options.drainGraceMs)])
      await admin.close()
    },
  }
}

function planeOptionsOf(options: Options, limits: Partial<Limits>): DataPlaneOptions {
  const { trustedHops, allowLoopbackUpstreams, accessLog, sharedStore, otlpEndpoint } = options
  return {
    trustedHops,
    accessLog,
    limits,
    allowLoopback: allowLoopbackUpstreams,
    override: overrideOf(options),
    ...(sharedStore === undefined ? {} : { sharedStore: sharedStore.reveal() }),
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint: otlpEndpoint.href }),
  }
}

function overrideOf({ httpPort, httpsPort, httpAddress }: Options): ListenerOverride {
  return {
    ...(httpPort === undefined ? {} : { port: httpPort }),
    ...(httpsPort === undefined ? {} : { httpsPort }),
    ...(httpAddress === undefined ? {} : { address: httpAddress }),
  }
}

async function adminOf({ adminAddress, adminPort }: Options, view: NodeView): Promise<Admin> {
  const where = { address: adminAddress, port: adminPort }
  try {
    return await openAdmin(where, view)
  } catch (error) {
    throw new CannotStart(`the admin ${listenFault(where, error)}`)
  }
}

function viewOf({ plane }: Parts, origin: Origin, isDraining: () => boolean): NodeView {
  const exposition = createExposition(origin.figures)
  return {
    notReady: () => {
      if (isDraining()) return 'the node is draining'
      if (plane.isServing) return undefined
      return plane.ports.length === 0 ? 'there is no configuration yet' : 'no worker serves'
    },
    problems: () => [...plane.problems, ...origin.problems()],
    configuration: () => ({ ports: plane.ports, ...origin.configuration() }),
    metrics: async () => exposition(await plane.figures()),
  }
}

function maskedItems(contents: Contents): Record<string, unknown> {
  return Object.fromEntries([...contents].map(([id, { item }]) => [id, maskedItem(item)]))
}

function localOrigin({ plane, options, log }: Parts, folder: string): Origin {
  const local = new LocalMode(folder, plane, { allowLoopback: options.allowLoopbackUpstreams, log })
  let appliedAtSeconds: number | null = null
  return {
    async start() {
      const faults = await local.start()
      if (faults.length > 0) throw new CannotStart(faults.join('\n'))
      appliedAtSeconds = Date.now() / 1_000
    },
    stop: () => local.stop(),
    event: () => undefined,
    figures: () => ({ revision: null, appliedAtSeconds, isPersisted: true, isPortalConnected: false }),
    configuration: () => ({
      source: { folder, faults: local.faults, warnings: local.warnings },
      items: maskedItems(local.contents),
    }),
    problems: () => [...local.faults],
  }
}

async function portalOrigin(parts: Parts, timing: Partial<Timing> | undefined): Promise<Origin> {
  const { options, log, plane } = parts
  if (options.mode.kind !== 'portal') throw new TypeError('not told about a portal')
  const { portal, key, data } = options.mode
  const store = await openStore(data, log)
  const serving = new KeptServing(plane, () => certificates, log)
  const revisions = new Revisions(serving, store, log)
  const certificates: KeptCertificates = new KeptCertificates({
    store,
    sign: (request) => link.sign(request),
    changed: () => serving.refresh(),
    isShown: (id) => serving.isShown(id),
    log,
  })
  const interval = new IntervalFigures()
  const problems = () => [...problemsOf(revisions, plane), ...certificates.problems()]
  const report = async (): Promise<Report> => {
    const figures = await plane.figures()
    return reportOf(parts, revisions, interval.take(figures), rssOf(figures), [
      ...plane.problems,
      ...problems(),
    ])
  }
  const link: Link = new Link({
    portal,
    key,
    store,
    revisions,
    report,
    obey: (command) => obeyed(plane, command),
    keep: (orders) => certificates.take(orders),
    log,
    ...(timing === undefined ? {} : { timing }),
  })
  return {
    async start() {
      await certificates.restore()
      const { served, reasons } = await revisions.restore()
      const closedPort = reasons.find((reason) => reason.pointer.endsWith('/port'))
      if (closedPort !== undefined) throw new CannotStart(closedPort.reason)
      if (!served) await probePort(options)
      link.start()
    },
    async stop() {
      await link.stop()
      await certificates.stop()
      await store.close()
    },
    event: (event) => link.event(event),
    figures: () => {
      const { manifest, appliedAt, persisted } = revisions.current ?? {}
      return {
        revision: manifest?.revision ?? null,
        appliedAtSeconds: appliedAt === undefined ? null : appliedAt.getTime() / 1_000,
        isPersisted: persisted ?? false,
        isPortalConnected: link.isConnected,
      }
    },
    configuration: () => ({
      source: { portal: portal.origin, isConnected: link.isConnected },
      ...servedBy(store, revisions),
    }),
    problems,
  }
}

async function obeyed(plane: DataPlane, command: Command): Promise<CommandAnswer> {
  switch (command.kind) {
    case 'evict':
      return { status: (await plane.evict(command.sessionId)) ? 'done' : 'not-found' }
    case 'probe': {
      const report = await plane.probe(command.target)
      return report === null ? { status: 'not-found' } : { status: 'probed', report }
    }
  }
}

/** Who this node is and which revision it serves, for people who look at it. */
function servedBy({ identity }: Store, { current, refusal }: Revisions): Record<string, unknown> {
  return {
    node: identity.registered?.nodeId ?? null,
    gateway: identity.registered?.gatewayName ?? null,
    revision: current?.manifest.revision ?? null,
    hash: current?.manifest.hash ?? null,
    appliedAt: current?.appliedAt.toISOString() ?? null,
    refused: refusal ?? null,
    items: maskedItems(current?.contents ?? new Map()),
  }
}

async function openStore(folder: string, log: Logger): Promise<Store> {
  try {
    return await Store.open(folder, log)
  } catch (error) {
    throw new CannotStart(
      `the data folder cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Without a configuration no port opens yet, but a port that is taken is better heard of now than at the first one. */
function probePort({ httpPort, httpAddress }: Options): Promise<void> {
  if (httpPort === undefined || httpPort === 0) return Promise.resolve()
  const where = { port: httpPort, address: httpAddress ?? '0.0.0.0' }
  const probe = createProbe((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    probe.once('error', (error) => reject(new CannotStart(listenFault(where, error))))
    probe.listen({ port: where.port, host: where.address }, () => probe.close(() => resolve()))
  })
}

function problemsOf(revisions: Revisions, plane: DataPlane): string[] {
  const { current, refusal } = revisions
  return [
    ...(plane.isServing || plane.ports.length > 0 ? [] : ['there is no configuration yet']),
    ...(refusal === undefined
      ? []
      : [`revision ${refusal.revision} was refused: ${refusal.reason}`.slice(0, 500)]),
    ...(current?.persisted === false
      ? [`revision ${current.manifest.revision} could not be kept for a restart`]
      : []),
  ]
}

function rssOf({ workers, spareBytes }: PlaneFigures): number {
  return workers.reduce((sum, { rssBytes }) => sum + rssBytes, residentBytes() + spareBytes)
}

function reportOf(
  parts: Parts,
  revisions: Revisions,
  traffic: Traffic,
  rssBytes: number,
  problems: string[],
): Report {
  const manifest = revisions.current?.manifest
  return {
    status: problems.length === 0 ? 'healthy' : 'degraded',
    problems: problems.slice(0, reportMax.problems),
    uptimeSeconds: (performance.now() - parts.startedAtMs) / 1_000,
    appliedRevision: manifest?.revision ?? null,
    appliedHash: manifest?.hash ?? null,
    ...traffic,
    rssBytes,
  }
}
