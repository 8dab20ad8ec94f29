import { createServer, type Socket } from 'node:net'

/** An open port. */
export interface Listening {
  readonly port: number
  /** Stops accepting; connections that are open live on. */
  close(): Promise<void>
}

const BACKLOG = 4_096

/** Opens a port; rejects where it cannot be opened. */
export function openListener(
  where: { address: string; port: number; reusePort?: boolean },
  accept: (socket: Socket) => void,
): Promise<Listening> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(
      { host: where.address, port: where.port, backlog: BACKLOG, reusePort: where.reusePort ?? false },
      () => {
        server.off('error', reject)
        // Failing to accept one connection (no file descriptor left, say) is no reason to stop accepting.
        server.on('error', () => undefined)
        const bound = server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : where.port
        resolve({ port, close: () => stopAccepting(server) })
      },
    )
  })
}

// The close callback waits for the last connection, which is not this promise's business.
function stopAccepting(server: ReturnType<typeof createServer>): Promise<void> {
  server.close()
  return Promise.resolve()
}
