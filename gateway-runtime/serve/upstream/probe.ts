import { X509Certificate } from 'node:crypto'
import { connect, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { gatewayCodes } from '#domain/gateway-codes.ts'
import { type ProbeReport, type ProbeStage, probeMsMax } from '#domain/probe.ts'
import { chainOf, leafOf } from '../tls/shown-chain.ts'
import { isForbiddenAddress, ownFault } from './addresses.ts'
import type { Endpoint } from './endpoint.ts'
import { classified, faultText, type OutboundContext } from './tls.ts'

/** What a probe takes of the pool whose requests it stands for. */
export interface Probing {
  readonly tls: OutboundContext | null
  readonly lookup: LookupFunction
  readonly allowLoopback: boolean
}

// With TLS 1.3 a server says after the handshake that it does not take a certificate, and with a ticket that it does.
const lateAlertMs = 400

type FailureCode = keyof typeof gatewayCodes

/** Connects to an endpoint as a request would, speaks no HTTP, and says what came of it. */
export class EndpointProbe {
  private readonly endpoint: Endpoint<unknown>
  private readonly with: Probing
  private readonly startMs = performance.now()
  private readonly done: (report: ProbeReport) => void
  private stage: ProbeStage = 'resolve'
  private stageStartMs = this.startMs
  private readonly took: Record<ProbeStage, number | null> = { resolve: null, connect: null, tls: null }
  private address: string | null = null
  private socket: Socket | undefined
  private identityFault: Error | undefined
  private readonly timer: NodeJS.Timeout

  static run(endpoint: Endpoint<unknown>, probing: Probing): Promise<ProbeReport> {
    return new Promise((resolve) => new EndpointProbe(endpoint, probing, resolve).begin())
  }

  private constructor(endpoint: Endpoint<unknown>, probing: Probing, done: (report: ProbeReport) => void) {
    this.endpoint = endpoint
    this.with = probing
    this.done = done
    this.timer = setTimeout(() => this.outOfTime(), probeMsMax)
  }

  private begin(): void {
    const { host, isAddress, isSecure } = this.endpoint
    // A literal address is connected to without a lookup, so it is looked at here.
    if (isAddress && isForbiddenAddress(host, this.with.allowLoopback))
      return this.fail('upstream_forbidden_address')
    const socket = isSecure ? this.openTls() : connect(this.socketOptions())
    this.socket = socket
    if (isAddress) this.next('connect')
    socket.once('lookup', (error) => {
      if (error === null) this.next('connect')
    })
    socket.once('connect', () => this.connected(socket))
    socket.once('error', (error) => this.failed(error))
    socket.once('close', () => this.failed(null))
  }

  private socketOptions(): TcpNetConnectOpts {
    const { host, port } = this.endpoint
    return { host, port, lookup: this.with.lookup }
  }

  private openTls(): TLSSocket {
    const { tls } = this.with
    if (tls === null) throw new Error('an endpoint with https needs a TLS context')
    const { checkServerIdentity, ...options }: ConnectionOptions = tls.probeOptionsFor(this.endpoint.host)
    const socket = connectTls({
      ...this.socketOptions(),
      ...options,
      // What does not verify is shown all the same, and called so: no byte of a request is sent here.
      rejectUnauthorized: false,
      checkServerIdentity: (host, peer) => (this.identityFault = checkServerIdentity?.(host, peer)),
    })
    socket.once('secureConnect', () => this.secured(socket))
    return socket
  }

  private connected(socket: Socket): void {
    this.address = socket.remoteAddress ?? null
    this.next('tls')
    if (!this.endpoint.isSecure) this.end({ outcome: 'ok', detail: 'It accepts connections, without TLS.' })
  }

  private secured(socket: TLSSocket): void {
    this.took.tls = this.sinceStage()
    const fault = this.peerFault(socket)
    if (fault !== null && this.with.tls?.verifies !== false) {
      const code = classified(fault)
      return this.end({ outcome: 'failed', failedAt: 'tls', code, detail: detailOf(code, fault) }, socket)
    }
    const settle = () => this.end({ outcome: 'ok', detail: wellText(fault) }, socket)
    if (socket.getProtocol() !== 'TLSv1.3') return settle()
    const late = setTimeout(settle, lateAlertMs)
    socket.once('session', settle)
    socket.once('close', () => clearTimeout(late))
    socket.resume()
  }

  private peerFault(socket: TLSSocket): NodeJS.ErrnoException | null {
    if (socket.authorized) return null
    if (this.identityFault !== undefined) return this.identityFault
    const code = String(socket.authorizationError)
    return Object.assign(new Error(code), { code })
  }

  private failed(error: NodeJS.ErrnoException | null): void {
    if (this.stage === 'tls') {
      const code = classified(error)
      return this.fail(code, detailOf(code, error))
    }
    const code = (error === null ? null : ownFault(error)) ?? 'upstream_unreachable'
    this.fail(code, error === null || code !== 'upstream_unreachable' ? undefined : unreachable(error))
  }

  private outOfTime(): void {
    const words = { resolve: 'Its name was not found', connect: 'It did not accept', tls: 'It did not agree' }
    const detail = `${words[this.stage]} within ${probeMsMax / 1_000} s.`
    this.fail(this.stage === 'tls' ? 'upstream_tls_handshake' : 'upstream_connect_timeout', detail)
  }

  private fail(code: FailureCode, detail = `${gatewayCodes[code]}.`): void {
    this.end({ outcome: 'failed', failedAt: this.stage, code, detail })
  }

  private end(
    said: Pick<ProbeReport, 'outcome' | 'detail'> & Partial<ProbeReport>,
    socket?: TLSSocket,
  ): void {
    clearTimeout(this.timer)
    const { resolve: resolveMs, connect: connectMs, tls: tlsMs } = this.took
    const report = {
      url: this.endpoint.name,
      address: this.address,
      failedAt: null,
      code: null,
      ...{ resolveMs, connectMs, tlsMs },
      tls: socket === undefined ? null : this.tlsFacts(socket),
      chain: socket === undefined ? [] : chainOf(leafOf(socket)),
      ...said,
    }
    this.socket?.on('error', () => undefined)
    this.socket?.destroy()
    this.done(report)
  }

  private tlsFacts(socket: TLSSocket): NonNullable<ProbeReport['tls']> {
    const own = socket.getX509Certificate()
    return {
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().standardName,
      alpn: socket.alpnProtocol || null,
      serverName:
        typeof socket.servername === 'string' && socket.servername !== '' ? socket.servername : null,
      verified: socket.authorized,
      ownSubject: own === undefined ? null : subjectOf(own),
    }
  }

  private next(stage: ProbeStage): void {
    this.took[this.stage] = this.sinceStage()
    this.stage = stage
    this.stageStartMs = performance.now()
  }

  private sinceStage(): number {
    return Math.round((performance.now() - this.stageStartMs) * 10) / 10
  }
}

function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.replaceAll('\n', ', ')
}

function wellText(fault: Error | null): string {
  return fault === null
    ? 'The handshake completes, and what is shown verifies.'
    : `The handshake completes, and any certificate is taken there: this one would not verify (${fault.message}).`
}

function detailOf(code: FailureCode, error: NodeJS.ErrnoException | null): string {
  return `${gatewayCodes[code]}: ${faultText(error)}.`
}

function unreachable(error: NodeJS.ErrnoException): string {
  // With several addresses, Node hands back one error for all of them.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const code = first instanceof Error && 'code' in first ? String(first.code) : first
  return `${gatewayCodes.upstream_unreachable} (${String(code)}).`
}
