import { isIP } from 'node:net'
import { upstreamUrlFault } from '#domain/address.ts'
import type { Balanced } from './balance.ts'

const AVOID_MS = 5_000

/** One address of an upstream, read once from its URL, with the connections to it that wait for work. */
export class Endpoint<Connection = unknown> implements Balanced {
  readonly name: string
  /** Its share of the requests. */
  readonly weight: number
  readonly host: string
  readonly port: number
  readonly isAddress: boolean
  readonly isSecure: boolean
  /** For the Host header. */
  readonly authority: string
  /** The Host line. */
  readonly hostLine: string
  /** In front of every path; empty for the root, never with a slash at its end. */
  readonly basePath: string
  /** Connections that wait for an exchange, the last one used last. */
  readonly idle: Connection[] = []
  /** All connections to it. */
  open = 0
  /** What its health checks say. */
  isHealthy = true
  private avoidedUntilMs = 0

  /** Throws an Error that says what is wrong with the URL. */
  constructor(url: string, weight = 1) {
    const fault = upstreamUrlFault(url)
    if (fault !== null) throw new Error(fault)
    const parsed = new URL(url)
    this.name = url
    this.weight = weight
    this.isSecure = parsed.protocol === 'https:'
    this.host = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname
    this.port = parsed.port === '' ? (this.isSecure ? 443 : 80) : Number(parsed.port)
    this.isAddress = isIP(this.host) !== 0
    this.authority = parsed.host
    this.hostLine = `Host: ${parsed.host}\r\n`
    this.basePath = parsed.pathname.replace(/\/+$/, '')
  }

  get active(): number {
    return this.open - this.idle.length
  }

  /** Passes this endpoint over for a while: it could not be connected to. */
  avoid(nowMs: number): void {
    this.avoidedUntilMs = nowMs + AVOID_MS
  }

  connected(): void {
    this.avoidedUntilMs = 0
  }

  isAvoided(nowMs: number): boolean {
    return this.avoidedUntilMs > nowMs
  }
}
