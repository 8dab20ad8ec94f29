import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import { createControlRequest } from './control-request.ts'
import { Counts } from './counts.ts'
import { Planner } from './plan.ts'
import { type CertificateFigures, certificatesOf, type UpstreamFigures, upstreamsOf } from './plan-figures.ts'
import type { World } from './ports.ts'
import { probe } from './probe.ts'
import { seldom } from './seldom.ts'
import type { Limits } from './serve/limits.ts'
import { createAccessLog } from './serve/log.ts'
import { type Figures, type ListedSession, Metrics } from './serve/metrics.ts'
import { createServer, type Server, type ServerEvent } from './serve/server.ts'
import { type ListenerOverride, type Place, type Serves, Serving } from './serving.ts'

/** What a data plane is told once. Plain JSON, since it may run in other processes. */
export interface DataPlaneOptions {
  readonly trustedHops: number
  readonly allowLoopback: boolean
  readonly accessLog: boolean
  readonly override: ListenerOverride
  readonly limits?: Partial<Limits>
  /** The address of a Redis. */
  readonly sharedStore?: string
  /** The address of a collector of spans. */
  readonly otlpEndpoint?: string
}

/** Whoever logs and reports what a data plane has to say. */
export interface Hearing {
  /** `heldBack` of the same kind were not told since the last one. */
  event(event: ServerEvent, heldBack: number): void
  log(level: 'debug' | 'info' | 'warn' | 'error', fields: Record<string, unknown>, text: string): void
}

/** One serving process, or what is left of those that ended. */
export interface ProcessFigures {
  readonly worker: number
  readonly isServing: boolean
  readonly crashes: number
  /** It keeps ending, and is started again ever later. */
  readonly isCrashLooping: boolean
  /** Since it was started last. */
  readonly requests: number
  readonly connections: number
  /** The share of new requests that it refuses for being overloaded. */
  readonly refusedShare: number
  /** How late it is with all its work. */
  readonly lateMs: number
  readonly rssBytes: number
  readonly cpuSeconds: number
}

/** What one serving process counts, or several as if they were one. */
export interface Counted {
  readonly traffic: Figures
  /** What policies count, by the keys of counts.ts. */
  readonly policies: ReadonlyMap<string, number>
  readonly upstreams: ReadonlyMap<string, UpstreamFigures>
  readonly certificates: ReadonlyMap<string, CertificateFigures>
}

/** All that is counted, summed over the processes. */
export interface PlaneFigures extends Counted {
  /** Open WebSockets, those that were opened first. */
  readonly sessions: readonly ListedSession[]
  /** Empty where this process serves by itself. */
  readonly workers: readonly ProcessFigures[]
  /** Resident memory of a worker that waits to take the place of one that ends; 0 where there is none. */
  readonly spareBytes: number
  readonly listeners: readonly Place[]
}

/** What answers the traffic, in this process or in others. */
export interface DataPlane extends Serves {
  /** What is wrong with it, in sentences. */
  readonly problems: readonly string[]
  figures(): Promise<PlaneFigures>
  /** Ends an open WebSocket; false where there is none of that id. */
  evict(sessionId: string): Promise<boolean>
  /** Connects somewhere that it serves or leads to; null where there is nothing of that name. */
  probe(target: ProbeTarget): Promise<ProbeReport | null>
  /** Lets running requests finish, at most for so long, and ends. */
  drain(deadlineMs: number, graceMs?: number): Promise<void>
}

export type OpenDataPlane = (options: DataPlaneOptions, hearing: Hearing) => Promise<DataPlane>

/** The parts of a data plane in the process that serves. */
export interface Assembled {
  readonly server: Server
  readonly serving: Serving
  readonly counts: Counts
  readonly close: () => Promise<void>
}

/** A policy that fails may fail with every request. */
const eventEveryMs = 10_000

/** `together` is given to one of several processes. */
export async function assemble(
  options: DataPlaneOptions,
  hearing: Hearing,
  together?: Pick<World, 'countOnNode' | 'enterOnNode' | 'siblings'>,
): Promise<Assembled> {
  const { trustedHops, accessLog, allowLoopback, override } = options
  const counts = new Counts()
  const server = createServer({
    trustedHops,
    limits: options.limits ?? {},
    ...(accessLog ? { log: createAccessLog(1) } : {}),
    onEvent: seldom(eventEveryMs, (event: ServerEvent, heldBack) => hearing.event(event, heldBack)),
  })
  const requests = createControlRequest({ allowLoopback })
  const store = await storeOf(options, hearing)
  const sink = await sinkOf(options, hearing)
  const world: World = {
    request: requests.request,
    sharedStore: store,
    countOnNode: together?.countOnNode,
    enterOnNode: together?.enterOnNode,
    siblings: together?.siblings,
    spans: sink?.take,
    log: (level, code, fields) => hearing.log(level, { ...fields, code }, code),
    count: (policyKind, name, labels) => counts.add(policyKind, name, labels),
  }
  const serving = new Serving(server, new Planner({ allowLoopback, world }), override)
  const close = async () => {
    await Promise.all([requests.close(), store?.close(), sink?.close()])
  }
  return { server, serving, counts, close }
}

/** Loaded only by those who have one. */
async function storeOf({ sharedStore }: DataPlaneOptions, hearing: Hearing) {
  if (sharedStore === undefined) return undefined
  const { createSharedStore } = await import('./shared-store.ts')
  return createSharedStore(sharedStore, {
    info: (fields, text) => hearing.log('info', fields, text),
    warn: (fields, text) => hearing.log('warn', fields, text),
    error: (fields, text) => hearing.log('error', fields, text),
  })
}

/** A list for people; `webSockets` counts them all. */
export const sessionsMax = 200

/** Nothing has been counted yet. */
export const nothingCounted: Counted = {
  traffic: new Metrics().figures(),
  policies: new Map(),
  upstreams: new Map(),
  certificates: new Map(),
}

/** Of a data plane that has not served yet. */
export const noFigures: PlaneFigures = {
  ...nothingCounted,
  sessions: [],
  workers: [],
  spareBytes: 0,
  listeners: [],
}

/** Loaded only by those who have one. */
async function sinkOf({ otlpEndpoint }: DataPlaneOptions, hearing: Hearing) {
  if (otlpEndpoint === undefined) return undefined
  const { createSpanSink } = await import('./tracing.ts')
  return createSpanSink(new URL(otlpEndpoint), {
    info: (fields, text) => hearing.log('info', fields, text),
    warn: (fields, text) => hearing.log('warn', fields, text),
  })
}

/** Serves in this process: for tests, and for looking at it in a debugger. */
export const serveHere: OpenDataPlane = async (options, hearing) => {
  const { server, serving, counts, close } = await assemble(options, hearing)
  return {
    get isServing() {
      return serving.isServing
    },
    get ports() {
      return serving.ports
    },
    get listeners() {
      return serving.listeners
    },
    problems: [],
    serve: (contents) => serving.serve(contents),
    figures: async () => {
      const { plan } = serving
      return {
        traffic: server.figures(),
        policies: counts.all,
        upstreams: plan === undefined ? new Map() : await upstreamsOf(plan),
        certificates: plan === undefined ? new Map() : certificatesOf(plan),
        sessions: server.openSessions(sessionsMax),
        workers: [],
        spareBytes: 0,
        listeners: serving.listeners,
      }
    },
    evict: (sessionId) => Promise.resolve(server.evict(sessionId)),
    probe: (target) => probe(serving, target),
    drain: async (deadlineMs, graceMs) => {
      await server.drain(deadlineMs, graceMs)
      await close()
    },
  }
}
