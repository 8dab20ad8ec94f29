import type { X509Certificate } from 'node:crypto'
import { connect as connectPlain, isIPv6, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type ProbeReport, probeMsMax } from '#domain/probe.ts'
import { handshakeFailure } from './tls/results.ts'
import { openingResults } from '#domain/gateway-codes.ts'
import { chainOf, leafOf } from './tls/shown-chain.ts'

/** One of the node's own open ports. */
export interface OwnListener {
  readonly protocol: 'http' | 'https'
  readonly address: string
  readonly port: number
  readonly proxyProtocol: boolean
}

const here: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
// The connection is the prober's own: nobody stands behind it.
const ownProxyHeader = 'PROXY UNKNOWN\r\n'

/** Connects to an own port as a client without a certificate does, and says what it shows. Speaks no HTTP. */
export function probeOwnListener(
  listener: OwnListener,
  serverName: string | undefined,
): Promise<ProbeReport> {
  return new Promise((resolve) => begin(listener, serverName, resolve))
}

function begin(
  listener: OwnListener,
  serverName: string | undefined,
  resolve: (report: ProbeReport) => void,
): void {
  const address = here[listener.address] ?? listener.address
  const host = isIPv6(address) ? `[${address}]` : address
  const raw = connectPlain({ host: address, port: listener.port })
  const startMs = performance.now()
  let connectedMs: number | null = null
  const since = (from: number) => Math.round((performance.now() - from) * 10) / 10
  const end = (said: Pick<ProbeReport, 'outcome' | 'detail'> & Partial<ProbeReport>, socket?: TLSSocket) => {
    clearTimeout(timer)
    resolve({
      url: `${listener.protocol}://${host}:${listener.port}`,
      address,
      failedAt: null,
      code: null,
      resolveMs: null,
      connectMs: connectedMs === null ? null : Math.round((connectedMs - startMs) * 10) / 10,
      tlsMs: socket !== undefined && connectedMs !== null ? since(connectedMs) : null,
      tls: socket === undefined ? null : factsOf(socket, serverName),
      chain: [],
      ...said,
    })
    raw.destroy()
  }
  const timer = setTimeout(() => {
    const failedAt = connectedMs === null ? 'connect' : 'tls'
    const detail = `It did not answer within ${probeMsMax / 1_000} s.`
    end({ outcome: 'failed', failedAt, code: 'timeout', detail })
  }, probeMsMax)
  raw.on('error', (error: NodeJS.ErrnoException) => {
    if (connectedMs !== null) return
    const detail = `Its own port does not accept (${error.code ?? error.message}).`
    end({ outcome: 'failed', failedAt: 'connect', code: 'upstream_unreachable', detail })
  })
  raw.once('connect', () => {
    connectedMs = performance.now()
    if (listener.proxyProtocol) raw.write(ownProxyHeader)
    if (listener.protocol === 'http')
      return end({ outcome: 'ok', detail: 'It accepts connections, without TLS.' })
    handshake(raw, serverName, end)
  })
}

function handshake(
  raw: Socket,
  serverName: string | undefined,
  end: (said: Pick<ProbeReport, 'outcome' | 'detail'> & Partial<ProbeReport>, socket?: TLSSocket) => void,
): void {
  const socket = connectTls({
    socket: raw,
    // Whose CAs its clients trust only its clients know, so what is shown is told and not judged by any.
    rejectUnauthorized: false,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  socket.once('secureConnect', () => {
    const leaf = leafOf(socket)
    const chain = chainOf(leaf)
    const wrong = wrongWith(leaf, serverName)
    if (wrong === null) return end({ outcome: 'ok', detail: 'The handshake completes.', chain }, socket)
    end({ outcome: 'failed', failedAt: 'tls', ...wrong, chain }, socket)
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const code =
      error.code === 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' ? 'unrecognized_name' : handshakeFailure(error)
    const words = Object.entries(openingResults).find(([known]) => known === code)?.[1] ?? error.message
    end({ outcome: 'failed', failedAt: 'tls', code, detail: `${words}.` })
  })
}

function factsOf(socket: TLSSocket, serverName: string | undefined): NonNullable<ProbeReport['tls']> {
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || null,
    serverName: serverName ?? null,
    verified: null,
    ownSubject: null,
  }
}

/** What every client would find wrong, whatever it trusts. */
function wrongWith(
  leaf: X509Certificate | undefined,
  serverName: string | undefined,
): { code: string; detail: string } | null {
  if (leaf === undefined) return { code: 'no_certificate', detail: 'It shows no certificate.' }
  const now = Date.now()
  if (leaf.validToDate.getTime() < now)
    return { code: 'CERT_HAS_EXPIRED', detail: 'Its certificate has expired.' }
  if (leaf.validFromDate.getTime() > now)
    return { code: 'CERT_NOT_YET_VALID', detail: 'Its certificate is not valid yet.' }
  if (serverName !== undefined && leaf.checkHost(serverName, { subject: 'never' }) === undefined)
    return { code: 'name_mismatch', detail: `Its certificate is not for ${serverName}.` }
  return null
}
