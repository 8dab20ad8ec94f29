import type { ApiCertificate, ControlAnswer, ControlRequest, FinishedSpan, Ports } from './definition.ts'
import type { Claims, Client, Destination, Exchange, TlsSession } from './exchange.ts'

type Headers = Record<string, string | readonly string[]>

function headerMap(headers: Headers): Map<string, string[]> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()]))
}

/** An exchange without a network, to try policies on. */
export class ExchangeInMemory implements Exchange {
  readonly requestId = 'req-1'
  readonly httpVersion = '1.1'
  readonly method: string
  readonly path: string
  readonly resourcePath: string
  readonly host = 'api.example'
  readonly remoteAddress: string
  readonly secure: boolean
  readonly tls: TlsSession | undefined
  readonly upgrades: boolean
  query: string
  client: Client | undefined
  claims: Claims | undefined
  renewIdentity: ((token: string) => Promise<Claims | undefined>) | undefined = undefined
  destination: Destination | undefined
  destinationPath: string | undefined
  isOriginAllowed = false
  status = 200
  /** What limitBody has set. */
  bodyBytesMax = Infinity
  readonly requestHeaders: Map<string, string[]>
  readonly responseHeaders: Map<string, string[]>

  constructor(given: {
    method?: string
    path?: string
    resourcePath?: string
    query?: string
    headers?: Headers
    responseHeaders?: Headers
    status?: number
    remoteAddress?: string
    tls?: TlsSession
    upgrades?: boolean
    client?: Client
    claims?: Claims
  }) {
    this.method = given.method ?? 'GET'
    this.path = given.path ?? '/orders'
    this.resourcePath = given.resourcePath ?? '/'
    this.status = given.status ?? 200
    this.tls = given.tls
    this.secure = given.tls !== undefined
    this.upgrades = given.upgrades ?? false
    this.claims = given.claims
    this.query = given.query ?? ''
    this.remoteAddress = given.remoteAddress ?? '192.0.2.1'
    this.client = given.client
    this.requestHeaders = headerMap(given.headers ?? {})
    this.responseHeaders = headerMap(given.responseHeaders ?? {})
  }

  header(name: string): string | undefined {
    return this.requestHeaders.get(name)?.[0]
  }
  headerValues(name: string): readonly string[] {
    return this.requestHeaders.get(name) ?? []
  }
  headerNames(): readonly string[] {
    return [...this.requestHeaders.keys()]
  }
  setHeader(name: string, value: string): void {
    this.requestHeaders.set(name, [value])
  }
  removeHeader(name: string): void {
    this.requestHeaders.delete(name)
  }
  limitBody(maxBytes: number): void {
    this.bodyBytesMax = Math.min(this.bodyBytesMax, maxBytes)
  }
  setQuery(query: string): void {
    this.query = query
  }
  responseHeader(name: string): string | undefined {
    return this.responseHeaders.get(name)?.[0]
  }
  responseHeaderValues(name: string): readonly string[] {
    return this.responseHeaders.get(name) ?? []
  }
  responseHeaderNames(): readonly string[] {
    return [...this.responseHeaders.keys()]
  }
  setResponseHeader(name: string, value: string): void {
    this.responseHeaders.set(name, [value])
  }
  addResponseHeader(name: string, value: string): void {
    this.responseHeaders.set(name, [...(this.responseHeaders.get(name) ?? []), value])
  }
  removeResponseHeader(name: string): void {
    this.responseHeaders.delete(name)
  }
}

/** Ports whose clock stands still until `clock.ms` is moved; their hash only marks the text. */
export interface PortsInMemory extends Ports {
  readonly clock: { ms: number }
  /** Moves the clock and calls what `after` was told to call by then, in order. */
  pass(ms: number): void
  readonly logged: { level: string; code: string; fields: Record<string, unknown> | undefined }[]
  readonly finishedSpans: FinishedSpan[]
  /** How often each was counted, by name and labels as JSON. */
  readonly counted: Map<string, number>
}

/** What a test gives a policy of the world. */
export interface WorldInMemory {
  readonly clients?: Readonly<Record<string, Client>>
  readonly clientsById?: Readonly<Record<string, Client>>
  readonly destinations?: readonly string[]
  readonly rules?: Ports['rules']
  readonly document?: unknown
  readonly certificates?: readonly ApiCertificate[]
  readonly answer?: (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>
  readonly sharedStore?: Ports['sharedStore']
  readonly countOnNode?: Ports['countOnNode']
  readonly siblings?: Ports['siblings']
  readonly enterOnNode?: Ports['enterOnNode']
  readonly environment?: Readonly<Record<string, string>>
}

export function portsInMemory(
  clients: Record<string, Client> = {},
  world: WorldInMemory = {},
): PortsInMemory {
  const clock = { ms: 0 }
  const kept = new Map<string, unknown>()
  const timers = new Set<{ atMs: number; call: () => void }>()
  const logged: PortsInMemory['logged'] = []
  const counted = new Map<string, number>()
  const finishedSpans: FinishedSpan[] = []
  return {
    clock,
    logged,
    counted,
    finishedSpans,
    pass(ms) {
      const until = clock.ms + ms
      for (;;) {
        const due = [...timers].filter(({ atMs }) => atMs <= until).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        timers.delete(due)
        clock.ms = Math.max(clock.ms, due.atMs)
        due.call()
      }
      clock.ms = until
    },
    monotonicMs: () => clock.ms,
    nowMs: () => clock.ms,
    sha256: (text) => `hash:${text}`,
    clientByKeyHash: (hash) => clients[hash],
    clientById: (id) => new Map(Object.entries(world.clientsById ?? {})).get(id),
    state: <T>(key: string, create: () => T): T => {
      if (!kept.has(key)) kept.set(key, create())
      // The key stands for one type by the contract of Ports.state.
      return kept.get(key) as T
    },
    after(ms, call) {
      const timer = { atMs: clock.ms + ms, call }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async request(request) {
      if (world.answer === undefined) throw new Error(`nothing answers at ${request.url}`)
      return world.answer(request)
    },
    sharedStore: world.sharedStore,
    countOnNode: world.countOnNode,
    siblings: world.siblings,
    enterOnNode: world.enterOnNode,
    spans: (span) => finishedSpans.push(span),
    environment: (name) => world.environment?.[name],
    destination: (name) => (world.destinations?.includes(name) ? { name } : undefined),
    api: {
      id: 'api:orders',
      name: 'orders',
      version: 'v1',
      basePath: '/orders',
      document: world.document,
      certificates: world.certificates ?? [],
    },
    rules: world.rules ?? [],
    log: (level, code, fields) => logged.push({ level, code, fields }),
    count(name, labels) {
      const key = JSON.stringify([name, labels ?? {}])
      counted.set(key, (counted.get(key) ?? 0) + 1)
    },
  }
}
