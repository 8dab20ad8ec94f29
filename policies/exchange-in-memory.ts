import type { Ports } from './definition.ts'
import type { Client, Exchange } from './exchange.ts'

type Headers = Record<string, string | readonly string[]>

function headerMap(headers: Headers): Map<string, string[]> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()]))
}

/** An exchange without a network, to try policies on. */
export class ExchangeInMemory implements Exchange {
  readonly requestId = 'req-1'
  readonly method: string
  readonly path = '/orders'
  readonly host = 'api.example'
  readonly remoteAddress: string
  readonly secure = false
  query: string
  client: Client | undefined
  status = 200
  readonly requestHeaders: Map<string, string[]>
  readonly responseHeaders: Map<string, string[]>

  constructor(given: {
    method?: string
    query?: string
    headers?: Headers
    responseHeaders?: Headers
    remoteAddress?: string
    client?: Client
  }) {
    this.method = given.method ?? 'GET'
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
  setHeader(name: string, value: string): void {
    this.requestHeaders.set(name, [value])
  }
  removeHeader(name: string): void {
    this.requestHeaders.delete(name)
  }
  setQuery(query: string): void {
    this.query = query
  }
  responseHeader(name: string): string | undefined {
    return this.responseHeaders.get(name)?.[0]
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

/** Ports whose clock stands still until `clock.ms` is moved; its hash only marks the text. */
export function portsInMemory(clients: Record<string, Client> = {}): Ports & { clock: { ms: number } } {
  const clock = { ms: 0 }
  const kept = new Map<string, unknown>()
  return {
    clock,
    monotonicMs: () => clock.ms,
    nowMs: () => clock.ms,
    sha256: (text) => `hash:${text}`,
    clientByKeyHash: (hash) => clients[hash],
    state: <T>(key: string, create: () => T): T => {
      if (!kept.has(key)) kept.set(key, create())
      // The key stands for one type by the contract of Ports.state.
      return kept.get(key) as T
    },
  }
}
