import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { liveSocketPath, runtimeSocketPath } from '#contract/events.ts'

type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Lets nothing upgrade but the hub's own paths and, where given, what `take` serves. An upgrade whose target is a
 * whole URL could otherwise be proxied to wherever it points (CVE-2026-44578).
 */
export function guardUpgrades(server: Server, also?: { prefix: string; take: TakeUpgrade }): void {
  server.on('upgrade', (request, socket, head) => {
    const target = request.url ?? ''
    if ([runtimeSocketPath, liveSocketPath].some((path) => target.startsWith(`${path}/`))) return
    if (also && target.startsWith(also.prefix)) return also.take(request, socket, head)
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
}
